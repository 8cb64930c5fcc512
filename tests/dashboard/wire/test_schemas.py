"""The described schemas are what the encoders write: nothing more is said, and nothing less."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.protocol.examples import COMMANDS, SAID
from dashboard.wire.frames import encode_heartbeat, encode_shutdown, encode_trade, encode_update
from dashboard.wire.personal import NamedList, Notice, Personal, Section
from dashboard.wire.registry import FIELDS, Channel
from dashboard.wire.schemas.bars import BarEntry, NoBar
from dashboard.wire.schemas.fields import WireSchema
from dashboard.wire.schemas.replies import ANSWERS, FRAMES, ErrorAnswer, SubscribeResult
from dashboard.wire.schemas.ticker import TickerEntry
from feeds.market.board import Board
from feeds.market.events import (
    Batch,
    Delisting,
    Event,
    FeedRemoval,
    FeedState,
    FeedStatus,
    Quote,
    Side,
    Trade,
)
from tests.support.listener import Listener
from tests.support.market_script import NOW, SYMBOLS, batches, listing, scripts
from tests.support.places import GOLDEN
from tests.support.schemas import fits, schemas_of

GOLDEN_STEPS = [
    step
    for name in ("frames.json", "bars.json", "depth.json", "trades.json")
    for step in json.loads((GOLDEN / name).read_text())
]
levels = st.sampled_from(["info", "warning", "critical"])
notices = st.builds(
    Notice, st.integers(1, 99), st.text(), st.text(), levels, st.just(NOW), st.booleans()
)
watched = st.lists(st.sampled_from(SYMBOLS), unique=True).map(tuple)
sections = st.lists(st.builds(Section, st.integers(0, 9), st.text()), max_size=2).map(tuple)
lists = st.builds(NamedList, st.integers(0, 9), st.text(), watched, sections)
people = st.builds(
    lambda symbols, found, named: Personal(symbols, len(found), tuple(found), tuple(named)),
    watched,
    st.lists(notices, max_size=4),
    st.lists(lists, max_size=2),
)


def only_schema(text: str) -> str:
    (name,) = schemas_of(text)
    return name


def test_every_golden_frame_has_one_schema() -> None:
    frames = [json.dumps(frame) for step in GOLDEN_STEPS for frame in step["frames"]]
    assert len(frames) > 15
    for frame in frames:
        only_schema(frame)


@pytest.mark.slow
@given(scripts, st.lists(st.integers(1, 60), max_size=5), people, st.sets(st.sampled_from(FIELDS)))
def test_every_frame_of_any_market_has_one_schema(
    events: list[Event], cuts: list[int], person: Personal, fields: set[str]
) -> None:
    """Whatever happens, to whoever listens: each frame decodes as exactly one schema."""
    listener = Listener()
    first, *later = batches("e1", events, cuts)
    listener.happen(first)
    wanted = {"symbols": ["*"]}
    listener.send(
        "subscribe", channel="ticker", **wanted, **({"fields": [*fields]} if fields else {})
    )
    listener.send("subscribe", channel="trades", **wanted)
    listener.send("subscribe", channel="bars", symbols=["NVX@1s", "ORB"], interval="1m")
    for channel in ("status", "notifications", "watchlist"):
        listener.send("subscribe", channel=channel)
    listener.subscriber.personal.offer(person)
    for batch in later:
        listener.listen()
        listener.happen(batch)
    listener.listen()
    listener.listen(10)
    for text in listener.texts:
        only_schema(text)


def everything_said() -> list[str]:
    """Return every frame that a listener gets when everything happens that a server can say."""
    listener = Listener()
    feed = FeedStatus("demo", "Demo", FeedState.RUNNING, 200.0, "", NOW)
    trade = Trade("NVX", 101, 5, Side.BUY, NOW)
    listener.happen(Batch("e1", 1, (feed, listing("NVX"), trade)))
    listener.send("subscribe", channel="ticker", symbols=["NVX", "NONE"], max_rate=20)
    listener.send("subscribe", channel="trades", symbols=["*"])
    listener.send("subscribe", channel="bars", symbols=["NVX"], interval="1s")
    listener.send("subscribe", channel="depth", symbols=["NVX"])
    for channel in ("status", "notifications", "watchlist"):
        listener.send("subscribe", channel=channel)
    listener.send("subscribe", channel="deck")
    listener.subscriber.deck.offer(json.dumps(SAID["DeckSnapshot"]))
    notice = Notice(7, "t", "b", "info", NOW, False)
    listener.subscriber.personal.offer(Personal(("NVX",), 1, (notice,)))
    listener.listen()
    listener.subscriber.personal.offer(
        Personal(
            ("NVX",),
            2,
            (Notice(8, "", "", "critical", NOW, False), notice),
            (NamedList(3, "Energy", ("NVX",), (Section(0, "Oil"),)),),
        )
    )
    quote = Quote("NVX", 100, 101, 5, 5, NOW)
    listener.happen(Batch("e1", 4, (quote, trade, FeedRemoval("demo", NOW))))
    listener.listen()
    listener.listen(10)
    listener.replica.stale_ms, listener.trouble = NOW, 'The disk is "full".'
    listener.listen()
    listener.send("ack", position="e1:6", paint_ms=900)
    listener.happen(Batch("e1", 7, (quote,)))
    listener.listen(10)
    listener.send("ping")
    listener.send("set", max_rate=0.5, paused=True)
    listener.send("unsubscribe", channel="trades")
    listener.send("dance")
    return [*listener.texts, encode_shutdown(retry_ms=1)]


def test_everything_described_is_said() -> None:
    """A schema that no encoder writes any more would be found here."""
    seen = {only_schema(text) for text in everything_said()}
    assert seen == {schema.__name__ for schema in (*FRAMES, *ANSWERS)}


MANY_BARS = [f"S{number}@1s" for number in range(2, 12)]
"""With 60 bars of each they are too many for one frame."""


def of_big_market() -> list[str]:
    """Return the frames for a reader with a lost place: 501 instruments, one of which leaves."""
    listener = Listener()
    symbols = [f"S{number}" for number in range(501)]
    traded = [
        Trade(f"S{number}", 101, 5, Side.BUY, NOW + 1000 * n)
        for number in range(1, 12)
        for n in range(60)
    ]
    listener.happen(Batch("e1", 1, (*map(listing, symbols), *traded)))
    listener.send("subscribe", channel="status", since="lost:7")
    listener.send("subscribe", channel="ticker", symbols=["*"], since="lost:7")
    listener.send("subscribe", channel="trades", symbols=["*"], since="lost:7")
    listener.send("subscribe", channel="depth", symbols=["S1"], since="lost:7")
    listener.send("subscribe", channel="notifications", since="lost")
    listener.subscriber.personal.offer(Personal(watchlist=(), unread=0, notices=()))
    listener.send(
        "subscribe", channel="bars", symbols=["S1@1s", "S0@1s", *MANY_BARS], since="lost:7"
    )
    listener.listen()
    listener.happen(Batch("e1", listener.replica.sequence + 1, (Delisting("S1", NOW),)))
    listener.listen()
    return listener.texts


def test_every_field_described_is_said() -> None:
    """Also those that are seldom there; a field that nobody writes any more is found here."""
    seen: dict[str, set[str]] = {}
    for text in [*everything_said(), *of_big_market()]:
        seen.setdefault(only_schema(text), set()).update(json.loads(text))
    for schema in (*FRAMES, *ANSWERS):
        assert seen[schema.__name__] == names_of(schema), schema


def test_every_field_of_a_bar_is_said() -> None:
    frames = [json.loads(text) for text in of_big_market()]
    entries = [entry for f in frames if f.get("channel") == "bars" for entry in f["data"]]
    # `rev` is said of amended bars alone: tests/dashboard/delivery/test_corrections.py.
    said = {key for entry in entries for key in entry}
    assert said | {"rev"} == names_of(BarEntry) | names_of(NoBar)


def test_every_field_of_an_entry_is_said() -> None:
    frames = [json.loads(text) for text in [*everything_said(), *of_big_market()]]
    entries = [
        entry for f in frames if f.get("channel") == "ticker" for entry in f["data"].values()
    ]
    assert {key for entry in entries for key in entry} == names_of(TickerEntry)
    results = [f["result"] for f in frames if f.get("method") == "subscribe" and f["success"]]
    assert {key for result in results for key in result} == names_of(SubscribeResult)
    assert {"NONE": "unknown symbol"} in [result.get("rejected") for result in results]


def names_of(schema: type[WireSchema]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(schema)}


@pytest.mark.parametrize(
    "wrong",
    [
        '{"channel":"heartbeat","seq":7,"ts":1,"extra":1}',
        '{"channel":"heartbeat","seq":-1,"ts":1}',
        '{"channel":"ticker","type":"update","from":1,"seq":2,"ts":1,"data":{}}',
        '{"channel":"ticker","from":1,"seq":2,"ts":1,"data":{"NVX":{"x":1}}}',
        '{"channel":"ticker","from":1,"seq":2,"ts":1,"data":[]}',
        '{"channel":"status","from":1,"seq":2,"ts":1,"data":[{"s":"NVX"}]}',
        '{"channel":"trades","from":1,"seq":2,"ts":1,"data":[{"s":"NVX","p":1.5}]}',
        '{"method":"ping","success":true,"result":{"ts":1},"id":1}',
    ],
)
def test_what_is_not_described_has_no_schema(wrong: str) -> None:
    assert schemas_of(wrong) == []


def test_the_fields_of_an_entry_are_those_that_can_be_wanted() -> None:
    assert names_of(TickerEntry) == {*FIELDS, "ms", "n", "gone"}


@pytest.mark.parametrize(
    "command", [command for kind in COMMANDS.values() for command in kind], ids=json.dumps
)
def test_every_example_of_a_command_is_done(command: dict[str, Any]) -> None:
    listener = Listener("9f86d081")
    listener.happen(Batch("9f86d081", 1, (listing("NVX"),)))
    answers = listener.subscriber.receive(json.dumps(command), listener.replica, listener.now)
    answer = json.loads(answers[0])
    assert (answer["success"], answer["id"]) == (True, command["id"])


def test_every_channel_has_frames() -> None:
    channels = {json.loads(text).get("channel") for text in everything_said()}
    assert channels >= set(Channel)


def test_an_error_has_its_schema() -> None:
    assert fits('{"error":{"code":401,"name":"a","message":"b","retry":false}}', ErrorAnswer)
    assert not fits('{"error":{"code":401}}', ErrorAnswer)


def test_a_number_may_be_0_and_a_size_1_but_nothing_less() -> None:
    board = Board()
    board.apply(1, listing("NVX"))
    names = []
    for least in (0, -1):
        trade = Trade("NVX", 1, 1, Side.BUY, least)
        entry = encode_trade(trade, board.rows["NVX"], sequence=least + 1).entry(least)
        update = encode_update(Channel.TRADES, [entry], since=least, seq=least, ts=least)
        heartbeat = encode_heartbeat(seq=least, ts=least, stale_ms=least)
        empty = update.replace('"q":1,', '"q":0,')
        names.append([schemas_of(text) for text in (update, empty, heartbeat)])
    assert names == [[["TradesUpdate"], [], ["Heartbeat"]], [[], [], []]]
