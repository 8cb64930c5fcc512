"""As much as one client can send or open: frames, requests, connections that come and go."""

import socket as sockets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from typing import Final

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from dashboard.wire.registry import Close
from tests.attacks.figures import Stopwatch, as_mib, as_s, counted
from tests.attacks.registry import Outcome, attack
from tests.support.early_closes import Storm, leave_before_accepted, serves
from tests.support.floods import close_codes, flood
from tests.support.memory import memory
from tests.support.raw import basic, open_reader, open_socket, reset
from tests.support.served import Served
from tests.support.waiting import PATIENCE_S, wait_until

CLOSED_S: Final = 1.0
LONGEST_MS: Final = 100
CODES: Final = {int(Close.TOO_MANY), int(Close.BAD_FRAME)}
GOAL: Final = f"closed with 4429 or 4400 within 1 s; no block of the loop above {LONGEST_MS} ms"
SOURCE: Final = "issue: tiny frames as fast as it can"
CONNECTIONS: Final = 40
REQUESTS: Final = 300
VISITS: Final = 400


@attack("flood of tiny messages", expected=GOAL, source=SOURCE)
def tiny_messages(served: Served) -> Outcome:
    return _flood(served, "texts")


@attack("flood of empty messages", expected=GOAL, source=SOURCE)
def empty_messages(served: Served) -> Outcome:
    return _flood(served, "empty texts")


@attack("flood of commands", expected=GOAL, source=SOURCE)
def commands(served: Served) -> Outcome:
    return _flood(served, "commands")


@attack("flood of pings", expected=GOAL, source=SOURCE)
def pings(served: Served) -> Outcome:
    return _flood(served, "pings")


@attack("flood of pings of 125 bytes", expected=GOAL, source=SOURCE)
def large_pings(served: Served) -> Outcome:
    return _flood(served, "large pings")


@attack("flood of pongs", expected=GOAL, source=SOURCE)
def pongs(served: Served) -> Outcome:
    return _flood(served, "pongs")


@attack("flood of fragments without an end", expected=GOAL, source=SOURCE)
def fragments(served: Served) -> Outcome:
    return _flood(served, "fragments")


def _flood(served: Served, kind: str) -> Outcome:
    """Send 8 MB of tiny frames, or as many as the server takes."""
    with open_socket(served) as tcp, ThreadPoolExecutor(1) as pool:
        served.look_at_loop()
        served.look_at_loop()
        closed = pool.submit(_seconds_to_close, tcp, Stopwatch())
        flood(tcp, kind)
        code, seconds = closed.result()
    longest_ms = served.look_at_loop()["longest_ms"]
    is_met = code in CODES and seconds <= CLOSED_S and longest_ms <= LONGEST_MS
    return Outcome(f"{code} after {as_s(seconds)}; {longest_ms:.0f} ms", is_met)


def _seconds_to_close(tcp: sockets.socket, watch: Stopwatch) -> tuple[int | None, float]:
    """Read until a close frame comes; return its code and when that was."""
    received = b""
    try:
        while piece := tcp.recv(65_536):
            received = received[-64:] + piece
            if codes := CODES & set(close_codes(received)):
                return codes.pop(), watch.s
    except OSError:
        pass
    return None, watch.s


@attack(
    f"{CONNECTIONS + 10} connections of one account",
    expected=f"{CONNECTIONS} stay, the others are closed with 4429",
    source="limits: connections of a user",
)
def connections(served: Served) -> Outcome:
    wait_until(lambda: served.census()["connections"] == 0)
    with ExitStack() as stack:
        answers = [_welcome(served, stack) for _ in range(CONNECTIONS + 10)]
        stay = served.census()["connections"]
    refused = answers.count("4429")
    return Outcome(f"{stay} stay; {counted(answers)}", (stay, refused) == (CONNECTIONS, 10))


def _welcome(served: Served, stack: ExitStack) -> str:
    socket = stack.enter_context(
        connect(served.socket_url, compression=None, open_timeout=PATIENCE_S)
    )
    try:
        socket.recv(timeout=PATIENCE_S)
    except ConnectionClosed as closed:
        return str(closed.rcvd.code if closed.rcvd else None)
    return "welcome"


@attack(
    f"{REQUESTS} polls of one account, as fast as they are answered",
    expected="20 per second and 60 at once get an answer, the others 429 with Retry-After",
    source="limits: polls",
)
def requests(served: Served) -> Outcome:
    watch, answers = Stopwatch(), []
    with closing(HTTPConnection(served.host, timeout=PATIENCE_S)) as line:
        for _ in range(REQUESTS):
            line.request("GET", "/poll/v1/?channels=status", headers=_token(served))
            response = line.getresponse()
            response.read()
            wait = "" if response.headers["Retry-After"] else " without Retry-After"
            answers.append("200" if response.status == 200 else f"{response.status}{wait}")
    is_met = set(answers) == {"200", "429"} and answers.count("200") <= 61 + 20 * watch.s
    reason = "" if "429" in answers else "the machine was too busy to reach the limit"
    return Outcome(f"{counted(answers)} in {as_s(watch.s)}", is_met, reason)


def _token(served: Served) -> Mapping[str, str]:
    return {"Authorization": basic(served)}


@attack(
    f"{VISITS} clients that leave at any moment of any conversation",
    expected="no traceback; connections, tasks and files as before",
    source="issue: closing sockets early",
)
def early_closes(served: Served) -> Outcome:
    return _left_behind(served, Storm(served, seed=1, count=VISITS).run)


@attack(
    "clients that are gone before they are accepted",
    expected="no traceback; connections, tasks and files as before",
    source="issue: closing sockets early",
)
def gone_before(served: Served) -> Outcome:
    return _left_behind(served, lambda: leave_before_accepted(served, seed=3, count=VISITS // 4))


@attack(
    f"{VISITS} readers that subscribe to everything and are reset, one after the other",
    expected="no traceback; connections, tasks and files as before",
    source="fault: flapping readers",
)
def flapping(served: Served) -> Outcome:
    def flap() -> None:
        for _ in range(VISITS):
            reset(open_reader(served))

    return _left_behind(served, flap)


def _left_behind(served: Served, act: Callable[[], None]) -> Outcome:
    """Compare what the server holds before and after."""
    wait_until(lambda: served.census()["connections"] == 0)
    assert serves(served)
    before, bytes_before = served.census(), memory(served)
    act()
    assert serves(served)
    wait_until(lambda: served.census()["connections"] == 0)
    names = ("tasks", "files", "threads")

    def is_back() -> bool:
        after = served.census()
        return all(after[name] <= before[name] + 1 for name in names)

    is_met, after = _comes_true(is_back), served.census()
    more = ", ".join(f"{name} {after[name] - before[name]:+d}" for name in names)
    return Outcome(f"{more}, memory {as_mib(memory(served) - bytes_before)} more", is_met)


def _comes_true(question: Callable[[], bool]) -> bool:
    try:
        wait_until(question, 20)
    except AssertionError:
        return False
    return True
