"""Bars of trades whose conditions say what they move, and bars that are amended later.

Pure. Must not know which condition moves what. A reported trade changes the live bars of all levels
at once, because a bar of a day follows other rules than a bar of a minute. Bars longer than a
minute are made of the minutes that have a price. If no trade of a minute sets a price, its volume
counts only in the bar of the day.
"""

from feeds.market.bars import DAY, MINUTE, SPANS, Bar, Bars, GrowingBar, SymbolBars, bar_of
from feeds.market.events import (
    MOVES_LAST,
    MOVES_RANGE,
    MOVES_VOLUME,
    AmendedBar,
    Amendment,
    ReportedTrade,
)

_START, _OPEN, _HIGH, _LOW, _CLOSE, _VOLUME, _TRADES = range(7)


class MendedBars(Bars):
    """Fold reported trades as well, and mend bars by amendments."""

    def fold_reported(self, sequence: int, trade: ReportedTrade) -> None:
        """Add a trade to the bars that grow; closed bars change only by an amendment."""
        bars = self._reported_bars(trade.symbol, sequence)
        bars.sequence = sequence
        if trade.bar:
            self._fold_minute(bars, trade)
        if trade.day:
            part = self._part_at(trade.symbol, bars, DAY, trade.day_ms)
            if part is not None:
                add_trade(part, trade.price_ticks, trade.size, trade.day)

    def amend(self, sequence: int, amendment: Amendment) -> list[AmendedBar]:
        """Put the amended bars in place; return those that are closed."""
        bars = self._reported_bars(amendment.symbol, sequence)
        bars.sequence = sequence
        closed: list[AmendedBar] = []
        for amended in amendment.bars:
            part = bars.growing[amended.level]
            if part is not None and amended.start_ms < part[_START]:
                bars.amend_closed(sequence, amended)
                closed.append(amended)
            elif amended.volume or (part is not None and amended.start_ms == part[_START]):
                before = bars.live(amended.level)
                # A trade that moves something only since its correction may be the newest one.
                self._part_at(amendment.symbol, bars, amended.level, amended.start_ms)
                bars.growing[amended.level] = _growing(amended)
                if _is_gone(before, amended):
                    bars.note_amended(sequence, amended)
        return closed

    def _reported_bars(self, symbol: str, sequence: int) -> SymbolBars:
        bars = self.symbols.get(symbol)
        if bars is None or not bars.is_reported:
            bars = self._begin(symbol, 0 if bars is None else sequence)
            bars.is_reported = True
        return bars

    def _fold_minute(self, bars: SymbolBars, trade: ReportedTrade) -> None:
        at_ms, price, size, moves = trade.exchange_ms, trade.price_ticks, trade.size, trade.bar
        parts = [
            self._part_at(trade.symbol, bars, level, at_ms - at_ms % SPANS[level])
            for level in range(DAY)
        ]
        minute = parts[MINUTE]
        if minute is None:
            return
        had_price = minute[_OPEN] > 0
        for part in parts[: MINUTE + 1]:
            if part is not None:
                add_trade(part, price, size, moves)
        if not minute[_OPEN]:
            return
        # Longer bars leave a minute out until it has a price; its first price brings all of it.
        for part in parts[MINUTE + 1 :]:
            if part is not None and had_price:
                add_trade(part, price, size, moves)
            elif part is not None:
                add_part(part, minute)

    def _part_at(
        self, symbol: str, bars: SymbolBars, level: int, start_ms: int
    ) -> GrowingBar | None:
        """Return the live bar that begins then, None if it has closed; close the one before."""
        part = bars.growing[level]
        if part is not None and part[_START] == start_ms:
            return part
        if part is not None:
            if start_ms < part[_START]:
                return None
            if part[_OPEN] and part[_VOLUME]:
                self._keep(symbol, bars, level, part)
        part = bars.growing[level] = [start_ms, 0, 0, 0, 0, 0, 0]
        return part


def add_trade(part: GrowingBar, price: int, size: int, moves: int) -> None:
    """Add to a bar what a trade moves; the first price of a bar is all of its prices."""
    if moves & MOVES_LAST and not part[_OPEN]:
        part[_OPEN] = part[_HIGH] = part[_LOW] = part[_CLOSE] = price
    if moves & MOVES_LAST:
        part[_CLOSE] = price
    if moves & MOVES_RANGE and part[_OPEN]:
        part[_HIGH], part[_LOW] = max(part[_HIGH], price), min(part[_LOW], price)
    if moves & MOVES_VOLUME:
        part[_VOLUME] += size
        part[_TRADES] += 1


def add_part(whole: GrowingBar, part: GrowingBar) -> None:
    """Add a later part with prices to a bar that may have none yet; its start stays."""
    if not whole[_OPEN]:
        whole[_OPEN], whole[_HIGH], whole[_LOW] = part[_OPEN], part[_HIGH], part[_LOW]
    whole[_HIGH], whole[_LOW] = max(whole[_HIGH], part[_HIGH]), min(whole[_LOW], part[_LOW])
    whole[_CLOSE] = part[_CLOSE]
    whole[_VOLUME] += part[_VOLUME]
    whole[_TRADES] += part[_TRADES]


def _is_gone(before: Bar | None, amended: AmendedBar) -> bool:
    """Say whether nothing is left of a live bar that readers have seen."""
    was_there = before is not None and before.start_ms == amended.start_ms
    return was_there and not bar_of(amended).trades


def _growing(amended: AmendedBar) -> GrowingBar:
    return [
        amended.start_ms, amended.open, amended.high, amended.low, amended.close,
        amended.volume, amended.trades,
    ]  # fmt: skip
