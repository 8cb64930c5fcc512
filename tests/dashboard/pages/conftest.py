"""What tests of pages share: a browser in which a person is signed in."""

import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def browser(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client
