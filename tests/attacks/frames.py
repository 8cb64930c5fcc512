"""Frames that break the protocol of WebSockets, and messages that are not commands."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from dashboard.wire.registry import MESSAGE_BYTES, SYMBOL_LIMIT, Close
from tests.attacks.figures import Stopwatch, as_s, counted
from tests.attacks.registry import Outcome, attack
from tests.support.protocol_violations import (
    MUCH,
    NO_TEXT,
    PROTOCOL,
    TOO_BIG,
    VIOLATIONS,
    close_code,
)
from tests.support.raw import SMALL_BYTES, handshake, open_reader, open_tcp
from tests.support.served import Served
from tests.support.waiting import PATIENCE_S

SOURCE: Final = "attack goals: oversized, fragmented and invalid frames"
COMMANDS: Final = "attack goals: subscribe flood and unknown commands"
ANSWER_S: Final = 1.0
BAD_MESSAGES: Final = 10_000
LOG_LINES: Final = 100


@attack("a reserved bit", expected="1002", source=SOURCE)
def reserved_bit(served: Served) -> Outcome:
    return _closes(served, ["a reserved bit"])


@attack("text that is not UTF-8, also across fragments", expected="1007", source=SOURCE)
def bad_text(served: Served) -> Outcome:
    return _closes(served, _kinds(NO_TEXT))


@attack(
    f"message over {MESSAGE_BYTES:,} bytes: one frame, 1 TB announced, fragments",
    expected="1009",
    source=SOURCE,
)
def too_big(served: Served) -> Outcome:
    return _closes(served, _kinds(TOO_BIG))


@attack(
    "unknown opcode, no mask, fragmented or long ping, lone continuation, close code 999",
    expected="1002",
    source=SOURCE,
)
def broken_protocol(served: Served) -> Outcome:
    return _closes(served, set(_kinds(PROTOCOL)) - {"a reserved bit"})


def _kinds(code: int) -> list[str]:
    return [kind for kind, (expected, _) in VIOLATIONS.items() if expected == code]


def _closes(served: Served, kinds: Iterable[str]) -> Outcome:
    """Send each violation alone and with 4 MB behind it that nobody will read."""
    tried = [(kind, rest) for kind in kinds for rest in (b"", MUCH)]
    codes = [_code_of(served, VIOLATIONS[kind][1] + rest) for kind, rest in tried]
    expected = {VIOLATIONS[kind][0] for kind, _ in tried}
    return Outcome(counted(codes), set(codes) == expected)


def _code_of(served: Served, violating: bytes) -> int | None:
    tcp = open_reader(served, receive_bytes=SMALL_BYTES)
    with tcp, suppress(OSError):
        with suppress(OSError):
            tcp.sendall(violating)
        return close_code(tcp)
    return None


@attack(
    "compression is offered",
    expected="not taken: no message grows when it is unpacked",
    source="attack goals: compression bomb",
)
def compression(served: Served) -> Outcome:
    line = b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    with open_tcp(served) as tcp:
        tcp.sendall(handshake(served).removesuffix(b"\r\n") + line)
        answer = tcp.recv(4096).partition(b"\r\n\r\n")[0].lower()
    is_taken = b"sec-websocket-extensions" in answer
    is_open = answer.startswith(b"http/1.1 101")
    return Outcome("taken" if is_taken else "not taken", is_open and not is_taken)


UNKNOWN: Final = {
    "no JSON": "{",
    "an empty text": "",
    "bytes": b"\x00\xff",
    "a list": "[1,2]",
    "null": "null",
    "an unknown method": '{"method":"dance","id":1}',
    "an unknown channel": '{"method":"subscribe","params":{"channel":"gossip"}}',
    "a channel in a list": '{"method":"subscribe","params":{"channel":["ticker"]}}',
    "symbols in an object": '{"method":"subscribe","params":{"channel":"bars","symbols":{}}}',
    "a rate in words": '{"method":"set","params":{"max_rate":"fast"}}',
    "a message of the server": '{"type":"websocket.close","code":1000}',
}
DEEP: Final = {
    "arrays without an end": '{"method":"ping","params":' + "[" * 60_000,
    "whole arrays": '{"method":"ping","params":' + "[" * 30_000 + "]" * 30_000 + "}",
    "objects": '{"a":' * 10_000 + "1" + "}" * 10_000,
    "an id": '{"method":"ping","id":' + "[" * 30_000 + "]" * 30_000 + "}",
}
NUMBERS: Final = {
    "1e999": '{"method":"set","params":{"max_rate":1e999}}',
    "-1e999": '{"method":"set","params":{"max_rate":-1e999}}',
    "NaN": '{"method":"set","params":{"max_rate":NaN}}',
    "60,000 digits": '{"method":"set","params":{"max_rate":' + "9" * 60_000 + "}}",
    "an id of 60,000 digits": '{"method":"ping","id":' + "9" * 60_000 + "}",
    "an exponent of 50,000 digits": '{"method":"ping","id":1e' + "9" * 50_000 + "}",
    "a position of 60,000 digits": '{"method":"subscribe","params":{"channel":"status",'
    '"since":"x:' + "9" * 60_000 + '"}}',
}


@attack(
    f"commands that are none ({len(UNKNOWN)} kinds)",
    expected="an error by name, and the socket goes on",
    source=COMMANDS,
)
def unknown_commands(served: Served) -> Outcome:
    return _answers(served, UNKNOWN, may_succeed=False)


@attack(
    f"JSON that is 10,000 to 60,000 levels deep ({len(DEEP)} kinds)",
    expected="an error by name within 1 s, and the socket goes on",
    source=COMMANDS,
)
def deep_json(served: Served) -> Outcome:
    return _answers(served, DEEP, may_succeed=False)


@attack(
    f"huge numbers ({len(NUMBERS)} kinds)",
    expected="an answer within 1 s, and the socket goes on",
    source=COMMANDS,
)
def huge_numbers(served: Served) -> Outcome:
    return _answers(served, NUMBERS, may_succeed=True)


def _answers(served: Served, messages: Mapping[str, str | bytes], *, may_succeed: bool) -> Outcome:
    """Send each message on a socket of its own, and a ping behind it."""
    answers, longest_s = {}, 0.0
    for kind, message in messages.items():
        watch = Stopwatch()
        answers[kind] = _answer_to(served, message)
        longest_s = max(longest_s, watch.s)
    bad = {"nothing", "closed"} | (set() if may_succeed else {"success"})
    wrong = [f"{kind}: {answer}" for kind, answer in answers.items() if answer in bad]
    text = f"{counted(answers.values())}; {as_s(longest_s)} at most"
    return Outcome(text, not wrong and longest_s <= ANSWER_S, ", ".join(wrong))


def _answer_to(served: Served, message: str | bytes) -> str:
    try:
        with _open(served) as socket:
            socket.send(message)
            answer = _next_answer(socket)
            socket.send('{"method":"ping","id":"still here"}')
            is_alive = _next_answer(socket).get("id") == "still here"
    except ConnectionClosed:
        return "closed"
    name = "success" if answer["success"] else str(answer["error"]["name"])
    return name if is_alive else "nothing"


def _open(served: Served) -> connect:
    return connect(served.socket_url, compression=None, max_size=None, open_timeout=PATIENCE_S)


def _next_answer(socket: ClientConnection) -> dict[str, Any]:
    while True:
        frame: dict[str, Any] = json.loads(socket.recv(timeout=PATIENCE_S))
        if "success" in frame:
            return frame


def _subscribe(symbols: list[str]) -> str:
    params = {"channel": "ticker", "symbols": symbols}
    return json.dumps({"method": "subscribe", "params": params, "id": 1})


@attack(
    f"more than {SYMBOL_LIMIT} symbols: at once, and little by little",
    expected="too_many_symbols, and the socket goes on",
    source=COMMANDS,
)
def too_many_symbols(served: Served) -> Outcome:
    with _open(served) as socket:
        names = []
        for start, count in ((0, 812), (1_000, SYMBOL_LIMIT + 1)):
            socket.send(_subscribe([f"S{number}" for number in range(start, start + count)]))
            names.append(_next_answer(socket).get("error", {}).get("name", "success"))
        socket.send('{"method":"ping","id":2}')
        is_alive = _next_answer(socket)["id"] == 2
    return Outcome(counted(names), is_alive and set(names) == {"too_many_symbols"})


@attack(
    f"{SYMBOL_LIMIT} unknown symbols, ten times",
    expected="each is rejected by name, and none is kept",
    source=COMMANDS,
)
def unknown_symbols(served: Served) -> Outcome:
    before = served.census()["symbols"]
    with _open(served) as socket:
        rejected = 0
        for turn in range(10):
            socket.send(_subscribe([f"S{turn}X{number}" for number in range(SYMBOL_LIMIT)]))
            rejected += len(_next_answer(socket).get("result", {}).get("rejected", ()))
        kept = served.census()["symbols"] - before
    text = f"{rejected:,} rejected, {kept} kept"
    return Outcome(text, rejected == 10 * SYMBOL_LIMIT and kept == 0)


@attack("100,000 symbols in one message", expected="1009", source="attack goals: subscribe flood")
def huge_message(served: Served) -> Outcome:
    with _open(served) as socket:
        code = None
        try:
            socket.send(_subscribe(["ABCDEF"] * 100_000))
            while True:
                socket.recv(timeout=PATIENCE_S)
        except ConnectionClosed as closed:
            code = closed.rcvd and closed.rcvd.code
    return Outcome(str(code), code == Close.TOO_BIG)


@attack(
    f"{BAD_MESSAGES:,} messages that are no JSON, on as many sockets as that takes",
    expected=f"each socket ends with 4400 or 4429; {LOG_LINES} lines of the log at most",
    source="fault: bad JSON",
)
def bad_messages(served: Served) -> Outcome:
    before, sent, codes = len(served.log().splitlines()), 0, []
    while sent < BAD_MESSAGES:
        count, code = _send_bad_messages(served, min(500, BAD_MESSAGES - sent))
        sent, codes = sent + count, [*codes, code]
    lines = len(served.log().splitlines()) - before
    is_met = set(codes) <= {Close.BAD_FRAME, Close.TOO_MANY} and lines <= LOG_LINES
    return Outcome(f"{counted(codes)}; {lines} lines", is_met)


def _send_bad_messages(served: Served, count: int) -> tuple[int, int | None]:
    """Return how many were sent, and the code that the socket was closed with."""
    with _open(served) as socket:
        try:
            for _ in range(count):
                socket.send("{")
            while True:
                socket.recv(timeout=PATIENCE_S)
        except ConnectionClosed as closed:
            return count, closed.rcvd.code if closed.rcvd else None
