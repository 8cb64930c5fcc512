"""The server and its pages say the same build, whoever asks."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.static_files.sources import current_build

LOGIN = "/accounts/login/"


@pytest.mark.django_db
def test_the_server_and_its_pages_say_the_same_build() -> None:
    """Also to those who are signed out: their page is open as well."""
    answer = Client().get("/version/")
    assert answer.json() == {"build": current_build()}
    assert "no-store" in answer["Cache-Control"]
    assert f'data-build="{current_build()}"' in Client().get(LOGIN).content.decode()
    known = Client()
    known.force_login(User.objects.create_user("ada"))
    assert f'data-build="{current_build()}"' in known.get("/developers/").content.decode()


@pytest.mark.django_db
def test_only_get_asks() -> None:
    assert Client().post("/version/").status_code == 405
