"""Every change of the sections of a watchlist; the browsers of its owner hear of it on commit.

A section is its title and the symbols up to the next title. Symbols before the first title are in
none. The only writer of titles, but for a list that is made of a text.
Must not know requests, forms or sockets.
"""

from collections.abc import Sequence

from django.contrib.auth.models import User

from dashboard.exceptions import UnknownSection, WatchlistRefused
from dashboard.models import WatchlistEntry
from dashboard.personal.poke import poke_on_commit
from dashboard.personal.watchlist_lines import SECTION_LIMIT, changing, write_lines

Lines = list[WatchlistEntry]


def add_section(user: User, name: str, *, above: str = "", list_id: int | None = None) -> None:
    """Put the title of a section above a symbol; at the end without one that is on the list.

    Raises:
        UnknownWatchlist: the user has no list with this id.
        WatchlistRefused: the list has a section of this name, or as many as a list may have.
    """
    with changing(user, list_id) as watchlist:
        lines = list(watchlist.entries.select_related("instrument"))
        _refuse_used_title(lines, name)
        if sum(bool(line.section) for line in lines) >= SECTION_LIMIT:
            raise WatchlistRefused(f"a list may have {SECTION_LIMIT} sections")
        at = [place for place, line in enumerate(lines) if above and _symbol_of(line) == above]
        lines.insert(at[0] if at else len(lines), WatchlistEntry(watchlist=watchlist, section=name))
        write_lines(lines)
        poke_on_commit([user.pk])


def rename_section(user: User, name: str, new: str, *, list_id: int | None = None) -> None:
    """Give a section another name.

    Raises:
        UnknownSection: the list has no section of this name.
        UnknownWatchlist: the user has no list with this id.
        WatchlistRefused: another section of the list has the new name.
    """
    with changing(user, list_id) as watchlist:
        lines = list(watchlist.entries.all())
        title = _title(lines, name)
        _refuse_used_title([line for line in lines if line is not title], new)
        title.section = new
        title.save(update_fields=["section"])
        poke_on_commit([user.pk])


def move_section(
    user: User,
    name: str,
    place: int | None = None,
    *,
    above: str = "",
    list_id: int | None = None,
) -> None:
    """Put a section with its symbols where `place` other sections of the list stand before it.

    Without a place it goes above another section, or to the end if `above` names none.

    Raises:
        UnknownSection: the list has no section of this name, or none that is called `above`.
        UnknownWatchlist: the user has no list with this id.
    """
    with changing(user, list_id) as watchlist:
        lines = list(watchlist.entries.all())
        for title in filter(None, (name, above)):
            _title(lines, title)
        if name == above:
            return
        head, *sections = _split(lines)
        moved = [section for section in sections if section[0].section == name]
        others = [section for section in sections if section[0].section != name]
        if place is None:
            titles = [section[0].section for section in others]
            place = titles.index(above) if above else len(titles)
        parts = [head, *others[:place], *moved, *others[place:]]
        write_lines([line for part in parts for line in part])
        poke_on_commit([user.pk])


def remove_section(user: User, name: str, *, list_id: int | None = None) -> None:
    """Remove the title of a section; its symbols stay, in the section before it.

    A section that is not there is not removed: another window may have done it meanwhile.

    Raises:
        UnknownWatchlist: the user has no list with this id.
    """
    with changing(user, list_id) as watchlist:
        if watchlist.entries.filter(section=name).exclude(section="").delete()[0]:
            poke_on_commit([user.pk])


def _split(lines: Sequence[WatchlistEntry]) -> list[Lines]:
    """Return the lines before the first title, then those of each section, its title first."""
    parts: list[Lines] = [[]]
    for line in lines:
        if line.section:
            parts.append([])
        parts[-1].append(line)
    return parts


def _title(lines: Sequence[WatchlistEntry], name: str) -> WatchlistEntry:
    for line in lines:
        if line.section and line.section == name:
            return line
    raise UnknownSection("this list has no such section")


def _refuse_used_title(lines: Sequence[WatchlistEntry], name: str) -> None:
    if any(line.section == name for line in lines):
        raise WatchlistRefused(f"this list has a section called {name!r}")


def _symbol_of(line: WatchlistEntry) -> str:
    return "" if line.instrument is None else line.instrument.symbol
