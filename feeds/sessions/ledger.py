"""The trades that another exchange reported today, kept so that their bars can be mended.

Pure. Must not know the vendor, or which condition moves what. A bar is what its trades give in the
order of their times, so a trade that comes late counts where it happened. What a cancel leaves
cannot be computed from a bar, only from its trades. They are kept for the exchange's day and a
while longer: what is told of a day after its end changes its bars, and not the next day's fields.
"""

from copy import copy
from operator import attrgetter
from typing import Final

import msgspec
from msgspec.structs import replace

from feeds.market.bars import DAY, MINUTE, MINUTE_MS, SPANS, GrowingBar
from feeds.market.events import (
    MOVES_FIRST,
    MOVES_LAST,
    AmendedBar,
    Amendment,
    AmendmentKind,
    Carryover,
    ReportedTrade,
)
from feeds.market.mended_bars import add_part, add_trade

TRADES_KEPT: Final = 100_000
"""Trades of an instrument that can be mended, some 40 MB. Older minutes keep only their bars."""
FORMER_DAY_KEPT_MS: Final = 6 * 3_600_000
"""How long the day before is kept, counted from the midnight (UTC) of the new day's date.

It is dropped at the first trade after that: in New York, an hour or two after midnight there.
"""
_START, _OPEN, _HIGH, _LOW, _CLOSE, _VOLUME, _TRADES = range(7)
_Key = tuple[int, int, int]
"""Time in ms, nanoseconds, and the order of arrival, which decides between equal times."""
_NEVER: Final[_Key] = (0, 0, 0)
_SECOND_MS: Final = SPANS[0]
_DAY_PRICE: Final = MOVES_LAST | MOVES_FIRST


class TradeChange(msgspec.Struct, frozen=True):
    """An exchange corrects or cancels a trade that it reported as `ref`.

    `former_ticks` and `former_size` are what it reported then. `corrected` is None after a cancel.
    Its time does not count: a corrected trade happened when it was first reported.
    """

    symbol: str
    ref: str
    former_ticks: int
    former_size: int
    ts_event: int
    corrected: ReportedTrade | None = None


class _KnownTrade:
    """A trade and its place in time."""

    __slots__ = ("key", "trade")

    def __init__(self, key: _Key, trade: ReportedTrade) -> None:
        self.key = key
        self.trade = trade

    @property
    def sets_price(self) -> bool:
        """Say whether it sets the price of bars of up to an hour."""
        return bool(self.trade.bar & MOVES_LAST)


_order: Final = attrgetter("key")


class _Minute:
    """The trades of a minute, and what they add to bars and to the day.

    The start of the parts means nothing. The close of the day's part is 0 if none of the trades has
    MOVES_LAST for the day: then only the first price of the day could count.
    """

    def __init__(self) -> None:
        self.trades: list[_KnownTrade] = []
        self._sealed: tuple[GrowingBar, GrowingBar] | None = None
        self._bar: GrowingBar | None = None
        self._day: GrowingBar | None = None

    def change(self) -> None:
        """Note that the trades have changed."""
        self._bar = self._day = None

    def seal(self) -> None:
        """Keep what the trades add, and drop them."""
        self._sealed = self.bar(), self.day()
        self.trades = []

    def bar(self) -> GrowingBar:
        """Return the bar of the minute."""
        if self._bar is None:
            self._bar = [0] * 7 if self._sealed is None else self._sealed[0].copy()
            # A trade that comes after the sealing never sets the close: the trades before are gone,
            # so its place among them is not known.
            closes = MOVES_LAST if self._sealed is not None and self._bar[_OPEN] else 0
            for known in sorted(self.trades, key=_order):
                _fold(self._bar, known.trade, known.trade.bar & ~closes)
        return self._bar

    def day(self) -> GrowingBar:
        """Return what the minute adds to the day."""
        if self._day is None:
            self._day = [0] * 7 if self._sealed is None else self._sealed[1].copy()
            for known in sorted(self.trades, key=_order):
                _fold_day(self._day, known.trade)
        return self._day


class InstrumentLedger:
    """What one instrument traded today, and the bars that follow from it.

    `left` is what an earlier life of the market left: its bars count, its trades are not known. A
    bar that closed then stays as it is.
    """

    def __init__(self, left: Carryover | None = None) -> None:
        self._day_ms = 0
        self._former: InstrumentLedger | None = None
        self._changed: dict[str, ReportedTrade] = {}
        self._minutes: dict[int, _Minute] = {}
        self._left = _NEVER
        self._before_left = _Minute()
        self._refs: dict[str, tuple[_Minute, _KnownTrade]] = {}
        self._base: dict[int, GrowingBar] = {}
        self._revisions: dict[tuple[int, int], int] = {}
        self._arrived = 0
        self._newest_second_ms = 0
        self._newest = self._opening = self._day_newest = self._day_opening = _NEVER
        self._last: int | None = None
        if left is not None:
            self._last = left.last
        if left is not None and len(left.growing) > len(SPANS):
            self._begin_with(left)

    def begin_day(self, day_ms: int) -> None:
        """Begin the day of this date (UTC midnight), if it has not begun."""
        if day_ms > self._day_ms:
            self._begin_day(day_ms)

    def take(self, trade: ReportedTrade) -> list[ReportedTrade | Amendment]:
        """Return the trade as it happens here, and what it mends if it comes late.

        Nothing if it is known: a connection that is made again may bring it a second time.
        """
        if self._is_known(trade):
            return []
        late = Amendment(
            trade.symbol, AmendmentKind.LATE, trade.ts_event, trade.ref, trade.ref,
            trade.price_ticks, trade.size, 0, 0, trade.exchange_ms,
        )  # fmt: skip
        if trade.day_ms < self._day_ms:
            return self._take_of_former_day(trade, late)
        self.begin_day(trade.day_ms)
        if trade.exchange_ms - self._day_ms > FORMER_DAY_KEPT_MS:
            self._former = None
        known = self._known(trade)
        moves = None if known.key < self._left else self._moves(known)
        self._keep(known)
        if moves is not None:
            return [replace(trade, bar=moves[0], day=moves[1])]
        if known.key == self._day_opening:
            self._look_for_prices()  # the former first trade of the day may close nothing now
        return [replace(trade, bar=0, day=0), self._amended(late)]

    def change(self, change: TradeChange) -> Amendment:
        """Return what a correction or a cancel changes: nothing if the trade is not known."""
        unmended, place = _unmended(change), self._refs.pop(change.ref, None)
        if place is None:
            return self._change_of_former_day(change, unmended)
        minute, known = place
        former = self._changed[change.ref] = known.trade
        if change.corrected is None:
            minute.trades.remove(known)
        else:
            known.trade = replace(
                change.corrected,
                exchange_ms=former.exchange_ms, nanos=former.nanos, day_ms=former.day_ms,
            )  # fmt: skip
            self._refs[known.trade.ref] = place
            self._note_second(known)
        minute.change()
        self._look_for_prices()
        return self._amended(replace(unmended, exchange_ms=former.exchange_ms))

    # --- the day before -----------------------------------------------------------------------
    def _take_of_former_day(
        self, trade: ReportedTrade, late: Amendment
    ) -> list[ReportedTrade | Amendment]:
        """Return the trade, and what it mends: nothing if the trades of its day are gone."""
        former, heard = self._former, replace(trade, bar=0, day=0)
        if former is None or former._day_ms != trade.day_ms:
            return [heard, late]
        if former._is_known(trade):
            return []
        former._keep(former._known(trade))
        return [heard, self._of_today(former._amended(late))]

    def _change_of_former_day(self, change: TradeChange, unmended: Amendment) -> Amendment:
        former = self._former
        if former is None or change.ref not in former._refs:
            return unmended
        return self._of_today(former.change(change))

    def _of_today(self, mended: Amendment) -> Amendment:
        """Return an amendment of bars of the day before with the values of this day."""
        self._last = mended.last
        return self._with_day(replace(mended, previous_close=mended.last or 0))

    # --- a trade that comes -------------------------------------------------------------------
    def _is_known(self, trade: ReportedTrade) -> bool:
        """Say whether this trade came before; two trades may have one number."""
        if not trade.ref:
            return False
        place = self._refs.get(trade.ref)
        known = self._changed.get(trade.ref) if place is None else place[1].trade
        return known is not None and _identity(known) == _identity(trade)

    def _known(self, trade: ReportedTrade) -> _KnownTrade:
        self._arrived += 1
        return _KnownTrade((trade.exchange_ms, trade.nanos, self._arrived), trade)

    def _keep(self, known: _KnownTrade) -> None:
        if known.key < self._left:
            # The trades around it are gone, so it is never taken for the first or the newest one.
            self._put(known, self._before_left)
            return
        self._note(known)
        self._add(known)

    def _moves(self, known: _KnownTrade) -> tuple[int, int] | None:
        """Return what a trade moves in bars and day; None if it belongs before what is known.

        Within the newest second a trade may come a little late, which needs no amendment unless it
        is the first one of its bar.
        """
        trade, key = known.trade, known.key
        bar, day = trade.bar, trade.day
        if bar and key[0] - key[0] % _SECOND_MS < self._newest_second_ms:
            return None
        if bar & MOVES_LAST and key < self._newest:
            if key < self._opening:
                return None
            # A little late: the close stays, but its price may be the highest or lowest.
            bar &= ~MOVES_LAST
        if day & _DAY_PRICE and key < self._day_newest:
            if key < self._day_opening:
                return None
            day &= ~_DAY_PRICE
        elif day & MOVES_FIRST:
            is_first = self._day_newest == _NEVER
            day = day & ~MOVES_FIRST | (MOVES_LAST if is_first else 0)
        return bar, day

    def _note(self, known: _KnownTrade) -> None:
        """Note the newest second, and the first and newest prices of it and of the day."""
        trade, key = known.trade, known.key
        second_ms = key[0] - key[0] % _SECOND_MS
        self._note_second(known)
        if trade.bar & MOVES_LAST:
            if self._newest[0] < second_ms:
                self._opening = key
            elif second_ms == self._newest[0] - self._newest[0] % _SECOND_MS:
                self._opening = min(self._opening, key)
            self._newest = max(self._newest, key)
        is_first = self._day_newest == _NEVER
        if trade.day & MOVES_LAST or (trade.day & MOVES_FIRST and is_first):
            self._day_opening = key if is_first else min(self._day_opening, key)
            self._day_newest = max(self._day_newest, key)
        elif trade.day & MOVES_FIRST:
            self._day_opening = min(self._day_opening, key)

    def _note_second(self, known: _KnownTrade) -> None:
        if known.trade.bar:
            second_ms = known.key[0] - known.key[0] % _SECOND_MS
            self._newest_second_ms = max(self._newest_second_ms, second_ms)

    def _add(self, known: _KnownTrade) -> None:
        minute_ms = known.key[0] - known.key[0] % MINUTE_MS
        minute = self._minutes.get(minute_ms)
        if minute is None:
            minute = self._minutes[minute_ms] = _Minute()
        self._put(known, minute)
        if self._arrived % TRADES_KEPT == 0:
            self._seal_older_half()

    def _put(self, known: _KnownTrade, minute: _Minute) -> None:
        minute.trades.append(known)
        minute.change()
        if known.trade.ref:
            self._refs[known.trade.ref] = minute, known

    def _seal_older_half(self) -> None:
        for minute_ms in sorted(self._minutes)[: len(self._minutes) // 2]:
            self._minutes[minute_ms].seal()
        self._refs = {ref: place for ref, place in self._refs.items() if place[0].trades}

    # --- days and lives -----------------------------------------------------------------------
    def _begin_day(self, day_ms: int) -> None:
        # A copy before anything changes: it keeps the last price of the day before its own.
        former = self._former = copy(self)
        former._former = None
        day = self._day_bar()
        self._last = day[_CLOSE] if day[_OPEN] else self._last
        self._day_ms = day_ms
        self._minutes, self._refs, self._changed, self._revisions = {}, {}, {}, {}
        self._base, self._left, self._before_left = {}, _NEVER, _Minute()
        self._day_newest = self._day_opening = _NEVER

    def _begin_with(self, left: Carryover) -> None:
        parts = zip(range(len(SPANS)), left.growing, strict=False)
        self._base = {level: list(part) for level, part in parts if part is not None}
        if DAY in self._base:
            self._day_ms = self._base[DAY][_START]
        if 0 in self._base:
            self._newest_second_ms = self._base[0][_START]
        self._newest = self._opening = self._first_of_base()
        self._left = self._day_newest = self._day_opening = self._first_of_base(DAY)

    def _first_of_base(self, level: int = MINUTE) -> _Key:
        """Return the place of the prices that an earlier life left: before what comes now."""
        base = self._base.get(level)
        return (self._newest_second_ms, 0, 0) if base is not None and base[_OPEN] else _NEVER

    def _look_for_prices(self) -> None:
        """Find the first and newest prices again, after one of them may have gone."""
        known = [each for minute in self._minutes.values() for each in minute.trades]
        prices = [each.key for each in known if each.sets_price]
        self._newest = max(prices, default=self._first_of_base())
        second_ms = self._newest[0] - self._newest[0] % _SECOND_MS
        self._opening = min((key for key in prices if key[0] >= second_ms), default=self._newest)
        firsts = [each.key for each in known if each.trade.day & _DAY_PRICE]
        closes = [each.key for each in known if each.trade.day & MOVES_LAST]
        base = self._first_of_base(DAY)
        opening = min(firsts, default=base)
        self._day_opening = opening if base == _NEVER else base
        self._day_newest = max(closes, default=self._day_opening)

    # --- what follows from the trades -----------------------------------------------------------
    def _amended(self, unmended: Amendment) -> Amendment:
        """Return an amendment with the values that follow from all trades as they are now."""
        starts = ((level, self._start(level, unmended.exchange_ms)) for level in range(len(SPANS)))
        bars = tuple(self._amended_bar(*start) for start in starts if self._has_whole(*start))
        return self._with_day(replace(unmended, bars=bars))

    def _start(self, level: int, at_ms: int) -> int:
        return self._day_ms if level == DAY else at_ms - at_ms % SPANS[level]

    def _has_whole(self, level: int, start_ms: int) -> bool:
        """Say whether all that a bar is made of is known: not if it closed in an earlier life."""
        base = self._base.get(level)
        return base is None or start_ms >= base[_START]

    def _with_day(self, unmended: Amendment) -> Amendment:
        day = self._day_bar()
        is_open = bool(day[_OPEN])
        return replace(
            unmended,
            last=day[_CLOSE] if is_open else self._last,
            open=day[_OPEN] if is_open else None,
            high=day[_HIGH] if is_open else None,
            low=day[_LOW] if is_open else None,
            volume=day[_VOLUME],
        )  # fmt: skip

    def _amended_bar(self, level: int, start_ms: int) -> AmendedBar:
        revision = self._revisions.get((level, start_ms), 0) + 1
        self._revisions[level, start_ms] = revision
        whole = self._day_bar() if level == DAY else self._bar(level, start_ms)
        return AmendedBar(level, revision, start_ms, *whole[_OPEN:])

    def _bar(self, level: int, start_ms: int) -> GrowingBar:
        """Return the bar of up to an hour that begins then; its open is 0 without a price."""
        whole = self._base_of(level, start_ms)
        for known in self._before_left.trades:
            if start_ms <= known.key[0] < start_ms + SPANS[level]:
                _fold(whole, known.trade, known.trade.bar & ~MOVES_LAST)
        if level < MINUTE:
            self._fold_trades(whole, start_ms, start_ms + SPANS[level])
            return whole
        inside = [at for at in self._minutes if start_ms <= at < start_ms + SPANS[level]]
        for part in (self._minutes[at].bar() for at in sorted(inside)):
            # A minute without a price has no bar, so longer bars do not count it either.
            if part[_OPEN]:
                add_part(whole, part)
            elif level == MINUTE:
                whole[_VOLUME] += part[_VOLUME]
                whole[_TRADES] += part[_TRADES]
        return whole

    def _day_bar(self) -> GrowingBar:
        whole = self._base_of(DAY, self._day_ms)
        for known in self._before_left.trades:
            _fold(whole, known.trade, known.trade.day & ~_DAY_PRICE)
        for part in (self._minutes[at].day() for at in sorted(self._minutes)):
            if part[_OPEN] and not whole[_OPEN]:
                whole[_OPEN:_VOLUME] = part[_OPEN:_VOLUME]
                whole[_CLOSE] = part[_CLOSE] or part[_OPEN]
            elif part[_OPEN]:
                whole[_HIGH], whole[_LOW] = (
                    max(whole[_HIGH], part[_HIGH]),
                    min(whole[_LOW], part[_LOW]),
                )
                whole[_CLOSE] = part[_CLOSE] or whole[_CLOSE]
            whole[_VOLUME] += part[_VOLUME]
            whole[_TRADES] += part[_TRADES]
        return whole

    def _base_of(self, level: int, start_ms: int) -> GrowingBar:
        base = self._base.get(level)
        return (
            base.copy() if base is not None and base[_START] == start_ms else [start_ms, *[0] * 6]
        )

    def _fold_trades(self, whole: GrowingBar, start_ms: int, end_ms: int) -> None:
        minute = self._minutes.get(start_ms - start_ms % MINUTE_MS)
        for known in [] if minute is None else sorted(minute.trades, key=_order):
            if start_ms <= known.key[0] < end_ms:
                _fold(whole, known.trade, known.trade.bar)


def _identity(trade: ReportedTrade) -> tuple[int, ...]:
    return trade.exchange_ms, trade.nanos, trade.price_ticks, trade.size


def _fold(part: GrowingBar, trade: ReportedTrade, moves: int) -> None:
    add_trade(part, trade.price_ticks, trade.size, moves)


def _fold_day(part: GrowingBar, trade: ReportedTrade) -> None:
    """Add to a minute's part of the day; only MOVES_LAST sets its close."""
    if trade.day & _DAY_PRICE and not part[_OPEN]:
        _fold(part, trade, trade.day | MOVES_LAST)
        part[_CLOSE] = trade.price_ticks if trade.day & MOVES_LAST else 0
        return
    _fold(part, trade, trade.day & ~MOVES_FIRST)


def _unmended(change: TradeChange) -> Amendment:
    corrected = change.corrected
    kind = AmendmentKind.CANCELLED if corrected is None else AmendmentKind.CORRECTED
    new_ref, ticks, size = (
        (change.ref, 0, 0)
        if corrected is None
        else (corrected.ref, corrected.price_ticks, corrected.size)
    )
    return Amendment(
        change.symbol, kind, change.ts_event, change.ref, new_ref, ticks, size,
        change.former_ticks, change.former_size, 0,
    )  # fmt: skip
