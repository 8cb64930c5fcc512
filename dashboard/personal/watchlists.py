"""Changes of whole watchlists. After the commit the browsers of their owner hear of it.

Only the first list of a person is made elsewhere, by `watchlist_lines`. Must not know requests,
forms or sockets.
"""

import secrets
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max

from dashboard.exceptions import WatchlistRefused
from dashboard.models import Watchlist
from dashboard.personal.list_text import ListText
from dashboard.personal.poke import poke_on_commit
from dashboard.personal.watchlist_lines import Addition, changing, fill, lock_lists, watchlist_of

LISTS_LIMIT: Final = 20
"""Lists of one user."""
SHARE_KEY_BYTES: Final = 16


def create_watchlist(user: User, name: str, text: ListText | None = None) -> tuple[int, Addition]:
    """Make a list after the others, with the lines of a text if there is one.

    Returns its id, and what became of the symbols of the text.

    Raises:
        WatchlistRefused: the user has as many lists as a user may have, or a list of this name.
    """
    with transaction.atomic():
        watchlist_of(user)  # the first list stays, also where nobody changed it yet
        lock_lists(user)
        lists = Watchlist.objects.filter(user=user)
        if lists.count() >= LISTS_LIMIT:
            raise WatchlistRefused(f"you may have {LISTS_LIMIT} lists")
        _refuse_used_name(user, name)
        last = lists.aggregate(last=Max("rank"))["last"] or 0
        made = Watchlist.objects.create(user=user, name=name, rank=last + 1)
        addition = fill(user, made, text or ListText(()))
        poke_on_commit([user.pk])
        return made.pk, addition


def rename_watchlist(user: User, list_id: int | None, name: str) -> None:
    """Give a list another name.

    Raises:
        UnknownWatchlist: the user has no list with this id.
        WatchlistRefused: another list of the user has this name.
    """
    with changing(user, list_id) as watchlist:
        _refuse_used_name(user, name, except_for=watchlist.pk)
        watchlist.name = name
        watchlist.save(update_fields=["name"])
        poke_on_commit([user.pk])


def delete_watchlist(user: User, list_id: int | None) -> None:
    """Delete a list with its lines.

    Raises:
        UnknownWatchlist: the user has no list with this id.
        WatchlistRefused: it is the only one.
    """
    with changing(user, list_id) as watchlist:
        lock_lists(user)  # of two lists that two tabs delete at once, one has to stay
        if Watchlist.objects.filter(user=user).count() == 1:
            raise WatchlistRefused("this is your only list: one has to stay")
        watchlist.delete()
        poke_on_commit([user.pk])


def move_watchlist(user: User, list_id: int | None, place: int) -> None:
    """Put a list where `place` others stand before it.

    Raises:
        UnknownWatchlist: the user has no list with this id.
    """
    with changing(user, list_id) as watchlist:
        others = list(Watchlist.objects.filter(user=user).exclude(pk=watchlist.pk))
        others.insert(place, watchlist)
        for rank, each in enumerate(others):
            each.rank = rank
        Watchlist.objects.bulk_update(others, ["rank"])
        poke_on_commit([user.pk])


def share_watchlist(user: User, list_id: int | None) -> str:
    """Let everybody who knows the key that this returns see which symbols are on a list.

    Raises:
        UnknownWatchlist: the user has no list with this id.
    """
    with changing(user, list_id) as watchlist:
        if watchlist.share_key is None:
            watchlist.share_key = secrets.token_urlsafe(SHARE_KEY_BYTES)
            watchlist.save(update_fields=["share_key"])
            poke_on_commit([user.pk])
        return watchlist.share_key


def end_sharing(user: User, list_id: int | None) -> None:
    """Let the key of a list open nothing any more.

    Raises:
        UnknownWatchlist: the user has no list with this id.
    """
    with changing(user, list_id) as watchlist:
        watchlist.share_key = None
        watchlist.save(update_fields=["share_key"])
        poke_on_commit([user.pk])


def _refuse_used_name(user: User, name: str, *, except_for: int = 0) -> None:
    others = Watchlist.objects.filter(user=user, name__iexact=name).exclude(pk=except_for)
    if others.exists():
        raise WatchlistRefused(f"you have a list called {name!r}")
