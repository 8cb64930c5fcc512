"""Servers that stop or run out of something while others read."""

import resource
import signal
import socket as sockets
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Final

import psutil
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from dashboard.wire.registry import Close
from tests.attacks.figures import Stopwatch, as_s, counted
from tests.attacks.registry import Outcome, attack
from tests.attacks.targets import ServerToStart, nothing_yet
from tests.support.early_closes import Address, Storm, blowing, serves
from tests.support.floods import close_codes
from tests.support.ports import free_port
from tests.support.raw import (
    SMALL_BYTES,
    handshake,
    open_reader,
    open_stream,
    open_tcp,
    read_to_the_end,
)
from tests.support.served import Served, serve
from tests.support.waiting import wait_until

READERS: Final = 50
STREAMS: Final = 10
LATE: Final = 20
RETURNING: Final = 500
GOAL_S: Final = 15
"""A stop, and the return of all readers, may take so long."""
SOURCE: Final = "fault: rolling deploy, SIGTERM"
MANY: Final = {"MARKET_CONNECTIONS_PER_USER": "1000", "MARKET_REQUESTS_PER_S": "1000"}


@attack(
    f"SIGTERM under load: {READERS} WebSockets, {STREAMS} streams, clients that come and go",
    expected="exit 0 within 15 s; every socket closed with 4503, every stream with its last event",
    source=SOURCE,
    at=nothing_yet,
)
def stop_under_load(to_start: ServerToStart) -> Outcome:
    with serve(to_start.folder, "--server", to_start.server, **MANY) as served:
        readers = [open_reader(served) for _ in range(READERS)]
        streams = [open_stream(served) for _ in range(STREAMS)]
        with ThreadPoolExecutor(READERS + STREAMS) as pool:
            last = [pool.submit(_last_words, tcp) for tcp in (*readers, *streams)]
            storm = Storm(served, seed=6, count=4_000)
            with blowing(storm, served):
                wait_until(lambda: storm.made > 50)
                seconds, code = _terminate(served)
            words = [future.result() for future in last]
    closed = words[:READERS].count("4503")
    ended = words[READERS:].count("event")
    is_met = (code, closed, ended) == (0, READERS, STREAMS) and seconds <= GOAL_S
    text = f"exit {code} after {as_s(seconds)}; {closed} of {READERS} closed with 4503, "
    return Outcome(text + f"{ended} of {STREAMS} streams ended well", is_met)


def _terminate(served: Served) -> tuple[float, int]:
    watch = Stopwatch()
    served.process.send_signal(signal.SIGTERM)
    code = served.process.wait(timeout=60)
    served.has_ended = True
    return watch.s, code


def _last_words(tcp: sockets.socket) -> str:
    """Read to the end; return the code of a socket, or whether a stream had its last event."""
    with tcp:
        received = read_to_the_end(tcp)[-4096:]
    if b"event: close\ndata: " in received and b'"code":4503' in received:
        return "event"
    codes = close_codes(received)
    return str(codes[-1]) if codes else "nothing"


@attack(
    f"{LATE} handshakes that are complete only while the server stops",
    expected="101 and then 4503; no 500, no traceback",
    source="issue: while stopping, new sockets are closed with 4503",
    at=nothing_yet,
)
def late_handshakes(to_start: ServerToStart) -> Outcome:
    """Two readers that read nothing keep the server from ending at once."""
    flags = ("--server", to_start.server, "--instruments", "1000")
    with serve(to_start.folder, *flags) as served:
        stalled = [
            open_line(served, receive_bytes=SMALL_BYTES) for open_line in (open_stream, open_reader)
        ]
        late = [open_tcp(served) for _ in range(LATE)]
        request = handshake(served)
        for tcp in late:
            tcp.sendall(request[:-9])
        # This one answers the close: the others must hear of the stop while it is under way.
        with connect(served.socket_url, compression=None) as reader, suppress(ConnectionClosed):
            wait_until(lambda: served.census()["connections"] == 1 + len(stalled))
            served.process.send_signal(signal.SIGTERM)
            while True:
                reader.recv(timeout=GOAL_S)
        for tcp in late:
            with suppress(OSError):
                tcp.sendall(request[-9:])
        answers = [_answer(tcp) for tcp in late]
        code = served.process.wait(timeout=60)
        served.has_ended = True
        for tcp in stalled:
            tcp.close()
    return Outcome(f"{counted(answers)}; exit {code}", set(answers) == {"101, 4503"} and code == 0)


def _answer(tcp: sockets.socket) -> str:
    with tcp, suppress(OSError):
        answer = read_to_the_end(tcp)
        end = struct.pack(">H", Close.RESTART)
        return f"{answer[9:12].decode()}, {'4503' if answer.endswith(end) else 'no 4503'}"
    return "lost"


@attack(
    "no file descriptors left",
    expected="who reads goes on; new ones are served within 5 s after it is over; no traceback",
    source="fault: descriptors run out",
    at=nothing_yet,
)
def no_descriptors(to_start: ServerToStart) -> Outcome:
    with (
        serve(to_start.folder, "--server", to_start.server, **MANY) as served,
        ExitStack() as stack,
    ):
        reader = stack.enter_context(open_reader(served))
        with _few_descriptors(served):
            idle = [stack.enter_context(open_tcp(served)) for _ in range(60)]
            frames = sum(bool(reader.recv(65_536)) for _ in range(20))
        for tcp in idle:
            tcp.close()
        watch = Stopwatch()
        wait_until(lambda: serves(served))
        return Outcome(
            f"{frames} of 20 reads had prices; a page after {as_s(watch.s)}",
            frames == 20 and watch.s <= 5,
        )


@contextmanager
def _few_descriptors(served: Served) -> Iterator[None]:
    """Let a server open 20 files more for a while."""
    pid = served.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    few = psutil.Process(pid).num_fds() + 20
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (few, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


@attack(
    "start in a storm of clients that leave early",
    expected="it serves; exit 0; no traceback",
    source="issue: closing sockets early",
    at=nothing_yet,
)
def start_in_a_storm(to_start: ServerToStart) -> Outcome:
    address = Address(free_port())
    flags = ("--server", to_start.server, "--port", str(address.port))
    storm = Storm(address, seed=4, count=400)
    with blowing(storm, address), serve(to_start.folder, *flags) as served:
        wait_until(lambda: storm.made == 400)
        is_served = serves(served)
    code = served.process.returncode
    text = f"{storm.made} came; {'served' if is_served else 'not served'}; exit {code}"
    return Outcome(text, is_served and code == 0)


@attack(
    f"{RETURNING} readers that come at once to a server that has just started",
    expected="all have prices within 15 s",
    source="fault: mass reconnect",
    at=nothing_yet,
)
def mass_return(to_start: ServerToStart) -> Outcome:
    with (
        serve(to_start.folder, "--server", to_start.server, **MANY) as served,
        ExitStack() as stack,
    ):
        watch = Stopwatch()
        with ThreadPoolExecutor(100) as pool:
            readers = list(pool.map(lambda _: _open_and_read(served), range(RETURNING)))
        seconds = watch.s
        for reader in readers:
            stack.callback(reader.close)
        count = served.census()["connections"]
    text = f"{count} have prices after {as_s(seconds)}, {RETURNING / seconds:.0f} per second"
    return Outcome(text, count == RETURNING and seconds <= GOAL_S)


def _open_and_read(served: Served) -> sockets.socket:
    reader = open_reader(served)
    assert reader.recv(65_536)
    return reader
