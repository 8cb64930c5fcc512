"""Every text is a command or a documented refusal; every frame is JSON."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dashboard.exceptions import CommandRefused
from dashboard.wire.commands import (
    Ping,
    Set,
    Subscribe,
    decode_command,
    encode_refusal,
    encode_success,
    notice_id_of,
)
from dashboard.wire.frames import (
    encode_book,
    encode_correction,
    encode_end,
    encode_gone,
    encode_heartbeat,
    encode_pace,
    encode_row,
    encode_shutdown,
    encode_snapshot,
    encode_update,
    encode_welcome,
)
from dashboard.wire.personal import NamedList, Notice, encode_notices, encode_watchlist, version_of
from dashboard.wire.positions import UNREADABLE_POSITION, ReaderPosition, position_of
from dashboard.wire.registry import CLOSE_TEXT, ERROR_TEXT, SNAPSHOT_ENTRIES, Channel, Close, Error
from feeds.market.board import Board
from feeds.market.events import Amendment, AmendmentKind, Event
from tests.support.market_script import NOW, listing, scripts


def refused(text: str) -> CommandRefused:
    with pytest.raises(CommandRefused) as caught:
        decode_command(text)
    return caught.value


def test_a_subscription_is_read_with_its_parameters() -> None:
    text = (
        '{"method":"subscribe","params":{"channel":"ticker","symbols":["NVX"],"max_rate":5,'
        '"since":"e1:7","later":1},"id":"a"}'
    )
    answer = decode_command(text)
    assert (answer.method, answer.id) == ("subscribe", "a")
    assert answer.command == Subscribe("ticker", ("NVX",), max_rate=5, since="e1:7")


def test_parameters_and_id_may_be_left_out() -> None:
    assert decode_command('{"method":"ping"}').command == Ping()
    assert decode_command('{"method":"set"}').command == Set()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", Error.BAD_FRAME),
        ("{", Error.BAD_FRAME),
        ("[" * 100_000, Error.BAD_PARAMETERS),
        ('{"method":"ping","params":' + "[" * 60_000, Error.BAD_FRAME),
        ('{"method":"ping","params":' + "[" * 30_000 + "]" * 30_000 + "}", Error.BAD_FRAME),
        ('{"method":"ping"} x', Error.BAD_FRAME),
        ("[]", Error.BAD_PARAMETERS),
        ("{}", Error.BAD_PARAMETERS),
        ('{"method":7}', Error.BAD_PARAMETERS),
        ('{"method":"ping","id":{}}', Error.BAD_PARAMETERS),
        ('{"method":"ping","id":"' + "x" * 65 + '"}', Error.BAD_PARAMETERS),
        ('{"method":"dance"}', Error.UNKNOWN_METHOD),
        ('{"method":"subscribe"}', Error.BAD_PARAMETERS),
        ('{"method":"subscribe","params":[]}', Error.BAD_PARAMETERS),
        ('{"method":"subscribe","params":{"channel":"ticker","since":7}}', Error.BAD_PARAMETERS),
        ('{"method":"subscribe","params":{"channel":"ticker","max_rate":0}}', Error.BAD_PARAMETERS),
        ('{"method":"set","params":{"max_rate":21}}', Error.BAD_PARAMETERS),
        ('{"method":"set","params":{"max_rate":NaN}}', Error.BAD_FRAME),
        ('{"method":"set","params":{"paused":1}}', Error.BAD_PARAMETERS),
        ('{"method":"ack"}', Error.BAD_PARAMETERS),
    ],
)  # fmt: skip
def test_what_is_no_command_is_refused_with_its_code(text: str, code: Error) -> None:
    assert refused(text).code == code


def test_what_a_subscription_leaves_out_has_its_default() -> None:
    found = decode_command('{"method":"subscribe","params":{"channel":"bars"}}').command
    assert msgspec.structs.asdict(found) == {
        "channel": "bars", "symbols": None, "fields": None, "max_rate": None, "since": None,
        "unread": None, "interval": "1m", "corrections": False, "lists": None,
    }  # fmt: skip
    found = decode_command('{"method":"ack","params":{"position":"e:1"}}').command
    assert msgspec.structs.asdict(found) == {"position": "e:1", "paint_ms": 0.0}


@pytest.mark.parametrize(
    ("method", "params", "good", "bad"),
    [
        ("set", '"max_rate":{}', ("0.2", "20"), ("0.199", "20.001")),
        ("subscribe", '"channel":"ticker","max_rate":{}', ("0.2", "20"), ("0.199", "20.001")),
        ("ack", '"position":"e:1","paint_ms":{}', ("0", "60000"), ("-0.001", "60000.001")),
    ],
)
def test_a_parameter_lies_within_its_limits(method, params, good, bad) -> None:
    frame = '{{"method":"{}","params":{{{}}}}}'
    for value in good:
        assert decode_command(frame.format(method, params.format(value)))
    for value in bad:
        assert refused(frame.format(method, params.format(value))).code == Error.BAD_PARAMETERS


def test_an_id_has_up_to_64_characters() -> None:
    assert decode_command('{"method":"ping","id":"' + "x" * 64 + '"}').id == "x" * 64


def test_a_refusal_carries_the_id_it_can_read() -> None:
    frame = json.loads(encode_refusal(refused('{"method":"dance","id":9}')))
    assert (frame["method"], frame["id"]) == ("dance", 9)
    assert frame["success"] is False
    assert frame["error"] == {
        "code": 402, "name": "unknown_method", "message": "method was 'dance'", "retry": False,
    }  # fmt: skip


def test_what_is_no_object_is_refused_in_words() -> None:
    assert str(refused("{x")) == "not a JSON object in a text frame"
    assert str(refused('{"method":7}')) == "Expected `str`, got `int` - at `$.method`"


def test_a_watchlist_without_lists_has_no_version() -> None:
    assert json.loads(encode_watchlist(("NVX",))) == {
        "channel": "watchlist", "type": "snapshot", "data": ["NVX"],
    }  # fmt: skip
    lists = (NamedList(id=1, name="Mine", symbols=("NVX",)),)
    frame = json.loads(encode_watchlist(("NVX",), lists))
    assert (frame["version"], [each["name"] for each in frame["lists"]]) == (
        version_of(lists),
        ["Mine"],
    )


def test_a_refusal_of_a_parameter_names_the_method_and_the_id() -> None:
    frame = json.loads(encode_refusal(refused('{"method":"set","params":{"paused":1},"id":"a"}')))
    assert (frame["method"], frame["id"], frame["success"]) == ("set", "a", False)


def test_a_refusal_repeats_only_so_much_of_a_method() -> None:
    frame = json.loads(encode_refusal(refused(json.dumps({"method": "x" * 10_000}))))
    assert frame["method"] == "x" * 32


@pytest.mark.slow
@given(
    st.text()
    | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(json.dumps)
)
def test_any_text_is_a_command_or_a_refusal(text: str) -> None:
    """Nothing else is raised, whatever is sent."""
    try:
        decode_command(text)
    except CommandRefused as error:
        frame = json.loads(encode_refusal(error))
    else:
        return
    assert frame["success"] is False


_fields = st.dictionaries(
    st.sampled_from(["channel", "symbols", "max_rate", "since", "paused", "position"]),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text()),
)


@given(st.sampled_from(["subscribe", "unsubscribe", "set", "ack", "ping"]), _fields)
def test_any_parameters_are_a_command_or_a_refusal(method: str, params: dict) -> None:
    try:
        answer = decode_command(json.dumps({"method": method, "params": params}))
    except CommandRefused:
        return
    assert json.loads(encode_success(answer))["success"] is True


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "٣", "9" * 19, "²"])
def test_junk_is_no_notification_id(text: str) -> None:
    assert notice_id_of(text) is None


def test_positions_and_ids_are_read() -> None:
    assert position_of("e1:7") == ReaderPosition("e1", 7)
    assert position_of("e1x0123abcd:7") == ReaderPosition("e1", 7, "x0123abcd")
    assert position_of(None) is None
    assert notice_id_of("12") == 12


@pytest.mark.parametrize(
    "junk",
    [
        "", " ", "junk", ":", ":5", "e1", "e1:", "e1:-1", "e1:+1", "e1:5 ", " e1:5", "e1:5\n",
        "e1: 5", "e1:1e3", "e1:1.0", "e1:05", "e1:0x5", "e1:1_0", "e1:٣", "e1:５", "é1:5", "e1:5:6",
        "e1::5", "e1;5", "e-1:5", "e1:" + "9" * 17, "e1:" + "9" * 5000, "e" * 33 + ":5", "null",
        "e1:null", "e1:NaN", "e1:5\x00",
    ],
)  # fmt: skip
def test_junk_is_the_position_of_a_reader_that_was_somewhere(junk: str) -> None:
    assert position_of(junk) == UNREADABLE_POSITION


def test_a_big_snapshot_comes_in_frames_that_say_that_more_follow() -> None:
    entries = [f'"S{number}":{{}}' for number in range(2 * SNAPSHOT_ENTRIES + 1)]
    frames = encode_snapshot(Channel.TICKER, entries, epoch="e1", seq=7, ts=1)
    read = [json.loads(frame) for frame in frames]
    assert [len(frame["data"]) for frame in read] == [SNAPSHOT_ENTRIES, SNAPSHOT_ENTRIES, 1]
    assert [frame.get("more") for frame in read] == [True, True, None]
    symbols = [symbol for frame in read for symbol in frame["data"]]
    assert symbols == [f"S{number}" for number in range(2 * SNAPSHOT_ENTRIES + 1)]


def test_an_empty_snapshot_is_one_frame() -> None:
    (frame,) = encode_snapshot(Channel.TICKER, [], epoch="e1", seq=0, ts=1)
    assert json.loads(frame)["data"] == {}


def test_what_is_gone_says_so_in_prices_and_books() -> None:
    assert encode_book("NVX", None) == '"NVX":{"gone":true}'
    assert encode_gone("NVX", ticks=3) == '"NVX":{"gone":true,"n":3}'


def test_an_update_says_what_it_covers() -> None:
    frame = json.loads(encode_update(Channel.TICKER, ['"NVX":{}'], since=3, seq=9, ts=1))
    assert (frame["from"], frame["seq"], frame["data"]) == (3, 9, {"NVX": {}})


@given(scripts)
def test_rows_are_json_whatever_happened(events: list[Event]) -> None:
    board = Board()
    for sequence, event in enumerate(events, 1):
        board.apply(sequence, event)
    for symbol, row in board.rows.items():
        assert json.loads(f"{{{encode_row(symbol, row, ts=NOW)}}}")[symbol]["ph"] == row.phase


def test_every_code_has_its_text_and_closes_are_of_the_private_range() -> None:
    assert set(ERROR_TEXT) == set(Error)
    assert set(CLOSE_TEXT) == set(Close)
    assert all(4000 <= code <= 4999 for code in Close if code is not Close.TOO_BIG)


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({}, {"ref": "X1", "new_ref": "X2", "p": 1.0, "q": 5, "op": 0.99, "oq": 4, "et": NOW}),
        ({"new_ref": "X1"}, {"ref": "X1", "p": 1.0, "q": 5, "op": 0.99, "oq": 4, "et": NOW}),
        (
            {"ref": "", "new_ref": "", "former_ticks": 0, "former_size": 0},
            {"p": 1.0, "q": 5, "et": NOW},
        ),
        (
            {"price_ticks": 0, "size": 0, "exchange_ms": 0},
            {"ref": "X1", "new_ref": "X2", "op": 0.99, "oq": 4},
        ),
        (
            {"volume": None},
            {"ref": "X1", "new_ref": "X2", "p": 1.0, "q": 5, "op": 0.99, "oq": 4, "et": NOW}
            | {"unknown": True},
        ),
    ],
)
def test_a_correction_says_what_is_known_and_nothing_else(
    changes: dict[str, Any], keys: dict[str, Any]
) -> None:
    board = Board()
    board.apply(1, listing("NVX"))
    amendment = replace(
        Amendment("NVX", AmendmentKind.CORRECTED, NOW, "X1", "X2", 100, 5, 99, 4, NOW, volume=9),
        **changes,
    )
    text = encode_correction(amendment, board.rows["NVX"], sequence=3)
    entry = json.loads(text.entry(NOW + 7))
    assert entry == {"s": "NVX", "fix": "corrected", "i": 3, "ms": 7, **keys}


def test_the_frames_of_a_connection_say_exactly_this() -> None:
    notice = Notice(id=7, title="t", body="", level="info", t=NOW, read=True)
    said = {
        encode_end(code=4401, reason="out"): {"code": 4401, "reason": "out"},
        encode_shutdown(retry_ms=9): {"channel": "status", "type": "shutdown", "retry_ms": 9},
        encode_pace(rate=3.9, reason="line"): {
            "channel": "status", "type": "pace", "rate": 3.9, "reason": "line",
        },
        encode_heartbeat(seq=4, ts=NOW): {"channel": "heartbeat", "seq": 4, "ts": NOW},
        encode_heartbeat(seq=4, ts=NOW, stale_ms=0, trouble='a "b"'): {
            "channel": "heartbeat", "seq": 4, "ts": NOW, "stale": 0, "trouble": 'a "b"',
        },
        encode_welcome(epoch="e1", heartbeat_ms=5, commands_per_s=6, ts=NOW): {
            "channel": "status", "type": "welcome", "version": 1, "server_time": NOW,
            "epoch": "e1", "heartbeat_ms": 5,
            "limits": {
                "symbols": 500, "message_bytes": 65_536, "commands_per_s": 6, "max_rate": 20,
            },
        },
        encode_notices((), since=None, seq=0, unread=0, has_gap=True): {
            "channel": "notifications", "type": "snapshot", "gap": True, "seq": 0, "unread": 0,
            "data": [],
        },
        encode_notices((notice,), since=0, seq=7, unread=0): {
            "channel": "notifications", "from": 0, "seq": 7, "unread": 0,
            "data": [
                {"id": 7, "title": "t", "body": "", "level": "info", "t": NOW, "read": True},
            ],
        },
    }  # fmt: skip
    assert [json.loads(text) for text in said] == list(said.values())
