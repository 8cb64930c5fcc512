"""What an upstream says becomes ticks of ours; what cannot be is counted, never a crash."""

import json
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.engine.engine import Engine
from feeds.market.events import (
    MOVES_ALL,
    MOVES_VOLUME,
    FeedState,
    FeedStatus,
    Phase,
    PriceBand,
    Quote,
    ReportedTrade,
    Side,
    Status,
    Trade,
)
from feeds.plan.plans import FeedKind, FeedPlan
from feeds.plan.vendor_days import vendor_day
from feeds.upstream.inbox import Inbox
from feeds.upstream.protocol import (
    UpstreamError,
    UpstreamSubscription,
    UpstreamSuccess,
    UpstreamTrade,
    parse_message,
    subscription,
)
from feeds.upstream.source import UpstreamSource
from tests.support.market_script import NOW, definition

PLAN = FeedPlan(
    feed="live", name="Live", state=FeedState.RUNNING, rate=1.0, seed=1,
    definitions=(definition("NVX"), definition("ORB", tick="0.05")), kind=FeedKind.UPSTREAM,
)  # fmt: skip
AT = "2026-09-21T14:13:20Z"
"""NOW."""
DAY_MS = 1_789_948_800_000
"""The date of NOW in New York, as UTC midnight."""
TRADE = {"T": "t", "S": "NVX", "i": 9, "x": "D", "p": 126.55, "s": 100, "t": AT, "c": ["@"]}
QUOTE = {
    "T": "q",
    "S": "NVX",
    "bx": "U",
    "bp": 1.01,
    "bs": 1,
    "ax": "X",
    "ap": 1.03,
    "as": 4,
    "t": AT,
}
HALT = {"T": "s", "S": "NVX", "sc": "H", "sm": "Trading Halt", "rc": "T12", "rm": "News", "t": AT}


def source(plan: FeedPlan = PLAN) -> UpstreamSource:
    opened = UpstreamSource()
    opened.plan(plan)
    return opened


def hear(upstream: UpstreamSource, *said: dict, now_ms: int = NOW) -> UpstreamSource:
    parsed = parse_message(json.dumps(said))
    assert not parsed.bad
    for entry in parsed.entries:
        upstream.receive(entry, now_ms)
    return upstream


def drawn(*said: dict, now_ms: int = NOW) -> list:
    upstream = hear(source(), *said, now_ms=now_ms)
    assert upstream.bad == 0
    return upstream.draw(now_ms)


# --- the words ------------------------------------------------------------------------------


def test_the_greeting_is_read() -> None:
    said = [
        {"T": "success", "msg": "connected"},
        {"T": "error", "code": 402, "msg": "auth failed"},
        {"T": "subscription", "trades": ["NVX"], "quotes": [], "bars": []},
    ]
    assert parse_message(json.dumps(said)).entries == [
        UpstreamSuccess("connected"),
        UpstreamError(402, "auth failed"),
        UpstreamSubscription(["NVX"], []),
    ]  # fmt: skip


def test_other_kinds_are_passed_over() -> None:
    parsed = parse_message(json.dumps([{"T": "b", "S": "NVX"}, TRADE, {"T": "i"}]))
    assert (len(parsed.entries), parsed.bad) == (1, 0)


def test_one_bad_entry_does_not_take_the_others_with_it() -> None:
    bad = [{"T": "t"}, 5, None, {"S": "NVX"}, {**TRADE, "p": "x"}, {**TRADE, "S": 5}]
    parsed = parse_message(json.dumps([TRADE, *bad, TRADE]))
    assert (len(parsed.entries), parsed.bad) == (2, len(bad))


@pytest.mark.parametrize(
    "content",
    ["", "{", "{}", "5", "null", "[" * 100_000, b"\xff\xfe", '[{"T":"t"', "[NaN]", "\x00", '"[]"'],
)
def test_what_cannot_be_read_is_counted(content: str | bytes) -> None:
    assert parse_message(content).bad == 1


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_no_message_breaks_the_reader(content: bytes | str) -> None:
    parsed = parse_message(content)
    assert parsed.bad or parsed.entries == parsed.entries


def test_a_price_is_read_as_it_is_written() -> None:
    [said] = parse_message('[{"T":"t","S":"NVX","p":0.1234567890123456789,"s":1,"t":""}]').entries
    assert isinstance(said, UpstreamTrade)
    assert str(said.price) == "0.1234567890123456789"


def test_a_subscription_names_everything_that_is_wanted() -> None:
    assert json.loads(subscription(["NVX"])) == {
        "action": "subscribe", "trades": ["NVX"], "quotes": ["NVX"], "statuses": ["NVX"],
        "lulds": ["NVX"],
    }  # fmt: skip


# --- ticks of ours --------------------------------------------------------------------------


def test_a_trade_is_put_on_the_grid() -> None:
    assert drawn(TRADE) == [
        ReportedTrade("NVX", 12655, 100, Side.BUY, NOW, NOW, day_ms=DAY_MS, ref="D:9")
    ]
    [trade] = drawn({**TRADE, "S": "ORB", "p": 1.08})
    assert trade.price_ticks == 22


def test_a_quote_is_never_better_than_it_was_received() -> None:
    assert drawn(QUOTE) == [Quote("NVX", 101, 103, 1, 4, NOW)]
    [quote] = drawn({**QUOTE, "S": "ORB", "bp": 1.04, "ap": 1.06})
    assert (quote.bid_ticks, quote.ask_ticks) == (20, 22)


@pytest.mark.parametrize(
    ("said", "sides"),
    [
        ({**QUOTE, "bp": 1.03}, (103, 103, 1, 4)),
        ({**QUOTE, "bp": 0, "bs": 0}, (0, 103, 0, 4)),
        ({**QUOTE, "ap": 0, "as": 0}, (101, 0, 1, 0)),
        ({**QUOTE, "bp": 0, "bs": 0, "ap": 0, "as": 0}, (0, 0, 0, 0)),
    ],
)
def test_locked_and_one_sided_quotes_are_normal(
    said: dict, sides: tuple[int, int, int, int]
) -> None:
    assert drawn(said) == [Quote("NVX", *sides, NOW)]


@pytest.mark.parametrize(
    "said",
    [
        {**TRADE, "p": 0},
        {**TRADE, "p": -1},
        {**TRADE, "p": "NaN"},
        {**TRADE, "p": "Infinity"},
        {**TRADE, "p": "1E+999999"},
        {**TRADE, "p": 0.001},
        {**TRADE, "p": 10**13},
        {**TRADE, "s": 0},
        {**TRADE, "s": 0.5},
        {**TRADE, "s": 10**30},
        {**TRADE, "t": "yesterday"},
        {**QUOTE, "bp": 1.04},
        {**QUOTE, "bp": 0},
        {**QUOTE, "as": 0},
        {**HALT, "t": ""},
    ],
)
def test_what_cannot_have_happened_is_counted_and_dropped(said: dict) -> None:
    upstream = hear(source(), said)
    assert upstream.draw(NOW) == []
    assert upstream.bad == 1


COIN = msgspec.structs.replace(definition("BTC/USD"), lot=Decimal("0.0001"))
COINS = msgspec.structs.replace(PLAN, definitions=(COIN,))


def test_coins_trade_in_fractions() -> None:
    """What is left of a lot is cut off, and a quote of less than a lot stays a quote."""
    upstream = source(COINS)
    hear(
        upstream,
        {**TRADE, "S": "BTC/USD", "s": 0.0005, "tks": "S"},
        {**TRADE, "S": "BTC/USD", "s": 12.34567},
        {**QUOTE, "S": "BTC/USD", "bs": 0.00002, "as": 1.5},
    )
    traded, more, quoted = (event for event in upstream.draw(NOW) if hasattr(event, "symbol"))
    assert (traded.symbol, traded.size, traded.side, more.size) == ("BTC/USD", 5, Side.SELL, 123456)
    assert (quoted.bid_size, quoted.ask_size) == (1, 15000)
    assert upstream.bad == 0
    assert hear(upstream, {**TRADE, "S": "BTC/USD", "s": 0.00001}).bad == 1


def test_the_side_is_received_or_guessed_from_the_quote() -> None:
    prices = [1.01, 1.03, 1.02, 1.02, 1.01, 1.02]
    said = [QUOTE, *({**TRADE, "p": price} for price in prices), {**TRADE, "p": 1.01, "tks": "B"}]
    sides = "".join(tick.side[0] for tick in drawn(*said) if isinstance(tick, Trade))
    assert sides == "SBBBSSB"


def test_a_halt_and_its_end_become_statuses() -> None:
    quoting = {**HALT, "sc": "Q", "rm": "", "sm": "Quotation Resumption"}
    trading = {**HALT, "sc": "T", "rm": "", "sm": "Trading"}
    assert drawn(HALT, quoting, trading, {**HALT, "sc": "?"}, {**HALT, "sc": "E"}) == [
        Status("NVX", Phase.HALTED, "News", NOW),
        Status("NVX", Phase.AUCTION, "Quotation Resumption", NOW),
        Status("NVX", Phase.OPEN, "Trading", NOW),
    ]


def test_a_reason_has_at_most_200_characters() -> None:
    [status] = drawn({**HALT, "rm": "N" * 199 + "ews"})
    assert status == Status("NVX", Phase.HALTED, "N" * 199 + "e", NOW)


def test_a_price_band_is_rounded_inwards() -> None:
    said = {"T": "l", "S": "ORB", "u": 3.24, "d": 2.61, "i": "B", "t": AT, "z": "C"}
    assert drawn(said) == [PriceBand("ORB", 53, 64, NOW)]


def test_time_runs_neither_ahead_nor_back() -> None:
    times = ("2026-09-21T14:13:19Z", "2030-01-01T00:00:00Z", "2026-09-21T14:13:18Z")
    found = [tick.ts_event for tick in drawn(*({**TRADE, "t": at} for at in times), now_ms=NOW + 5)]
    assert found == [NOW - 1000, NOW + 5, NOW + 5]


def test_fields_that_may_be_missing_may_be_null() -> None:
    bare = {key: value for key, value in TRADE.items() if key not in "icxz"}
    assert drawn(TRADE | dict.fromkeys("icxz") | {"tks": None}) == drawn(bare)
    [status] = drawn(HALT | {"sm": None, "rm": None})
    assert (status.phase, status.reason) == (Phase.HALTED, "")
    assert parse_message('[{"T":"error","code":500,"msg":null}]').bad == 0


def test_a_correction_without_conditions_keeps_the_former_ones() -> None:
    fix = {
        "T": "c", "S": "NVX", "x": "D", "z": "C", "t": AT,
        "oi": 9, "op": 126.55, "os": 100, "ci": 10, "cp": 126.5, "cs": 100,
    }  # fmt: skip
    [odd_lot] = drawn(fix | {"oc": ["@", "I"]})
    [also] = drawn(fix | {"oc": ["@", "I"], "cc": None})
    [regular] = drawn(fix | {"oc": ["@", "I"], "cc": ["@"]})
    moves = [change.corrected.bar for change in (odd_lot, also, regular)]
    assert moves == [MOVES_VOLUME, MOVES_VOLUME, MOVES_ALL]


# --- rests, troubles ------------------------------------------------------------------------


def test_a_feed_that_rests_hears_only_phases() -> None:
    upstream = source(msgspec.structs.replace(PLAN, state=FeedState.PAUSED))
    hear(upstream, TRADE, QUOTE, HALT)
    upstream.plan(PLAN)
    assert upstream.draw(NOW) == [Status("NVX", Phase.HALTED, "News", NOW)]


def test_a_halt_during_a_pause_holds_after_it() -> None:
    upstream = UpstreamSource()
    engine = Engine(epoch="e1", open_source=lambda _: upstream)
    engine.reconcile([PLAN], NOW)
    engine.reconcile([msgspec.structs.replace(PLAN, state=FeedState.PAUSED)], NOW)
    hear(upstream, HALT)
    resumed = engine.reconcile([PLAN], NOW + 40).events
    assert resumed[-1] == Status("NVX", Phase.HALTED, "News", NOW, vendor_day(NOW))
    hear(upstream, TRADE, {**TRADE, "S": "ORB"})
    assert [tick.symbol for tick in engine.step(NOW + 80).events] == ["ORB"]


def test_trouble_is_reported_once_and_its_end_too() -> None:
    upstream = source()
    assert upstream.draw(NOW) == []
    upstream.trouble("the upstream is lost")
    status = FeedStatus("live", "Live", FeedState.RUNNING, 1.0, "the upstream is lost", NOW)
    assert upstream.draw(NOW) == [status]
    assert upstream.draw(NOW + 40) == []
    upstream.trouble("")
    assert upstream.draw(NOW + 80) == [
        msgspec.structs.replace(status, reason="", ts_event=NOW + 80)
    ]


def test_trouble_is_reported_again_after_a_plan_said_otherwise() -> None:
    upstream = source()
    upstream.trouble("the upstream is lost")
    upstream.draw(NOW)
    upstream.plan(msgspec.structs.replace(PLAN, reason="a new day"))
    [status] = upstream.draw(NOW)
    assert status.reason == "the upstream is lost"
    upstream.trouble("")
    [status] = upstream.draw(NOW)
    assert status.reason == "a new day"


def test_lost_trades_are_reported_until_the_next_plan() -> None:
    upstream = source()
    upstream.inbox = Inbox(8)
    for _ in range(10):
        hear(upstream, TRADE)
    *ticks, status = upstream.draw(NOW)
    assert (len(ticks), status.reason) == (8, "2 trades were lost")
    assert upstream.draw(NOW) == []
    upstream.plan(PLAN)
    assert upstream.draw(NOW) == []


# --- what waits -----------------------------------------------------------------------------


def quote(bid: int, symbol: str = "NVX") -> Quote:
    return Quote(symbol, bid, bid + 1, 1, 1, NOW)


def trade(price: int) -> Trade:
    return Trade("NVX", price, 1, Side.BUY, NOW, NOW)


def test_what_fits_waits_in_its_order() -> None:
    inbox, events = Inbox(4), [quote(1), trade(1), quote(2), trade(2)]
    for event in events:
        inbox.put(event)
    assert inbox.take() == events
    assert inbox.take() == []
    assert (inbox.merged, inbox.lost) == (0, 0)


def test_quotes_and_phases_give_way_before_any_trade() -> None:
    inbox = Inbox(8)
    halted, opened = (Status("NVX", phase, "", NOW) for phase in (Phase.HALTED, Phase.OPEN))
    first = [quote(1), trade(1), quote(2), halted, trade(2), quote(3), opened, quote(4, "ORB")]
    for event in [*first, trade(3)]:
        inbox.put(event)
    assert inbox.take() == [trade(1), trade(2), quote(3), opened, quote(4, "ORB"), trade(3)]
    assert (inbox.merged, inbox.lost) == (3, 0)


def test_trades_that_find_no_room_are_counted_and_the_newest_stay() -> None:
    inbox = Inbox(8)
    for price in range(1, 101):
        inbox.put(trade(price))
    kept = [tick.price_ticks for tick in inbox.take()]
    assert kept == list(range(101 - len(kept), 101))
    assert len(kept) <= 8
    assert inbox.lost == 100 - len(kept)


@given(st.lists(st.integers(1, 3) | st.none(), max_size=60), st.integers(4, 12))
def test_nothing_is_lost_without_a_count(script: list[int | None], capacity: int) -> None:
    inbox = Inbox(capacity)
    for number, message in enumerate(script, 1):
        inbox.put(trade(number) if message is None else quote(number, "ABC"[message - 1]))
    kept = inbox.take()
    assert len(kept) + inbox.merged + inbox.lost == len(script)
    assert len(kept) <= capacity
