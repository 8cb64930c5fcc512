"""Settings of the site of the tutorial, and of the process that makes its ticks."""

import os
from typing import Any, Final

import django
from django.conf import settings

CONNECTIONS: Final = 10_000
"""To Redis at most. With redis-py's own limit of 100 most readers fail when many join at once."""


def set_up() -> None:
    """Configure Django as the tutorial does: Channels and a layer, nothing of the project."""
    layer: dict[str, Any] = {"BACKEND": os.environ["PEER_LAYER"]}
    if (redis := os.environ.get("PEER_REDIS")) is not None:
        layer["CONFIG"] = {"hosts": [{"address": redis, "max_connections": CONNECTIONS}]}
    settings.configure(
        ALLOWED_HOSTS=["*"],
        CHANNEL_LAYERS={"default": layer},
        INSTALLED_APPS=["daphne", "channels"],
        SECRET_KEY="of a benchmark",
    )
    django.setup()


def group_of(symbol: str) -> str:
    """Return the group of a symbol."""
    return f"ticks_{symbol}"
