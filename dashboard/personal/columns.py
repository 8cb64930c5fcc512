"""Which columns of the table of prices a person wants, and in which order.

The only writer of these rows. Must not know requests, forms or sockets.
"""

from collections.abc import Sequence
from typing import Final

from django.contrib.auth.models import User

from dashboard.models import ColumnChoice

COLUMNS: Final = (
    *("last", "change", "change_percent", "day"),
    *("bid", "ask", "volume", "high", "low"),
)
"""The usual columns in the usual order; their twin is static/js/screen/watchlist/columns.js."""


def choose_columns(user: User, columns: Sequence[str]) -> None:
    """Remember the columns that a person wants; none, or the usual ones, forgets the choice."""
    if tuple(columns) in ((), COLUMNS):
        ColumnChoice.objects.filter(user=user).delete()
        return
    ColumnChoice.objects.update_or_create(user=user, defaults={"columns": list(columns)})


def columns_of(user_id: int) -> tuple[str, ...]:
    """Return the columns that a person chose, none for the usual ones."""
    row = ColumnChoice.objects.filter(user=user_id).first()
    return () if row is None else tuple(row.columns)
