"""Tells the hub whose rows have changed.

Must not know which rows.
"""

from django.db import transaction

from feeds.bus import control


def poke_on_commit(user_ids: list[int]) -> None:
    """Poke the connections of these users once the transaction commits."""
    transaction.on_commit(lambda: control.poke_people(user_ids))
