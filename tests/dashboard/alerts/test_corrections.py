"""Alerts on another exchange's trades: conditions and corrections count as they do on the board."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dashboard.alerts.judge import Judge
from dashboard.alerts.measures import Measures
from dashboard.alerts.rules import Condition, Frequency, Kind, Rule
from dashboard.alerts.windows import Window
from feeds.market.bars import DAY_MS, SPANS
from feeds.market.board import HIGH, LAST, LOW, VOLUME, Board
from feeds.market.events import (
    MOVES_ALL,
    MOVES_VOLUME,
    Batch,
    Event,
    Phase,
    ReportedTrade,
    Side,
    Status,
)
from feeds.sessions.ledger import InstrumentLedger, TradeChange
from tests.support.market_script import NOW, listing

DAY = NOW - NOW % DAY_MS
SPAN_MS = 60_000


def reported(price: int, at_ms: int, ref: str, size: int = 5, moves: int = MOVES_ALL):
    return ReportedTrade(
        "NVX", price, size, Side.BUY, at_ms, at_ms, bar=moves, day=moves, day_ms=DAY, ref=ref
    )


class Exchange:
    """An exchange that corrects and cancels, and the rules that are judged on its trades."""

    def __init__(self, *conditions: Condition, frequency: Frequency = Frequency.EVERY_TIME) -> None:
        self.judge, self.ledger, self.board = Judge(), InstrumentLedger(), Board()
        rule = Rule(id=1, revision=1, keys=("NVX",), conditions=conditions, frequency=frequency)
        self.judge.replace([rule] if conditions else [])
        self.sequence, self.now_ms = 0, NOW
        self.happen(listing("NVX"), Status("NVX", Phase.OPEN, "", NOW, 1))

    def happen(self, *events: Event) -> int:
        """Let events happen, and return how many rules fire."""
        batch = Batch("e", self.sequence + 1, events)
        for sequence, event in enumerate(events, batch.first):
            self.board.apply(sequence, event)
        self.sequence = batch.last
        return len(self.judge.take(batch, self.now_ms))

    def trade(self, price: int, ref: str = "", *, late_ms: int = 0, moves: int = MOVES_ALL) -> int:
        self.now_ms += 1000
        trade = reported(price, self.now_ms - late_ms, ref, moves=moves)
        return self.happen(*self.ledger.take(trade))

    def trades(self, *prices: int) -> list[int]:
        return [self.trade(price, str(price)) for price in prices]

    def correct(self, ref: str, price: int) -> int:
        change = TradeChange("NVX", ref, int(ref), 5, self.now_ms, reported(price, NOW, ref))
        return self.happen(self.ledger.change(change))

    def cancel(self, ref: str) -> int:
        return self.happen(self.ledger.change(TradeChange("NVX", ref, int(ref), 5, self.now_ms)))


def condition(kind: Kind, value: object = 0, window_s: int = 0) -> Condition:
    return Condition(kind, Decimal(str(value)), window_s)


def test_a_trade_of_another_exchange_is_judged() -> None:
    assert Exchange(condition(Kind.ABOVE, 100)).trades(9_900, 10_100) == [0, 1]


def test_a_trade_that_moves_the_volume_alone_is_no_price() -> None:
    market = Exchange(condition(Kind.ABOVE, 100))
    assert market.trade(10_100, moves=MOVES_VOLUME) == 0
    assert market.trade(10_100) == 1


def test_a_correction_never_crosses_but_the_next_trade_may() -> None:
    market = Exchange(condition(Kind.CROSSES_UP, 100))
    assert market.trades(9_900) == [0]
    assert market.correct("9900", 10_100) == 0
    assert market.trades(10_200) == [0]
    assert market.cancel("10200") == 0
    assert market.trades(9_950, 10_050) == [0, 1]


def test_a_cancel_never_crosses_down() -> None:
    market = Exchange(condition(Kind.CROSSES_DOWN, 100))
    assert market.trades(9_900, 10_100) == [0, 0]
    assert market.cancel("10100") == 0
    assert market.trade(10_100) == 0
    assert market.trade(9_900) == 1


def test_the_next_trade_crosses_from_the_mended_price() -> None:
    market = Exchange(condition(Kind.CROSSES_UP, 100))
    assert market.trades(9_900, 10_100) == [0, 1]
    market.cancel("10100")
    assert market.trades(10_200) == [1]


def test_a_level_that_holds_since_a_correction_fires() -> None:
    market = Exchange(condition(Kind.ABOVE, 100))
    assert market.trades(9_900) == [0]
    assert market.correct("9900", 10_100) == 1


def test_an_alert_is_armed_again_when_the_price_that_fired_it_is_cancelled() -> None:
    market = Exchange(condition(Kind.ABOVE, 100))
    assert market.trades(9_900, 10_100) == [0, 1]
    assert market.cancel("10100") == 0
    assert market.trades(10_100) == [1]


def test_a_cancelled_high_is_no_high_any_more() -> None:
    market = Exchange(condition(Kind.NEAR_HIGH, 1))
    assert market.trades(10_000, 12_000, 10_500) == [1, 0, 0]
    assert market.cancel("12000") == 1
    assert market.judge._measures["NVX"].high == 10_500


def test_a_cancelled_price_is_in_no_window_any_more() -> None:
    market = Exchange(condition(Kind.FALLS, 5, 60))
    market.trades(10_000)
    assert market.trades(12_000) == [0]
    market.cancel("12000")
    assert market.trades(10_001, 9_900, 9_400) == [0, 0, 1]


def test_a_late_trade_counts_where_it_happened() -> None:
    market = Exchange(condition(Kind.ABOVE, 100))
    assert market.trades(9_900, 9_950) == [0, 0]
    assert market.trade(10_100, late_ms=1500) == 0
    measures = market.judge._measures["NVX"]
    assert (measures.last, measures.high) == (9_950, 10_100)


def test_a_correction_of_yesterday_leaves_todays_vwap_alone() -> None:
    market = Exchange()
    measures = market.judge._measures["NVX"]
    market.trades(9_900)
    market.ledger.begin_day(DAY + DAY_MS)
    market.happen(Status("NVX", Phase.OPEN, "", market.now_ms, 2))
    today = replace(reported(10_000, DAY + DAY_MS + 1, "10000"), day_ms=DAY + DAY_MS)
    market.happen(*market.ledger.take(today))
    market.correct("9900", 9_000)
    assert (measures.turnover, measures.counted) == (50_000, 5)
    assert (measures.last, measures.high) == (10_000, 10_000)


# --- any trades, any corrections --------------------------------------------------------------
_steps = st.lists(
    st.tuples(
        st.sampled_from(("trade", "trade", "trade", "correct", "cancel")),
        st.integers(90, 110),
        st.integers(1, 9),
        st.integers(0, 30),
        st.sampled_from((0, 0, 0, 1_500, 70_000)),
        st.sampled_from((MOVES_ALL, MOVES_ALL, MOVES_VOLUME)),
    ),
    max_size=40,
)


@given(_steps)
def test_its_figures_are_those_of_the_board_and_of_what_was_traded(steps) -> None:
    """Trades are at least two seconds apart, so that each second has one of them."""
    market, known = Exchange(), {}
    measures = market.judge._measures["NVX"] = Measures(Decimal("0.01"))
    measures.windows = {SPAN_MS: Window(SPAN_MS)}
    measures.status(Status("NVX", Phase.OPEN, "", NOW, 1))
    at_ms = NOW
    for number, (what, price, size, which, late_ms, moves) in enumerate(steps):
        at_ms += 2_000
        names = sorted(known)
        if what == "trade":
            trade = reported(price, at_ms - late_ms, str(number), size, moves)
            market.happen(*market.ledger.take(trade))
            known[str(number)] = trade
        elif names:
            former = known.pop(names[which % len(names)])
            corrected = reported(price, NOW, former.ref, size, former.day)
            right = corrected if what == "correct" else None
            change = TradeChange("NVX", former.ref, former.price_ticks, former.size, at_ms, right)
            market.happen(market.ledger.change(change))
            if right is not None:
                known[former.ref] = reported(
                    price, former.exchange_ms, former.ref, size, former.day
                )
        row = market.board.rows["NVX"].values
        assert [measures.last, measures.high, measures.low] == [row[LAST], row[HIGH], row[LOW]]
        assert measures.volume == row[VOLUME]
        trades = known.values()
        assert measures.counted == sum(trade.size for trade in trades)
        assert measures.turnover == sum(trade.size * trade.price_ticks for trade in trades)
        _window_is_whole(measures, [trade for trade in trades if trade.bar != MOVES_VOLUME])


def _window_is_whole(measures: Measures, trades: list[ReportedTrade]) -> None:
    window, from_ms = measures.windows[SPAN_MS], measures.at_ms - SPAN_MS
    inside = [trade.price_ticks for trade in trades if from_ms + 1000 < trade.exchange_ms]
    around = [trade.price_ticks for trade in trades if from_ms - SPANS[0] < trade.exchange_ms]
    if inside:
        assert min(around) <= window.low <= min(inside)
        assert max(inside) <= window.high <= max(around)
