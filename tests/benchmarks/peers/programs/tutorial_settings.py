"""Settings of the site of the tutorial, and of the process that makes its ticks."""

import os

import django
from django.conf import settings


def set_up() -> None:
    """Configure Django as the tutorial does: Channels and a layer, nothing of the project."""
    redis = os.environ.get("PEER_REDIS")
    layer = {"BACKEND": os.environ["PEER_LAYER"]}
    settings.configure(
        ALLOWED_HOSTS=["*"],
        CHANNEL_LAYERS={"default": layer | ({"CONFIG": {"hosts": [redis]}} if redis else {})},
        INSTALLED_APPS=["daphne", "channels"],
        SECRET_KEY="of a benchmark",
    )
    django.setup()


def group_of(symbol: str) -> str:
    """Return the group of a symbol."""
    return f"ticks_{symbol}"
