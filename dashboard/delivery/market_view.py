"""What a reader sees of the market: symbols, fields and the limits of an access, as shared values.

Pure. Must not know the market itself.
"""

from collections.abc import Collection, Iterable
from sys import intern
from typing import NamedTuple
from weakref import WeakValueDictionary

from dashboard.people.access import UNLIMITED, Access
from dashboard.wire.frames import ALL_FIELDS, Fields


class MarketView:
    """The symbols and fields that a reader of the ticker sees; None is all symbols of the access.

    Readers who want the same share one view (`view_of`), and so they share frames. `is_shared` says
    that more than one has asked for it. The replica notes what is `wanted` of the symbols that are
    `listed`: for most readers that is asked far more often than it changes.

    The symbols are a tuple, because most readers have their own: a set is ten times as large.
    """

    __slots__ = ("__weakref__", "access", "fields", "is_shared", "listed", "symbols", "wanted")

    def __init__(self, symbols: tuple[str, ...] | None, fields: Fields, access: Access) -> None:
        self.symbols = symbols
        self.fields = fields
        self.access = access
        self.is_shared = False
        self.listed: object = None
        self.wanted: Collection[str] | None = None


_views: WeakValueDictionary[tuple[tuple[str, ...] | None, Fields, Access], MarketView]
_views = WeakValueDictionary()


def view_of(
    symbols: Iterable[str] | None, fields: Fields = ALL_FIELDS, access: Access = UNLIMITED
) -> MarketView:
    """Return the one view of these symbols and fields."""
    # Interned: one string for all readers of a symbol, so that a look-up compares no characters.
    names = None if symbols is None else tuple(map(intern, sorted(set(symbols))))
    key = (names, fields, access)
    view = _views.get(key)
    if view is None:
        view = _views[key] = MarketView(*key)
    else:
        view.is_shared = True
    return view


class StatusText(NamedTuple):
    """A status entry of a feed, or of one of its instruments."""

    feed: str
    text: str

    def is_for(self, access: Access) -> bool:
        """Say whether a reader with this access may receive it."""
        return access.sees(self.feed)
