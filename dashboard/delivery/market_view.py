"""What a reader sees of the market: symbols, fields and the limits of an access, as shared values.

Pure. Must not know the market itself.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from operator import itemgetter
from sys import intern
from typing import Any, Final, NamedTuple
from weakref import WeakValueDictionary

from dashboard.people.access import UNLIMITED, Access
from dashboard.wire.frames import ALL_FIELDS, Fields

FEW_SYMBOLS: Final = 64
"""A reader with more symbols has them as a set, and only those that changed are looked up in it."""
Pick = Callable[[list[Any]], Sequence[Any]]


class MarketView:
    """The symbols and fields that a reader of the ticker sees; None is all symbols of the access.

    Readers who want the same share one view (`view_of`), and so they share frames. `is_shared` says
    that more than one has asked for it. `wanted` are the symbols of the view that are listed and
    that the access allows. The replica keeps it here, with `listed`, from which it computed it,
    because it needs it for each frame and the listings rarely change. `pick` returns what a list
    has at the places of the wanted symbols; None if they are too many, or not limited.

    The symbols are a tuple, because most readers have their own: a set is ten times as large.
    """

    __slots__ = (
        *("__weakref__", "access", "fields", "is_shared", "listed", "pick", "symbols", "wanted"),
    )

    def __init__(self, symbols: tuple[str, ...] | None, fields: Fields, access: Access) -> None:
        self.symbols = symbols
        self.fields = fields
        self.access = access
        self.is_shared = False
        self.listed: object = None
        self.wanted: Collection[str] | None = None
        self.pick: Pick | None = None

    def want(self, symbols: Collection[str] | None, places: Mapping[str, int]) -> None:
        """Note which symbols the access allows, of those in the view; None is all there are.

        `places` are those of all known symbols in the lists that `pick` looks into. A symbol that
        is not among them has no news before the next listing.
        """
        self.wanted, self.pick = symbols, None
        if symbols is not None and len(symbols) > FEW_SYMBOLS:
            self.wanted = frozenset(symbols)
        elif symbols:
            self.pick = picker_of([places[symbol] for symbol in symbols if symbol in places])


def picker_of(places: Sequence[int]) -> Pick | None:
    """Return what takes the items at all of these places of a list, in one call; None without any.

    Places in a list are found twice as fast as keys in a dict.
    """
    if len(places) > 1:
        return itemgetter(*places)
    # With a single place `itemgetter` would return the item itself.
    return itemgetter(slice(places[0], places[0] + 1)) if places else None


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
