"""What the judge knows of one instrument: prices, windows, volume, phase; folded from raw ticks.

Pure. Must not know rules. High, low and volume are those of the trading day, as on the board. A
trade of another exchange moves what its conditions allow. A correction mends the figures.
"""

from collections import deque
from decimal import Decimal
from typing import Final

import msgspec

from dashboard.alerts.windows import Window, WindowState
from feeds.market.bars import LATE_MS, MINUTE, MINUTE_MS, SPANS, live_bar
from feeds.market.events import (
    MOVES_LAST,
    MOVES_RANGE,
    MOVES_VOLUME,
    AmendedBar,
    Amendment,
    Carryover,
    Phase,
    ReportedTrade,
    Status,
    Trade,
)

MINUTES_KEPT: Final = 20
"""The usual volume is the mean of this many minutes with trades."""
MINUTES_NEEDED: Final = 5
"""With fewer minutes nobody can say what is usual."""
TRADED: Final = frozenset({Phase.OPEN, Phase.LIMIT})
"""Phases in which ticks are expected, so that their absence is a fault."""


class MeasuresState(msgspec.Struct, frozen=True, array_like=True):
    """What a restart needs of an instrument that no Carryover brings."""

    day: int | None
    turnover: int
    counted: int
    at_ms: int
    minute: int
    minute_volume: int
    minutes: tuple[int, ...]
    windows: tuple[WindowState, ...]


class Measures:
    """The figures of one instrument; None where there is none yet. Prices are in ticks.

    `turnover` and `counted` are of the trades that the VWAP is made of. `at_ms` is the exchange
    time of the last trade, `tick_ms` the wall time of the last tick (UTC ms). `age_ms` says how
    long no tick had come at the last look, although ticks are expected. `volume` is kept only of
    trades of another exchange: a correction says what it is from now on.
    """

    __slots__ = (
        "_former", "age_ms", "at_ms", "counted", "day", "high", "last", "low", "minute",
        "minute_volume", "minutes", "phase", "tick_ms", "tick_size", "turnover", "volume",
        "windows",
    )  # fmt: skip

    def __init__(self, tick_size: Decimal) -> None:
        self.tick_size = tick_size
        self.last: int | None = None
        self.high: int | None = None
        self.low: int | None = None
        self.day: int | None = None
        self.phase = Phase.CLOSED
        self.turnover = self.counted = self.volume = 0
        self.at_ms = self.tick_ms = self.age_ms = 0
        self.minute = -1
        self.minute_volume = 0
        self.minutes: deque[int] = deque(maxlen=MINUTES_KEPT)
        # The numbers of these minutes. After a restart they are -1: corrections cannot find them.
        self._former: deque[int] = deque(maxlen=MINUTES_KEPT)
        self.windows: dict[int, Window] = {}

    def trade(self, trade: Trade) -> None:
        """Fold a trade."""
        price, size = trade.price_ticks, trade.size
        self.last, self.tick_ms = price, trade.ts_event
        # One of the two is None only when both are: before the first trade of the day.
        if self.high is None or price > self.high:
            self.high = price
        if self.low is None or price < self.low:
            self.low = price
        self.turnover += price * size
        self.counted += size
        self._pass(trade.exchange_ms or trade.ts_event)
        self.minute_volume += size
        for window in self.windows.values():
            window.add(self.at_ms, price)

    def reported(self, trade: ReportedTrade) -> None:
        """Fold a trade of another exchange: it moves what its conditions allow."""
        price, size, day, bar = trade.price_ticks, trade.size, trade.day, trade.bar
        self.tick_ms = trade.ts_event
        if day & MOVES_LAST:
            self.last = price
            if self.high is None or self.low is None:
                self.high = self.low = price
        if day & MOVES_RANGE and self.high is not None and self.low is not None:
            self.high, self.low = max(self.high, price), min(self.low, price)
        if day & MOVES_VOLUME:
            self.turnover += price * size
            self.counted += size
            self.volume += size
        if bar:
            self._pass(trade.exchange_ms)
        if bar & MOVES_VOLUME:
            self.minute_volume += size
        if bar & MOVES_RANGE:
            for window in self.windows.values():
                window.add_mendable(self.at_ms, price)

    def amend(self, amendment: Amendment) -> None:
        """Take what a late, corrected or cancelled trade changes; it is not a tick."""
        if amendment.volume is None:
            return
        self.last, self.high, self.low = amendment.last, amendment.high, amendment.low
        if amendment.previous_close is None:  # a trade of the day before is not in this VWAP
            self._amend_turnover(amendment, amendment.volume - self.volume)
        self.volume = amendment.volume
        for bar in amendment.bars:
            if bar.level == 0:
                self._amend_windows(bar)
            elif bar.level == MINUTE:
                self._amend_minute(bar)

    def _amend_turnover(self, amendment: Amendment, added: int) -> None:
        """Mend what the VWAP is made of; `added` is by how much the volume of the day changed."""
        right, former = amendment.price_ticks, amendment.former_ticks
        self.counted += added
        if added == amendment.size - amendment.former_size:
            self.turnover += right * amendment.size - former * amendment.former_size
        else:  # the trade counts only since it was corrected, or does not count any more
            self.turnover += added * (right if added > 0 else former)

    def _amend_windows(self, second: AmendedBar) -> None:
        prices = (second.low, second.high) if second.open else None
        for window in self.windows.values():
            window.mend(second.start_ms, prices, self.at_ms)

    def _amend_minute(self, bar: AmendedBar) -> None:
        number = bar.start_ms // MINUTE_MS
        if number == self.minute:
            self.minute_volume = bar.volume
        elif number in self._former:
            self.minutes[self._former.index(number)] = bar.volume

    def _pass(self, at_ms: int) -> None:
        """Move exchange time on; a trade that is a little late counts as of now."""
        if at_ms < self.at_ms - LATE_MS:  # the clock was set back
            self.minutes.clear()
            self._former.clear()
            self.minute = -1
            for window in self.windows.values():
                window.clear()
        elif at_ms < self.at_ms:
            return
        self.at_ms = at_ms
        minute = at_ms // MINUTE_MS
        if minute != self.minute:
            if self.minute >= 0:
                self.minutes.append(self.minute_volume)
                self._former.append(self.minute)
            self.minute, self.minute_volume = minute, 0

    def status(self, status: Status) -> None:
        """Take a phase; a new trading day begins when the board begins one."""
        is_opened = self.phase is Phase.CLOSED and status.phase is not Phase.CLOSED
        if is_opened or self.day not in (None, status.day):
            self.high = self.low = None
            self.turnover = self.counted = self.volume = 0
        if self.phase not in TRADED:  # nobody expected ticks before
            self.tick_ms = max(self.tick_ms, status.ts_event)
        self.day, self.phase = status.day, status.phase

    def carry_over(self, left: Carryover, state: MeasuresState | None) -> None:
        """Go on from what an earlier life of the market left, and from what was saved beside it."""
        self.last, self.high, self.low = left.last, left.high, left.low
        self.day, self.phase, self.volume = left.day, left.phase, left.volume
        self.tick_ms = left.ts_event
        if state is not None:
            self._take(state, left.day)
        self._go_on_in_minute(left)

    def _take(self, state: MeasuresState, day: int | None) -> None:
        if state.day == day:
            self.turnover, self.counted = state.turnover, state.counted
        self.at_ms, self.minute = state.at_ms, state.minute
        self.minute_volume = state.minute_volume
        self.minutes.extend(state.minutes)
        self._former.extend(-1 for _ in state.minutes)
        self.windows = {window.span_ms: Window.of(window) for window in state.windows}

    def _go_on_in_minute(self, left: Carryover) -> None:
        """Go on in the minute of the last trade: what was saved may be of an earlier one."""
        if len(left.growing) <= MINUTE:
            return
        minute = live_bar(left.growing, MINUTE, is_reported=len(left.growing) > len(SPANS))
        if minute is not None and minute.start_ms // MINUTE_MS >= self.minute:
            self._pass(max(minute.start_ms, self.at_ms))
            self.minute_volume = minute.volume

    def state(self) -> MeasuresState:
        """Return what a restart needs."""
        return MeasuresState(
            self.day, self.turnover, self.counted, self.at_ms, self.minute, self.minute_volume,
            tuple(self.minutes), tuple(window.state() for window in self.windows.values()),
        )  # fmt: skip

    def usual_volume(self) -> float | None:
        """Return the mean volume of the minutes before this one, None with too few of them."""
        if len(self.minutes) < MINUTES_NEEDED:
            return None
        return sum(self.minutes) / len(self.minutes)

    @property
    def is_halted(self) -> bool:
        """Say whether trading is halted or paused."""
        return self.phase is Phase.HALTED

    def look(self, now_ms: int) -> None:
        """Note how old the last tick is (wall time, UTC ms)."""
        self.age_ms = max(0, now_ms - self.tick_ms) if self.phase in TRADED else 0
