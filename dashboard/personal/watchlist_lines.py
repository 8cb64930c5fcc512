"""Changes of the symbols on a watchlist. After the commit the browsers of its owner hear of it.

`sections` changes the titles between the symbols, and writes the lines through this module. Must
not know requests, forms or sockets.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction

from dashboard.exceptions import (
    UnknownSymbol,
    UnknownWatchlist,
    WatchlistFull,
)
from dashboard.models import Watchlist, WatchlistEntry
from dashboard.people.selectors import access_of, visible_instruments
from dashboard.personal.list_text import ListText
from dashboard.personal.poke import poke_on_commit
from dashboard.personal.selectors import FIRST_NAME, default_instruments
from feeds.market.symbols import LONGEST_SYMBOL
from feeds.models import Instrument

WATCHLIST_LIMIT: Final = 200
"""Symbols on one list."""
SECTION_LIMIT: Final = 50
"""Titles on one list."""
NAME_LENGTH: Final = 40
NAMES_SHOWN: Final = 5
"""Unknown symbols that a text names; of the others it gives the number."""


@dataclass(frozen=True)
class Addition:
    """What became of the symbols that somebody wanted to add."""

    added: tuple[str, ...]
    unknown: tuple[str, ...]
    left_out: tuple[str, ...]
    """Those for which the list had no room."""

    def text(self) -> str:
        """Say what was not added and why, "" if everything was."""
        room = f"A watchlist holds {WATCHLIST_LIMIT} symbols: {len(self.left_out)} did not fit."
        parts = [room if self.left_out else "", _unknown_text(self.unknown) if self.unknown else ""]
        rest = " ".join(part[0].upper() + part[1:] for part in parts if part)
        return f"Added {len(self.added)}. {rest}" if rest else ""


def watchlist_of(user: User, list_id: int | None = None) -> Watchlist:
    """Return a list of a user, the first without an id; the first use makes it with the default
    symbols.

    Raises:
        UnknownWatchlist: the user has no list with this id.
    """
    lists = Watchlist.objects.filter(user=user)
    if list_id:
        lists = lists.filter(pk=list_id)
    if present := lists.first():
        return present
    if list_id:
        raise UnknownWatchlist("you have no such list")
    return _make_first_list(user)


@contextmanager
def changing(user: User, list_id: int | None) -> Iterator[Watchlist]:
    """Lock a list of a user for a change."""
    with transaction.atomic():
        watchlist = watchlist_of(user, list_id)
        # Locked before it is read: two tabs may add at once, and both count the room.
        yield Watchlist.objects.select_for_update().get(pk=watchlist.pk)


def add_to_watchlist(
    user: User, *symbols: str, place: int | None = None, list_id: int | None = None
) -> Addition:
    """Put symbols into a list, in their order, but for those that are there already.

    `place` is how many lines stand before them, titles of sections too; None puts them at the end.
    Where some can be added and others not, the answer says so.

    Raises:
        UnknownSymbol: no instrument that the user may see has any of these symbols.
        UnknownWatchlist: the user has no list with this id.
        WatchlistFull: there are new symbols, and no room for any.
    """
    with changing(user, list_id) as watchlist:
        known = _known(user, symbols)
        unknown = tuple(symbol for symbol in dict.fromkeys(symbols) if symbol not in known)
        if not known:
            raise UnknownSymbol(_unknown_text(unknown))
        lines = list(watchlist.entries.all())
        listed = {line.instrument_id for line in lines}
        new = [instrument for instrument in known.values() if instrument.pk not in listed]
        room = max(0, WATCHLIST_LIMIT - len(listed - {None}))
        if new and not room:
            raise WatchlistFull(f"a watchlist holds {WATCHLIST_LIMIT} symbols")
        at = len(lines) if place is None else place
        added = [WatchlistEntry(watchlist=watchlist, instrument=each) for each in new[:room]]
        if added:
            write_lines(lines[:at] + added + lines[at:])
            poke_on_commit([user.pk])
        return Addition(_symbols(new[:room]), unknown, _symbols(new[room:]))


def remove_from_watchlist(user: User, symbol: str, *, list_id: int | None = None) -> int | None:
    """Take a symbol off a list; return how many lines stood before it, None if it was not there.

    Raises:
        UnknownWatchlist: the user has no list with this id.
    """
    with changing(user, list_id) as watchlist:
        entry = watchlist.entries.filter(instrument__symbol=symbol).first()
        if entry is None:
            return None
        place = watchlist.entries.filter(rank__lt=entry.rank).count()
        entry.delete()
        poke_on_commit([user.pk])
        return place


def move_in_watchlist(
    user: User,
    symbol: str,
    place: int | None = None,
    *,
    above: str = "",
    list_id: int | None = None,
) -> None:
    """Put a symbol where `place` other lines of the list stand before it, titles of sections too.

    Without a place it goes above another symbol, or to the end if `above` names none.
    A symbol that is not there is not moved: another window may have removed it meanwhile.

    Raises:
        UnknownSymbol: `above` is not on the list.
        UnknownWatchlist: the user has no list with this id.
    """
    with changing(user, list_id) as watchlist:
        lines = list(watchlist.entries.select_related("instrument"))
        places = {line.instrument.symbol: at for at, line in enumerate(lines) if line.instrument}
        if above and above not in places:
            raise UnknownSymbol(f"{above!r} is not on this list")
        if symbol not in places or symbol == above:
            return
        moved = lines.pop(places[symbol])
        if place is None:
            place = next((at for at, line in enumerate(lines) if _is_of(line, above)), len(lines))
        lines.insert(place, moved)
        write_lines(lines)
        poke_on_commit([user.pk])


def _is_of(line: WatchlistEntry, symbol: str) -> bool:
    return line.instrument is not None and line.instrument.symbol == symbol


def fill(user: User, watchlist: Watchlist, text: ListText) -> Addition:
    """Write the lines of a text into an empty list, each once and as far as there is room."""
    known = _known(user, text.symbols)
    fitting = dict(list(known.items())[:WATCHLIST_LIMIT])
    titles: set[str] = set()
    written: list[WatchlistEntry] = []
    for line in dict.fromkeys(text.lines):
        title = line.section[:NAME_LENGTH]
        if line.symbol in fitting:
            written.append(WatchlistEntry(watchlist=watchlist, instrument=fitting[line.symbol]))
        elif title and title not in titles and len(titles) < SECTION_LIMIT:
            titles.add(title)
            written.append(WatchlistEntry(watchlist=watchlist, section=title))
    write_lines(written)
    unknown = tuple(symbol for symbol in text.symbols if symbol not in known)
    return Addition(tuple(fitting), unknown, tuple(known)[len(fitting) :])


def _make_first_list(user: User) -> Watchlist:
    with transaction.atomic():
        lock_lists(user)  # two edits at once may both find no list, and only one may make it
        if present := Watchlist.objects.filter(user=user).first():
            return present
        made = Watchlist.objects.create(user=user, name=FIRST_NAME)
        instruments = default_instruments(access_of([user.pk])[user.pk])
        write_lines([WatchlistEntry(watchlist=made, instrument=each) for each in instruments])
        return made


def lock_lists(user: User) -> None:
    """Lock the lists of a user: others who make or delete one wait until this transaction ends."""
    User.objects.select_for_update().get(pk=user.pk)


def write_lines(lines: Sequence[WatchlistEntry]) -> None:
    """Write the lines of a list in this order: new ones are added, those that moved are changed."""
    moved = [line for rank, line in enumerate(lines) if line.pk and line.rank != rank]
    for rank, line in enumerate(lines):
        line.rank = rank
    WatchlistEntry.objects.bulk_update(moved, ["rank"])
    WatchlistEntry.objects.bulk_create(line for line in lines if not line.pk)


def _known(user: User, symbols: Sequence[str]) -> dict[str, Instrument]:
    """Return the instruments that the user may see, in the order of the symbols."""
    seen = visible_instruments(access_of([user.pk])[user.pk])
    found = {instrument.symbol: instrument for instrument in seen.filter(symbol__in=set(symbols))}
    # The database returns them in its own order; the list keeps that of the person.
    return {symbol: found[symbol] for symbol in dict.fromkeys(symbols) if symbol in found}


def _symbols(instruments: Sequence[Instrument]) -> tuple[str, ...]:
    return tuple(instrument.symbol for instrument in instruments)


def _unknown_text(symbols: Sequence[str]) -> str:
    names = ", ".join(repr(symbol[:LONGEST_SYMBOL]) for symbol in symbols[:NAMES_SHOWN])
    more = len(symbols) - NAMES_SHOWN
    return f"no instrument is called {names}" + (f", and {more} more" if more > 0 else "")
