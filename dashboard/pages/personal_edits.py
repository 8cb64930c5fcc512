"""The changes that a person makes to their own lists and notifications, one address each.

Must not write rows (services do).
"""

from typing import Final

from django.contrib.auth.models import User
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from dashboard.pages.edit_answers import Done, checked, edit
from dashboard.pages.post_only import wants_json
from dashboard.personal import columns, sections, watchlist_lines, watchlists
from dashboard.personal.forms import (
    ColumnsForm,
    ListForm,
    ListNameForm,
    MoveForm,
    MoveListForm,
    MoveSectionForm,
    NewListForm,
    NewSectionForm,
    PreferenceForm,
    ReadForm,
    SectionForm,
    SectionNameForm,
    SymbolForm,
    SymbolsForm,
)
from dashboard.personal.list_text import read_list
from dashboard.personal.notifications import mark_notifications_read
from dashboard.personal.preferences import choose_preference

REMOVED: Final = "removed"
"""The key in the session of the symbol that a form removed, until a page has offered to undo it."""


def page_of(list_key: object) -> str:
    """Return the address of the page that shows a list."""
    return f"{reverse('dashboard')}?list={list_key}"


@edit
def watchlist_add(request: HttpRequest, user: User, sent: QueryDict) -> Done:
    """Put one or more symbols on a list, after `place` others if that is sent.

    A script gets no text after an undo: its page shows by itself that the symbol is back.
    """
    wanted = checked(SymbolsForm(sent))
    symbols, place, list_id = wanted["symbol"], wanted["place"], wanted["list"]
    addition = watchlist_lines.add_to_watchlist(user, *symbols, place=place, list_id=list_id)
    text = addition.text()
    if not wanted["undo"] or text:
        return Done(text)
    names = ", ".join(symbols)
    if not addition.added:
        return Done(f"Nothing was undone: {names} is on the list already.")
    return Done("" if wants_json(request) else f"{names} is back on the list.")


@edit
def watchlist_remove(request: HttpRequest, user: User, sent: QueryDict) -> Done:
    """Take `symbol` off a list; the next page of a form offers to put it back."""
    wanted = checked(SymbolForm(sent))
    symbol, list_id = wanted["symbol"], wanted["list"]
    place = watchlist_lines.remove_from_watchlist(user, symbol, list_id=list_id)
    if wants_json(request):
        return Done()
    if place is None:
        return Done(f"{symbol} was not on the list.")
    request.session[REMOVED] = {"symbol": symbol, "place": place, "list": list_id or ""}
    return Done()


@edit
def watchlist_move(_: HttpRequest, user: User, sent: QueryDict) -> Done:
    """Put `symbol` where `place` other lines of its list stand before it, or `above` a symbol."""
    wanted = checked(MoveForm(sent))
    symbol, place, above = wanted["symbol"], wanted["place"], wanted["above"]
    watchlist_lines.move_in_watchlist(user, symbol, place, above=above, list_id=wanted["list"])
    return Done()


@edit
def section_add(_: HttpRequest, user: User, sent: QueryDict) -> Done:
    """Begin a section of a list: its title stands above the symbol `above`."""
    wanted = checked(NewSectionForm(sent))
    above, list_id = wanted["above"], wanted["list"]
    sections.add_section(user, wanted["name"], above=above, list_id=list_id)
    return Done()


@edit
def section_rename(_: HttpRequest, user: User, sent: QueryDict) -> Done:
    """Give `section` of a list another `name`."""
    wanted = checked(SectionNameForm(sent))
    sections.rename_section(user, wanted["section"], wanted["name"], list_id=wanted["list"])
    return Done()


@edit
def section_move(_: HttpRequest, user: User, sent: QueryDict) -> Done:
    """Put `section` with its symbols where `place` others stand before it, or `above` a section."""
    wanted = checked(MoveSectionForm(sent))
    section, place, above = wanted["section"], wanted["place"], wanted["above"]
    sections.move_section(user, section, place, above=above, list_id=wanted["list"])
    return Done()


@edit
def section_remove(_: HttpRequest, user: User, sent: QueryDict) -> Done:
    """Remove the title of `section` from a list; the symbols stay."""
    wanted = checked(SectionForm(sent))
    sections.remove_section(user, wanted["section"], list_id=wanted["list"])
    return Done()


@edit
def list_create(_: HttpRequest, user: User, sent: QueryDict) -> Done:
    """Make a list with a name, and with the lines of `text` if that is sent."""
    wanted = checked(NewListForm(sent))
    text = read_list(wanted["text"])
    list_id, addition = watchlists.create_watchlist(user, wanted["name"], text)
    return Done(addition.text(), page_of(list_id))


@edit
def list_rename(_: HttpRequest, user: User, sent: QueryDict) -> Done:
    """Give a list another name."""
    wanted = checked(ListNameForm(sent))
    watchlists.rename_watchlist(user, wanted["list"], wanted["name"])
    return Done()


@edit
def list_delete(_: HttpRequest, user: User, sent: QueryDict) -> Done:
    """Delete a list."""
    watchlists.delete_watchlist(user, checked(ListForm(sent))["list"])
    return Done(page=reverse("dashboard"))


@edit
def list_move(_: HttpRequest, user: User, sent: QueryDict) -> Done:
    """Put a list where `to` others stand before it."""
    wanted = checked(MoveListForm(sent))
    watchlists.move_watchlist(user, wanted["list"], wanted["to"])
    return Done()


@edit
def list_share(_: HttpRequest, user: User, sent: QueryDict) -> Done:
    """Make the link that shows others which symbols are on a list."""
    watchlists.share_watchlist(user, checked(ListForm(sent))["list"])
    return Done()


@edit
def list_end_sharing(_: HttpRequest, user: User, sent: QueryDict) -> Done:
    """End the link of a list: it opens nothing any more."""
    watchlists.end_sharing(user, checked(ListForm(sent))["list"])
    return Done()


@edit
def columns_choose(_: HttpRequest, user: User, sent: QueryDict) -> Done:
    """Remember the columns that a person wants, one `column` for each."""
    columns.choose_columns(user, checked(ColumnsForm(sent))["column"])
    return Done()


@edit
def preference_choose(_: HttpRequest, user: User, sent: QueryDict) -> Done:
    """Keep the `value` of the preference `name`."""
    wanted = checked(PreferenceForm(sent))
    choose_preference(user, wanted["name"], wanted["value"])
    return Done()


@edit
def notifications_read(_: HttpRequest, user: User, sent: QueryDict) -> Done:
    """Mark the user's notifications with these `id`s as read, or all if no `id` is sent."""
    mark_notifications_read(user, checked(ReadForm(sent))["id"])
    return Done()
