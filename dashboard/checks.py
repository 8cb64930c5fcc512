"""System checks: ways to run the project that cannot work, each with its cure.

Must not know how anything is run. Django runs them before most commands.
"""

from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error

TAG: Final = "market"
"""Commands that start the site run only these checks. Django's own look at the code and take a
tenth of the start; manage.py check and doctor run all."""
PROCESS_LAYERS: Final = {"channels.layers.InMemoryChannelLayer"}
"""Channel layers whose messages stay inside one process."""


def check_processes(**options: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Return errors for several processes that could not reach each other."""
    found: list[CheckMessage] = []
    is_shared = bool(settings.MARKET_REDIS_URL)
    if settings.MARKET_WEB_PROCESSES > 1 and not is_shared:
        found.append(
            Error(
                f"{settings.MARKET_WEB_PROCESSES} web processes would run as many markets.",
                hint="Set REDIS_URL and start manage.py runfeed, or unset WEB_CONCURRENCY.",
                id="market.E001",
            )
        )
    if is_shared and settings.CHANNEL_LAYERS["default"]["BACKEND"] in PROCESS_LAYERS:
        found.append(
            Error(
                "REDIS_URL is set, but the channel layer reaches no other process.",
                hint="Use channels_redis.pubsub.RedisPubSubChannelLayer in CHANNEL_LAYERS.",
                id="market.E002",
            )
        )
    return found
