"""What changed after one sequence, and the update frames that are made of it.

Pure. Must not know subscribers or sockets. All readers who stand at this sequence share the news:
each entry is encoded once for them, when the first of them wants it.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final, Protocol

from dashboard.delivery.market_view import MarketView, picker_of
from dashboard.wire.frames import UPDATE_END, Fields
from dashboard.wire.registry import Channel

Update = tuple[str, int, int]
"""An update frame, how many entries it has, and for how many ticks they stand.

A plain tuple: a named one costs as much as choosing the symbols.
"""
NO_UPDATE: Final[Update] = ("", 0, 0)
ONE_ENTRY: Final = 1 << 40
"""Counts an entry within a weight (`_Entries`); a frame never stands for so many ticks."""
SHARED_ANSWERS: Final = 256
"""Answers kept for readers to share. A bound, because readers may stand at any number of positions.
"""
TICKER_END: Final = UPDATE_END[Channel.TICKER]


class Catalogue:
    """All symbols of a replica, each with its place in the lists of entries.

    A symbol keeps its place as long as the replica lives, also when it is delisted.
    """

    __slots__ = ("places", "symbols")

    def __init__(self, symbols: Iterable[str]) -> None:
        self.symbols = [*symbols]
        self.places: dict[str, int] = {symbol: place for place, symbol in enumerate(self.symbols)}

    def add(self, symbol: str) -> None:
        """Give a new symbol the next place; a known one keeps its own."""
        if symbol not in self.places:
            self.places[symbol] = len(self.symbols)
            self.symbols.append(symbol)


class _Entries:
    """Entries by the places of their symbols, for one selection of fields.

    The entry of a symbol without news is empty, and one that nobody has wanted yet is None. The
    others end with a comma, so that they can be joined without a look at which are empty. `weights`
    has two counts in one number: ONE_ENTRY for the entry, plus the ticks that it stands for. The
    sum of some weights thus says how many entries there are, and for how many ticks they stand.
    """

    __slots__ = ("texts", "weights")

    def __init__(self, size: int, changed: Iterable[int]) -> None:
        self.texts: list[str | None] = [""] * size
        self.weights = [0] * size
        for place in changed:
            self.texts[place] = None


class Market(Protocol):
    """What the news are about: the replica."""

    catalogue: Catalogue

    @property
    def listed(self) -> object:
        """Return what shows whether a view is up to date: another object after every listing."""
        ...

    def look_at(self, view: MarketView) -> None:
        """Bring a view up to date with what is listed."""
        ...

    def counted_entry(self, symbol: str, *, since: int, fields: Fields) -> tuple[str, int]:
        """Return the encoded changes of a symbol after `since`, and their number of ticks."""
        ...

    def head(self, since: int) -> str:
        """Return the beginning of an update that covers what came after `since`."""
        ...


class News:
    """The symbols with news after `sequence`, until the market moves again.

    `updates` are the frames that readers with the same view share.
    """

    __slots__ = ("_entries", "_head", "_listed", "_market", "_sequence", "_updates", "symbols")

    def __init__(
        self,
        sequence: int,
        symbols: Iterable[str],
        market: Market,
        updates: dict[tuple[MarketView, int, int], Update],
    ) -> None:
        self.symbols = frozenset(symbols)
        self._sequence = sequence
        self._market = market
        # Nothing is listed before the market moves.
        self._listed = market.listed
        self._head = market.head(sequence)
        self._entries: dict[Fields, _Entries] = {}
        self._updates = updates

    def among(self, wanted: Collection[str] | None) -> frozenset[str]:
        """Return the changed symbols among those that are wanted; None is all."""
        return self.symbols if wanted is None else self.symbols.intersection(wanted)

    def update(self, view: MarketView, since: int) -> Update:
        """Return the update for a reader of a view who stands at `since`; empty without news.

        Nothing in the view changed between `since` and the sequence of these news. Readers who
        share a view share the frame.

        Raises:
            PositionLost: the ticks after the sequence cannot be counted any more.
        """
        if not view.is_shared:
            return self._encode_update(view, since)
        key = (view, since, self._sequence)
        update = self._updates.get(key)
        if update is None:
            update = self._encode_update(view, since)
            if len(self._updates) < SHARED_ANSWERS:
                self._updates[key] = update
        return update

    def _encode_update(self, view: MarketView, since: int) -> Update:
        if view.listed is not self._listed:
            self._market.look_at(view)
        entries = self._entries.get(view.fields) or self._begin(view.fields)
        pick = view.pick or picker_of(self._places_of(self.among(view.wanted)))
        if pick is None:
            return NO_UPDATE
        # Everything here is one call for all symbols, as this runs for every frame of every reader.
        try:
            text = "".join(pick(entries.texts))
        except TypeError:  # one of them was not wanted before, so it is not encoded yet
            self._encode_entries(pick(self._market.catalogue.symbols), view.fields)
            text = "".join(pick(entries.texts))
        if not text:
            return NO_UPDATE
        weight = sum(pick(entries.weights))
        head = self._head if since == self._sequence else self._market.head(since)
        return f"{head}{text[:-1]}{TICKER_END}", weight // ONE_ENTRY, weight % ONE_ENTRY

    def _begin(self, fields: Fields) -> _Entries:
        size, changed = len(self._market.catalogue.symbols), self._places_of(self.symbols)
        entries = self._entries[fields] = _Entries(size, changed)
        return entries

    def _encode_entries(self, symbols: Sequence[str], fields: Fields) -> None:
        """Encode the entries of these symbols that are not encoded yet."""
        texts, weights = self._entries[fields].texts, self._entries[fields].weights
        encode, sequence = self._market.counted_entry, self._sequence
        for symbol, place in zip(symbols, self._places_of(symbols), strict=True):
            if texts[place] is None:
                entry, ticks = encode(symbol, since=sequence, fields=fields)
                texts[place], weights[place] = f"{entry},", ONE_ENTRY + ticks

    def _places_of(self, symbols: Iterable[str]) -> list[int]:
        return [*map(self._market.catalogue.places.__getitem__, symbols)]
