"""Rows that belong to one person, made and read in one line."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from dashboard.personal.notifications import send_notification
from dashboard.personal.selectors import personal_of
from feeds.models import Feed, Instrument


def list_instruments(feed: Feed, symbols: Iterable[str]) -> None:
    """List instruments of the sector Energy, each called like its symbol."""
    Instrument.objects.bulk_create(
        Instrument(
            feed=feed, symbol=symbol, name=symbol, sector="Energy", reference_price=Decimal(10)
        )
        for symbol in symbols
    )


def symbols_of(user: User) -> list[str]:
    """Return the symbols of a user's first list."""
    return list(personal_of([user.pk])[user.pk].watchlist)


def notify(recipients: QuerySet[User] | None = None, **options: Any) -> int:
    """Send a notification, to everybody unless recipients are given; return to how many."""
    values = {"title": "Maintenance", "body": "at noon", "level": "info", "actor": None} | options
    everybody = User.objects.all() if recipients is None else recipients
    return send_notification(recipients=everybody, **values)
