"""What a command is refused for, at the limit and beyond it; each refusal names its command."""

import json
from typing import Any

import pytest

from dashboard.delivery.replica import Replica
from dashboard.delivery.subscriber import Subscriber
from dashboard.people.access import UNLIMITED, Rights, Scope
from dashboard.wire.registry import BAR_LIMIT, DEPTH_LIMIT, MESSAGE_BYTES, SYMBOL_LIMIT
from feeds.clock import Moment
from feeds.market.board import Board
from feeds.market.events import Batch, Quote
from tests.support.market_script import NOW, listing

NOW_S = Moment(NOW, 100.0)


def market(epoch: str = "e1") -> Replica:
    replica = Replica(epoch, Board(), capacity=1000, ts=NOW)
    if epoch:
        replica.receive(Batch(epoch, 1, (listing("NVX"), listing("ORB"))), ts=NOW)
    return replica


def answer_of(
    subscriber: Subscriber, replica: Replica, method: str, **params: Any
) -> dict[str, Any]:
    text = json.dumps({"method": method, "params": params, "id": "a7"})
    return json.loads(subscriber.receive(text, replica, NOW_S)[0])


def names(count: int) -> list[str]:
    return [f"S{number}" for number in range(count)]


@pytest.mark.parametrize(
    ("method", "params", "name", "fact"),
    [
        ("subscribe", {"channel": "gossip"}, "unknown_channel", "channel was 'gossip'"),
        ("unsubscribe", {"channel": "x" * 40}, "unknown_channel", f"channel was '{'x' * 32}'"),
        ("subscribe", {"channel": "deck"}, "forbidden", "this channel is for operators"),
        (
            "subscribe",
            {"channel": "watchlist"},
            "forbidden",
            "this token does not have the scope personal",
        ),
        (
            "subscribe",
            {"channel": "ticker", "symbols": ["NVX"], "fields": ["y" * 40]},
            "bad_parameters",
            f"field was '{'y' * 32}'",
        ),
        (
            "subscribe",
            {"channel": "bars", "symbols": ["NVX@" + "z" * 20]},
            "bad_parameters",
            f"interval was '{'z' * 16}', expected 1s, 5s, 1m, 5m, 15m, 1h, 1d",
        ),
        (
            "subscribe",
            {"channel": "bars", "symbols": ["*"]},
            "bad_parameters",
            "bars are of named symbols",
        ),
        (
            "subscribe",
            {"channel": "depth", "symbols": ["*"]},
            "bad_parameters",
            "depth is of named symbols",
        ),
        (
            "unsubscribe",
            {"channel": "trades", "symbols": ["NVX"]},
            "bad_parameters",
            "everything is subscribed: unsubscribe * instead",
        ),
        *(
            (
                "subscribe",
                {"channel": channel, "symbols": names(limit + 1)},
                "too_many_symbols",
                f"limit is {limit} {what}, was {limit + 1}",
            )
            for channel, limit, what in (
                ("ticker", SYMBOL_LIMIT, "symbols"),
                ("bars", BAR_LIMIT, "bars"),
                ("depth", DEPTH_LIMIT, "books"),
            )
        ),
    ],
)
def test_a_refusal_names_its_command_and_says_a_fact(
    method: str, params: dict[str, Any], name: str, fact: str
) -> None:
    scopes = frozenset({Scope.MARKET, Scope.DECK})
    subscriber, replica = Subscriber(heartbeat_ms=5000, now=NOW_S, scopes=scopes), market()
    assert answer_of(subscriber, replica, "subscribe", channel="trades", symbols=["*"])["success"]
    answer = answer_of(subscriber, replica, method, **params)
    assert (answer["method"], answer["id"], answer["success"]) == (method, "a7", False)
    assert (answer["error"]["name"], answer["error"]["message"]) == (name, fact)


@pytest.mark.parametrize("channel", ["ticker", "trades", "bars", "depth"])
def test_a_market_that_has_not_begun_and_a_reader_that_is_ahead_come_again(channel: str) -> None:
    ahead = Subscriber(heartbeat_ms=5000, now=NOW_S)
    found = answer_of(
        ahead, market(), "subscribe", channel=channel, symbols=["NVX", "NEW"], since="e1:9"
    )
    for answer, fact in (
        (found, "this process is behind your position"),
        (
            answer_of(
                Subscriber(heartbeat_ms=5000, now=NOW_S),
                market(""),
                "subscribe",
                channel=channel,
                symbols=["NVX"],
            ),
            "the market has not begun",
        ),
    ):
        assert (answer["method"], answer["id"]) == ("subscribe", "a7")
        assert (answer["error"]["name"], answer["error"]["message"]) == ("unavailable", fact)


@pytest.mark.parametrize(
    ("channel", "limit"),
    [
        ("ticker", SYMBOL_LIMIT),
        ("trades", SYMBOL_LIMIT),
        ("bars", BAR_LIMIT),
        ("depth", DEPTH_LIMIT),
    ],
)
def test_a_reader_may_have_as_many_as_the_limit_over_several_commands(
    channel: str, limit: int
) -> None:
    subscriber, replica = Subscriber(heartbeat_ms=5000, now=NOW_S), market()
    first = answer_of(subscriber, replica, "subscribe", channel=channel, symbols=["NVX"])
    assert first["success"]
    rest = names(limit - 1)
    for symbols, is_right in ((["NVX", *rest], True), (rest, True), ([*rest, "X"], False)):
        answer = answer_of(subscriber, replica, "subscribe", channel=channel, symbols=symbols)
        assert answer["success"] is is_right


def test_who_has_everything_may_name_as_many_as_there_are() -> None:
    subscriber, replica = Subscriber(heartbeat_ms=5000, now=NOW_S), market()
    for symbols in (["*"], names(SYMBOL_LIMIT + 1)):
        answer = answer_of(subscriber, replica, "subscribe", channel="ticker", symbols=symbols)
        assert answer["success"]


@pytest.mark.parametrize(
    ("message", "fact"),
    [
        (b'{"method":"ping"}', "binary frames are not commands"),
        ("x" * (MESSAGE_BYTES + 1), "message was larger than 65536 bytes"),
        ("\u00e9" * (MESSAGE_BYTES // 2 + 1), "message was larger than 65536 bytes"),
        ("\u00e9" * (MESSAGE_BYTES // 2), "not a JSON object in a text frame"),
        ("x" * MESSAGE_BYTES, "not a JSON object in a text frame"),
        ("\ud800", "not a JSON object in a text frame"),
    ],
)
def test_a_message_that_is_no_text_or_too_long_is_not_read(message: str | bytes, fact: str) -> None:
    subscriber = Subscriber(heartbeat_ms=5000, now=NOW_S)
    (text,) = subscriber.receive(message, market(), NOW_S)
    assert json.loads(text)["error"] == {
        "code": 400, "name": "bad_frame", "message": fact, "retry": False,
    }  # fmt: skip


def test_operators_read_the_deck() -> None:
    operator = Subscriber(
        heartbeat_ms=5000, now=NOW_S, access=UNLIMITED, rights=Rights(operates=True)
    )
    answer = answer_of(operator, market(), "subscribe", channel="deck")
    assert (answer["result"], operator.deck.is_open) == ({"channel": "deck"}, True)
    assert answer_of(operator, market(), "unsubscribe", channel="deck")["success"]
    assert not operator.deck.is_open


def test_the_fields_of_a_ticker_are_nothing_to_other_channels() -> None:
    subscriber, replica = Subscriber(heartbeat_ms=5000, now=NOW_S), market()
    wanted = {"channel": "ticker", "symbols": ["NVX"], "fields": ["p"]}
    assert answer_of(subscriber, replica, "subscribe", **wanted)["success"]
    for channel in ("trades", "bars", "depth"):
        other = {"channel": channel, "symbols": ["NVX"], "fields": ["b"]}
        assert answer_of(subscriber, replica, "subscribe", **other)["success"]
    (text,) = subscriber.receive(
        '{"method":"subscribe","params":{"channel":"ticker","symbols":["ORB"]}}', replica, NOW_S
    )[1:]
    assert set(json.loads(text)["data"]["ORB"]) == {"p", "ms"}


def test_a_reader_without_channels_lags_behind_nothing() -> None:
    subscriber, replica = Subscriber(heartbeat_ms=5000, now=NOW_S), market()
    assert (subscriber.lag(replica), subscriber.behind(replica)) == (0, 0)


def test_a_position_that_was_sent_holds_for_quiet_channels_too() -> None:
    subscriber, replica = Subscriber(heartbeat_ms=5000, now=NOW_S), market()
    answer_of(subscriber, replica, "subscribe", channel="ticker", symbols=["NVX"])
    replica.receive(Batch("e1", 3, (Quote("ORB", 5, 6, 1, 1, NOW),)), ts=NOW)
    assert subscriber.frames(replica, NOW_S) == []
    assert str(subscriber.settle(replica)) == "e1:3"
    replica.receive(Batch("e1", 4, (Quote("NVX", 5, 6, 1, 1, NOW),)), ts=NOW)
    assert subscriber.settle(replica) is None
    (text,) = subscriber.frames(replica, NOW_S)
    assert (json.loads(text)["from"], json.loads(text)["seq"]) == (3, 4)
