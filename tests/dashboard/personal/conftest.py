"""A market of 28 instruments."""

import pytest

from feeds.models import Feed
from tests.support.personal_rows import list_instruments


@pytest.fixture
def market():
    """List 28 instruments A00 to A27."""
    feed = Feed.objects.create(slug="demo", name="Demo Exchange")
    list_instruments(feed, (f"A{number:02}" for number in range(28)))
