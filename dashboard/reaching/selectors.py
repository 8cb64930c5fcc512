"""Reads of where a person's notifications go, and of what was sent there.

Must not write.
"""

from typing import Final, NamedTuple

from django.contrib.auth.models import User

from dashboard.models import Destination, Dispatch

LOG_LINES: Final = 20


class Reached(NamedTuple):
    """A destination with its last dispatches, the newest first."""

    destination: Destination
    log: list[Dispatch]


def destinations_of(user: User, kind: str) -> list[Reached]:
    """Return a person's destinations of a kind, the oldest first."""
    rows = Destination.objects.filter(user=user, kind=kind)
    return [Reached(row, _log_of(row)) for row in rows]


def _log_of(row: Destination) -> list[Dispatch]:
    return list(row.dispatches.select_related("notification")[:LOG_LINES])
