"""The judge of alerts: equal to a naive one over random markets, and what each condition means."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.alerts.judge import Judge
from dashboard.alerts.rules import Condition, Firing, Frequency, Kind, Match, Progress, Rule
from feeds.market.bars import MINUTE, MINUTE_MS, SPANS
from feeds.market.events import (
    Batch,
    Carryover,
    Delisting,
    Event,
    Phase,
    Position,
    Quote,
    Side,
    Status,
    Trade,
)
from tests.support.alert_oracle import Fired, NaiveJudge
from tests.support.market_script import NOW, listing

KEYS = ("NVX", "ORB")


def rule(*conditions: Condition, **facts: object) -> Rule:
    settings = {"id": 1, "revision": 1, "keys": ("NVX",), "frequency": Frequency.EVERY_TIME}
    return Rule(conditions=conditions, **(settings | facts))


def condition(kind: Kind, value: object = 0, window_s: int = 0) -> Condition:
    return Condition(kind, Decimal(str(value)), window_s)


def fired(firings: list[Firing]) -> list[Fired]:
    return [(firing.rule.id, firing.key, firing.sequence) for firing in firings]


def by_event(firing: Fired) -> tuple[int, int, str]:
    number, key, sequence = firing
    return sequence, number, key


class Market:
    """One instrument, and the rules that are judged on it; time goes on by a second per event."""

    def __init__(self, *rules: Rule, judge: Judge | None = None) -> None:
        self.judge = judge or Judge()
        self.judge.replace(rules)
        self.sequence, self.now_ms, self.behind_ms = 0, NOW, 0
        self.happen(listing("NVX"), listing("ORB"))
        self.happen(*(Status(key, Phase.OPEN, "", NOW, 1) for key in KEYS))

    def happen(self, *events: Event) -> list[Firing]:
        batch = Batch("e", self.sequence + 1, events)
        self.sequence = batch.last
        return self.judge.take(batch, self.now_ms)

    def trade(self, price: int, size: int = 10, *, later_s: float = 1, key: str = "NVX") -> int:
        """Trade, and return how many rules fire."""
        self.now_ms += round(later_s * 1000)
        exchange_ms = self.now_ms - self.behind_ms
        return len(self.happen(Trade(key, price, size, Side.BUY, self.now_ms, exchange_ms)))

    def trades(self, *prices: int) -> list[int]:
        return [self.trade(price) for price in prices]

    def wait(self, seconds: float) -> int:
        self.now_ms += round(seconds * 1000)
        return len(self.happen())


# --- any market, any rules -------------------------------------------------------------------
_values = {
    **dict.fromkeys((Kind.ABOVE, Kind.BELOW, Kind.CROSSES_UP, Kind.CROSSES_DOWN), (98, 102)),
    **dict.fromkeys((Kind.RISES, Kind.FALLS), (0.1, 3)),
    **dict.fromkeys((Kind.ABOVE_VWAP, Kind.BELOW_VWAP), (0.1, 2)),
    **dict.fromkeys((Kind.NEAR_HIGH, Kind.NEAR_LOW), (0, 1)),
    Kind.VOLUME_SPIKE: (0.5, 3),
    Kind.HALT: (0, 0),
    Kind.STALE: (1, 20),
}


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    kind = draw(st.sampled_from(Kind))
    low, high = _values[kind]
    value = draw(st.decimals(str(low), str(high), places=draw(st.integers(0, 3))))
    window_s = draw(st.sampled_from((5, 60))) if kind in (Kind.RISES, Kind.FALLS) else 0
    return Condition(kind, value, window_s)


_rules = st.builds(
    Rule,
    id=st.just(0),
    revision=st.just(1),
    keys=st.sampled_from((("NVX",), ("ORB",), KEYS)),
    conditions=st.lists(conditions(), min_size=1, max_size=3).map(tuple),
    match=st.sampled_from(Match),
    frequency=st.sampled_from(Frequency),
    cooldown_ms=st.sampled_from((0, 1_500, 30_000)),
    hysteresis=st.sampled_from((Decimal(0), Decimal("0.001"), Decimal("0.01"), Decimal("0.3"))),
    snoozed_ms=st.sampled_from((0, NOW + 20_000)),
    expires_ms=st.sampled_from((0, 0, NOW + 120_000)),
)
_steps = st.lists(
    st.tuples(
        st.sampled_from(("trade", "trade", "trade", "trade", "quote", "status", "nothing")),
        st.sampled_from(KEYS),
        st.integers(9_780, 10_220),
        st.integers(1, 50),
        st.sampled_from((0, 40, 700, 1_000, 20_000, 61_000)),
        st.sampled_from((*Phase, Phase.OPEN, Phase.OPEN)),
        st.sampled_from((1, 1, 1, 1, 2)),
        st.sampled_from((0, 0, 0, -800, -70_000)),
        st.booleans(),
    ),
    max_size=60,
)


@pytest.mark.slow
@given(st.lists(_rules, min_size=1, max_size=8), _steps)
def test_it_fires_as_a_naive_judge_does(rules, steps):
    rules = [Rule(**{f: getattr(r, f) for f in Rule.__struct_fields__} | {"id": i})
             for i, r in enumerate(rules)]  # fmt: skip
    real, naive = Judge(), NaiveJudge(rules)
    real.replace(rules)
    sequence, now_ms = 0, NOW
    events: list[Event] = [*map(listing, KEYS)]
    events += [Status(key, Phase.OPEN, "", NOW, 1) for key in KEYS]
    for what, key, price, size, later_ms, phase, day, back_ms, is_last in steps:
        now_ms += later_ms
        match what:
            case "trade":
                exchange_ms = now_ms + back_ms
                events.append(Trade(key, price, size, Side.BUY, now_ms, exchange_ms))
            case "quote":
                events.append(Quote(key, price, price + 1, size, size, now_ms))
            case "status":
                events.append(Status(key, phase, "", now_ms, day))
        if is_last:
            batch = Batch("e", sequence + 1, tuple(events))
            sequence, events = batch.last, []
            # Firings of one event, or of time alone, have no order among themselves.
            firings = sorted(fired(real.take(batch, now_ms)), key=by_event)
            assert firings == sorted(naive.take(batch, now_ms), key=by_event)


# --- what a condition means ------------------------------------------------------------------
def test_above_fires_at_once_and_again_after_the_price_went_back():
    market = Market(rule(condition(Kind.ABOVE, 100), hysteresis=Decimal("0.01")))
    assert market.trades(10_000, 10_001, 10_050, 9_950, 10_001) == [0, 1, 0, 0, 0]
    assert market.trades(9_900, 10_001) == [0, 1]


def test_a_crossing_needs_a_price_on_the_other_side_first():
    market = Market(rule(condition(Kind.CROSSES_UP, 100)))
    assert market.trades(10_010, 10_020, 10_000, 10_001) == [0, 0, 0, 1]


def test_a_value_between_two_ticks_is_compared_exactly():
    market = Market(rule(condition(Kind.BELOW, "99.995")))
    assert market.trades(10_000, 9_999) == [0, 1]


@pytest.mark.parametrize(("match", "fires"), [(Match.ALL, [0, 1, 0, 1]), (Match.ANY, [1, 0, 0, 0])])
def test_all_conditions_hold_together_and_clear_apart_or_the_other_way_round(match, fires):
    market = Market(rule(condition(Kind.ABOVE, 90), condition(Kind.ABOVE, 100), match=match))
    assert market.trades(9_500, 10_100, 9_500, 10_100) == fires


def test_once_is_once_for_a_whole_list():
    market = Market(rule(condition(Kind.ABOVE, 100), keys=KEYS, frequency=Frequency.ONCE))
    assert market.trade(10_100) == 1
    assert market.trade(10_100, key="ORB") == 0


def test_once_per_bar_fires_in_each_minute_while_it_holds():
    market = Market(rule(condition(Kind.ABOVE, 100), frequency=Frequency.ONCE_PER_BAR))
    assert market.trade(10_100) == 1
    assert market.trade(10_050) == 0
    assert market.trade(10_050, later_s=60) == 1


def test_a_bar_fires_once_though_a_crash_takes_time_back():
    above = rule(condition(Kind.ABOVE, 100), frequency=Frequency.ONCE_PER_BAR)
    crashed = Market(above)
    assert [crashed.trade(10_100), crashed.trade(10_100, later_s=60)] == [1, 1]
    _, progress = crashed.judge.changes()[above.id]
    # The second trade was never published, so the next life begins in the minute of the first.
    market = Market(msgspec.structs.replace(above, progress=progress))
    market.now_ms, market.behind_ms = crashed.now_ms, 60_000
    assert market.trade(10_100) == 0
    assert market.trade(10_100, later_s=60) == 0
    assert market.trade(10_100, later_s=60) == 1


def test_a_snoozed_alert_fires_when_the_snooze_ends_if_it_still_holds():
    market = Market(rule(condition(Kind.ABOVE, 100), snoozed_ms=NOW + 60_000))
    assert market.trade(10_100) == 0
    assert market.wait(58) == 0
    assert market.wait(2) == 1


def test_of_two_snoozes_each_ends_at_its_own_time():
    snoozes = (20_000, 10_000, 30_000)
    rules = [
        rule(condition(Kind.ABOVE, 100), id=snooze, snoozed_ms=NOW + snooze) for snooze in snoozes
    ]
    market = Market(*rules)
    assert market.trade(10_100) == 0
    assert [market.wait(9), market.wait(9), market.wait(9), market.wait(9)] == [1, 0, 1, 1]


@pytest.mark.parametrize(
    ("facts", "first"),
    [({"snoozed_ms": NOW + 5000}, 0), ({"frequency": Frequency.ONCE_PER_BAR}, 1)],
)
def test_a_rule_that_is_gone_fires_at_no_time_that_it_waited_for(facts, first):
    waiting = rule(condition(Kind.ABOVE, 100), id=2, **facts)
    other = rule(condition(Kind.BELOW, 50), id=1)
    market = Market(other, waiting)
    assert market.trade(10_100) == first
    market.judge.replace([other])
    assert [market.wait(60), market.trade(10_100, later_s=60)] == [0, 0]


def test_a_stale_feed_is_noticed_without_any_event():
    market = Market(rule(condition(Kind.STALE, 10)))
    market.trade(10_000)
    assert [market.wait(5), market.wait(5), market.wait(5)] == [0, 1, 0]


def test_of_two_instruments_that_fall_silent_at_once_the_second_fires_at_the_next_place():
    market = Market(rule(condition(Kind.STALE, 10), keys=KEYS))
    assert [market.wait(9), market.wait(1), market.wait(1)] == [0, 1, 0]
    assert not market.happen(Quote("NVX", 10_100, 10_101, 1, 1, market.now_ms))
    assert [market.wait(1), market.wait(1)] == [1, 0]


def test_a_quote_is_a_tick_but_no_price():
    market = Market(rule(condition(Kind.STALE, 10), id=1), rule(condition(Kind.ABOVE, 90), id=2))
    market.now_ms += 9_000
    for key in KEYS:
        assert not market.happen(Quote(key, 10_100, 10_101, 1, 1, market.now_ms))
    assert [market.wait(9), market.wait(1)] == [0, 1]


def test_an_instrument_that_is_delisted_fires_nothing_and_begins_anew_when_it_is_listed():
    market = Market(rule(condition(Kind.STALE, 10), condition(Kind.ABOVE, 100), match=Match.ANY))
    assert market.trade(10_100) == 1
    market.happen(Delisting("NVX", market.now_ms), Delisting("ORB", market.now_ms))
    assert (market.judge.state(), market.judge._aged) == ({}, {})
    assert market.wait(60) == 0
    market.happen(listing("NVX"), Status("NVX", Phase.OPEN, "", market.now_ms, 1))
    assert market.trades(9_900, 10_100) == [0, 1]


def test_what_nobody_waits_for_is_carried_over_as_well():
    market = Market(rule(condition(Kind.ABOVE, 100)))
    assert not market.happen(Carryover("ORB", NOW, 1, Phase.OPEN, last=9_900))
    market.judge.replace([rule(condition(Kind.BELOW, 100), keys=("ORB",))])
    assert market.wait(1) == 1


def test_a_rule_ends_when_its_time_is_over():
    market = Market(rule(condition(Kind.ABOVE, 100), expires_ms=NOW + 3000))
    assert market.trades(9_900, 10_100) == [0, 1]
    assert market.trades(9_900, 10_100) == [0, 0]
    market = Market(rule(condition(Kind.ABOVE, 100), expires_ms=NOW + 3000))
    assert market.trades(9_900, 9_900, 10_100) == [0, 0, 0]


def test_a_cooldown_counts_from_the_last_firing_and_then_fires_if_it_still_holds():
    market = Market(rule(condition(Kind.ABOVE, 100), cooldown_ms=5000))
    assert market.trades(10_100, 9_900, 10_100) == [1, 0, 0]
    assert [market.wait(2), market.wait(1), market.wait(1)] == [0, 1, 0]


def test_a_halt_fires_with_its_event():
    market = Market(rule(condition(Kind.HALT)))
    assert len(market.happen(Status("NVX", Phase.HALTED, "news", NOW, 1))) == 1
    assert not market.happen(Status("NVX", Phase.HALTED, "more news", NOW, 1))


def test_the_price_that_a_restart_carries_over_is_no_crossing():
    market = Market(rule(condition(Kind.CROSSES_UP, 100)))
    market.trade(9_000)
    assert not market.happen(Carryover("NVX", NOW, 1, Phase.OPEN, last=10_100, high=1, low=1))
    assert market.trades(10_200, 9_900, 10_100) == [0, 0, 1]


def test_a_fired_rule_stays_fired_over_a_restart():
    saved = {"NVX": Progress(armed=False, fired_ms=NOW, bar_ms=0)}
    market = Market(rule(condition(Kind.ABOVE, 100), progress=saved))
    assert market.trades(10_100, 9_900, 10_100) == [0, 0, 1]


def test_measures_go_on_over_a_restart():
    first = Market(rule(condition(Kind.RISES, 1, 60), condition(Kind.ABOVE_VWAP, 0)))
    first.trade(10_000, 90)
    second = Market(
        rule(condition(Kind.RISES, 1, 60), condition(Kind.ABOVE_VWAP, 0)),
        judge=Judge(first.judge.state()),
    )
    second.happen(Carryover("NVX", NOW, 1, Phase.OPEN, last=10_000, high=10_000, low=10_000))
    assert second.trade(10_200) == 1


def test_a_window_that_an_earlier_life_did_not_measure_begins_with_this_one():
    first = Market(rule(condition(Kind.RISES, 1, 5)))
    first.trade(9_000)
    market = Market(rule(condition(Kind.RISES, 1, 60)), judge=Judge(first.judge.state()))
    market.happen(Carryover("NVX", NOW, 1, Phase.OPEN, last=9_000))
    assert market.trades(10_000, 10_200) == [0, 1]


GROWING = [(30, 0), (30, 60), (0, 60)]
"""What was traded in the present second, and in the present minute before it."""


@pytest.mark.parametrize(("second", "minute"), GROWING)
def test_a_bar_goes_on_over_a_crash_that_measures_did_not_survive(second, minute):
    start_ms = NOW - NOW % MINUTE_MS
    parts: list[tuple[int, ...] | None] = [None] * len(SPANS)
    for level, volume in ((0, second), (MINUTE, minute)):
        if volume:
            parts[level] = (start_ms, *[10_100] * 4, volume, 1)
    saved = {"NVX": Progress(armed=False, fired_ms=NOW, bar_ms=start_ms)}
    above = rule(condition(Kind.ABOVE, 100), frequency=Frequency.ONCE_PER_BAR, progress=saved)
    market = Market()
    market.judge.replace([above])
    left = Carryover("NVX", NOW, 1, Phase.OPEN, last=10_100, growing=tuple(parts))  # type: ignore[arg-type]
    assert market.happen(left, Status("NVX", Phase.OPEN, "", NOW, 1)) == []
    assert market.judge.state()["NVX"].minute_volume == second + minute
    assert market.trades(10_100) == [0]
    assert market.trade(10_100, later_s=60) == 1


@pytest.mark.parametrize(
    ("epoch", "sequence", "fires"), [("old", 7, 0), ("old", 8, 1), ("older", 7, 1)]
)
def test_an_event_that_was_never_published_arms_nothing(epoch, sequence, fires):
    saved = {"NVX": Progress(fired_ms=NOW, armed_epoch="old", armed_sequence=8)}
    above = rule(condition(Kind.ABOVE, 100), progress=saved)
    market = Market(above, judge=Judge(published=Position(epoch, sequence)))
    assert market.trade(10_100) == fires
    # What was taken back is stored, and the next life knows.
    _, progress = market.judge.changes()[above.id]
    assert not progress["NVX"].armed
    assert market.trades(9_900, 10_100) == [0, 1]


def test_a_rule_knows_where_it_was_armed():
    above = rule(condition(Kind.ABOVE, 100))
    market = Market(above)
    market.trades(10_100, 9_900)
    _, progress = market.judge.changes()[above.id]
    placed = progress["NVX"].armed_epoch, progress["NVX"].armed_sequence
    assert placed == ("e", market.sequence)


def test_a_rule_that_is_read_again_goes_on_and_a_changed_one_begins_anew():
    above = rule(condition(Kind.ABOVE, 100))
    market = Market(above)
    assert market.trades(10_100) == [1]
    market.judge.replace([above])
    assert market.trades(10_100) == [0]
    market.judge.replace([rule(condition(Kind.ABOVE, 100), revision=2)])
    assert market.trades(10_100) == [1]
    market.judge.replace([])
    assert market.trades(9_900, 10_100) == [0, 0]


def test_a_rule_that_is_read_again_keeps_what_its_window_has_seen():
    rises = rule(condition(Kind.RISES, 1, 60))
    market = Market(rises)
    assert market.trades(10_000) == [0]
    market.judge.replace([rises])
    assert market.trades(10_200) == [1]


def test_a_new_rule_leaves_the_others_of_its_instrument_as_they_are():
    first, second = rule(condition(Kind.ABOVE, 100), id=1), rule(condition(Kind.ABOVE, 99), id=2)
    market = Market(first)
    market.trade(9_900)
    market.judge.replace([first, second])
    assert market.trades(10_100) == [2]


def test_a_new_rule_crosses_from_the_price_that_was_there_before():
    market = Market()
    market.trade(9_900)
    market.judge.replace([rule(condition(Kind.CROSSES_UP, 100))])
    assert market.trades(10_100) == [1]


def test_an_instrument_that_is_listed_again_goes_on():
    market = Market(rule(condition(Kind.RISES, 1, 60)))
    assert market.trades(10_000) == [0]
    market.happen(listing("NVX"))
    assert market.trades(10_200) == [1]


def test_a_rule_about_what_is_not_listed_waits_and_goes_in_peace():
    market = Market(rule(condition(Kind.ABOVE, 100), keys=("NVX", "ABC")))
    assert market.trade(10_100) == 1
    _, progress = market.judge.changes()[1]
    assert progress.keys() == {"NVX"}, "the other one has not come further"
    market.judge.replace([])
    market.happen(listing("ABC"))
    assert market.trade(10_100, key="ABC") == 0


def test_a_rule_that_is_gone_does_not_come_back_with_its_instrument():
    market = Market(rule(condition(Kind.ABOVE, 100), id=1), rule(condition(Kind.ABOVE, 100), id=2))
    market.judge.replace([rule(condition(Kind.ABOVE, 100), id=2)])
    market.happen(Delisting("NVX", market.now_ms))
    market.happen(listing("NVX"), Status("NVX", Phase.OPEN, "", market.now_ms, 1))
    assert market.trades(10_100) == [1]


def test_nothing_is_measured_for_rules_that_are_gone():
    rises = [rule(condition(Kind.RISES, 1, window), id=window) for window in (5, 60)]
    market = Market(*rises, rule(condition(Kind.STALE, 10), id=1))
    market.trades(10_000)
    spans = lambda: [window.span_ms for window in market.judge.state()["NVX"].windows]
    assert spans() == [5_000, 60_000]
    market.judge.replace(rises[1:])
    assert (spans(), market.judge._aged) == ([60_000], {})
    falls = rule(condition(Kind.FALLS, 1, 60), id=2)
    market.judge.replace([rises[1], falls])
    market.judge.replace([falls])
    assert spans() == [60_000], "another kind reads the same window"
    market.judge.replace([])
    assert (spans(), market.judge._watched, market.judge.has_rules) == ([], {}, False)


def test_another_instrument_of_a_list_does_not_make_a_rule_begin_anew():
    market = Market(rule(condition(Kind.ABOVE, 100), frequency=Frequency.ONCE))
    assert market.trades(10_100) == [1]
    market.judge.replace([rule(condition(Kind.ABOVE, 100), frequency=Frequency.ONCE, keys=KEYS)])
    assert market.trade(10_200, key="ORB") == 0


def test_a_firing_does_not_name_a_condition_that_does_not_hold():
    market = Market(rule(condition(Kind.BELOW, 99), condition(Kind.ABOVE, 100), match=Match.ANY))
    (firing,) = market.happen(Trade("NVX", 10_100, 1, Side.BUY, NOW))
    assert firing.conditions == (1,)


@pytest.mark.parametrize("match", Match)
def test_a_firing_names_the_conditions_that_hold(match):
    two = condition(Kind.ABOVE, 100), condition(Kind.BELOW, 102)
    market = Market(rule(*two, match=match))
    (firing,) = market.happen(Trade("NVX", 10_100, 1, Side.BUY, NOW))
    assert firing.conditions == (0, 1)
    assert firing.price == Decimal("101.00")
