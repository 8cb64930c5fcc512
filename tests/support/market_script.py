"""Scripts of market events for property tests: any kind of event, in any order that can happen."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import chain, pairwise

import msgspec
from hypothesis import strategies as st

from feeds.market.board import Board
from feeds.market.events import (
    Batch,
    Delisting,
    Event,
    FeedRemoval,
    FeedState,
    FeedStatus,
    Levels,
    Listing,
    Phase,
    Quote,
    Side,
    Status,
    Trade,
    Withdrawal,
)
from feeds.market.instruments import Definition
from feeds.plan.plans import FeedPlan

SYMBOLS = ("NVX", "ORB", "QAL", "ZED")
NOW = 1_790_000_000_000


def definition(symbol: str, *, tick: str = "0.01", name: str = "Novexa") -> Definition:
    """Return a plain definition."""
    return Definition(
        symbol=symbol,
        name=name,
        sector="Technology",
        tick_size=Decimal(tick),
        reference_ticks=10_000,
    )


def listing(symbol: str, *, name: str = "Novexa") -> Listing:
    """Return the listing of a plain definition."""
    return Listing("demo", definition(symbol, name=name), NOW)


def plan(*symbols: str, feed: str = "demo", **changes: object) -> FeedPlan:
    """Return the plan of a running feed with plain definitions."""
    base = FeedPlan(
        feed=feed,
        name="Demo",
        state=FeedState.RUNNING,
        rate=200,
        seed=1,
        definitions=tuple(map(definition, symbols)),
    )
    return msgspec.structs.replace(base, **changes)


def levels(pairs: Iterable[tuple[int, int]]) -> Levels:
    """Return (price, size) of levels as quotes have them."""
    return tuple(chain.from_iterable(pairs))


_symbols = st.sampled_from(SYMBOLS)
_prices = st.integers(1, 100_000)
_sizes = st.integers(1, 10_000)
_times = st.integers(NOW, NOW + 10_000)
_quotes = st.builds(
    lambda s, bid, gap, bs, a, t: Quote(s, bid, bid + gap, bs, a, t),
    _symbols, _prices, st.integers(1, 9), _sizes, _sizes, _times,
)  # fmt: skip
_trades = st.builds(Trade, _symbols, _prices, _sizes, st.sampled_from(Side), _times)
_statuses = st.builds(
    Status,
    _symbols,
    st.sampled_from(Phase),
    st.sampled_from(["", "news", 'a "quoted" one']),
    _times,
    st.integers(0, 1),
)
_feeds = st.builds(
    FeedStatus, st.just("demo"), st.just("Demo"), st.sampled_from(FeedState),
    st.floats(1, 1000), st.just(""), _times,
)  # fmt: skip
_listings = st.builds(lambda s, name: listing(s, name=name), _symbols, st.sampled_from(["A", "B"]))
_events = st.one_of(
    _quotes, _trades, _quotes, _trades, _statuses, _feeds, _listings,
    st.builds(Withdrawal, _symbols, _times),
    st.builds(Delisting, _symbols, _times), st.builds(FeedRemoval, st.just("demo"), _times),
)  # fmt: skip


def possible(events: list[Event]) -> list[Event]:
    """Drop what cannot happen: ticks, phases and leaving of what is not listed."""
    board, kept = Board(), []
    for event in events:
        listed = getattr(event, "symbol", None)
        if listed is not None and listed not in board.rows:
            continue
        board.apply(len(kept) + 1, event)
        kept.append(event)
    return kept


scripts = st.lists(_events, max_size=60).map(
    lambda events: possible([*map(listing, SYMBOLS[:3]), *events])
)
"""Lists of possible events; three symbols are listed first, the fourth may come and go."""


def batches(epoch: str, events: list[Event], cuts: list[int]) -> list[Batch]:
    """Cut a script into batches at the given places."""
    places = sorted({0, len(events), *(cut for cut in cuts if 0 < cut < len(events))})
    return [Batch(epoch, start + 1, tuple(events[start:end])) for start, end in pairwise(places)]
