"""Requests that come slowly or never end, and readers that read slowly or not at all."""

import array
import fcntl
import json
import socket as sockets
import termios
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from typing import Final

from dashboard.loadtest.reader import Gap, Reader
from dashboard.servers.limits import LIMITS, MIB
from dashboard.wire.registry import Transport
from feeds.market.events import Position
from tests.attacks.figures import Stopwatch, as_mib, as_s, counted, status_of
from tests.attacks.registry import Outcome, attack
from tests.attacks.targets import large_market
from tests.support.early_closes import serves
from tests.support.fault_proxy import fault_proxy
from tests.support.memory import GrowthWatch
from tests.support.raw import SMALL_BYTES, frame, get, handshake, open_socket, open_tcp
from tests.support.readers import Traveller, for_seconds
from tests.support.served import Served
from tests.support.slow_requests import STARTS, TRICKLES, begin_to_trickle, trickle
from tests.support.stalled import stalled_socket, stalled_stream
from tests.support.waiting import wait_until

SOURCE: Final = "attack goals: slow requests"
EACH: Final = 5
"""Clients of each kind, all at once."""
SILENT_HEADS: Final = ("nothing", "line", "head", "socket")
SILENT_BODIES: Final = ("body", "chunk")
TIMER_S: Final = 1.0
"""What a timer of a busy machine may be late."""
SLOW: Final = 300
STALLED: Final = 12
STALLED_BYTES: Final = 16 * MIB
CUT_S: Final = 15.0
READ_BYTES: Final = 1_000
OPCODE_BITS: Final = 0x0F
TEXT, PING, PONG = 1, 9, 10
AGE_S: Final = 5.0
SLOW_S: Final = 40


@attack(
    f"silent heads ({len(SILENT_HEADS)} kinds, {EACH} of each)",
    expected="cut within 10 s",
    source=SOURCE,
)
def silent_heads(served: Served) -> Outcome:
    return _cut(served, [f"silent {kind}" for kind in SILENT_HEADS], LIMITS.head_s)


@attack("heads of which a line comes each second", expected="cut within 10 s", source=SOURCE)
def trickling_heads(served: Served) -> Outcome:
    return _cut(served, ["trickling head", "trickling socket"], LIMITS.head_s)


@attack(
    f"silent bodies ({len(SILENT_BODIES)} kinds, {EACH} of each)",
    expected="cut within 30 s",
    source=SOURCE,
)
def silent_bodies(served: Served) -> Outcome:
    return _cut(served, [f"silent {kind}" for kind in SILENT_BODIES], LIMITS.body_s)


@attack("bodies of which a byte comes each second", expected="cut within 30 s", source=SOURCE)
def trickling_bodies(served: Served) -> Outcome:
    return _cut(served, ["trickling body"], LIMITS.body_s)


def _cut(served: Served, kinds: list[str], limit_s: float) -> Outcome:
    times = [seconds for kind in kinds for seconds in _cut_times(served)[kind]]
    text = f"{len(times)} cut after {as_s(min(times))} to {as_s(max(times))}"
    return Outcome(text, max(times) <= limit_s + TIMER_S)


@cache
def _cut_times(served: Served) -> dict[str, list[float]]:
    """Let all slow clients come at once; return the seconds after which each was cut."""
    kinds: dict[str, Callable[[Served], float]] = {}
    for kind in (*SILENT_HEADS, *SILENT_BODIES):
        kinds[f"silent {kind}"] = lambda served, kind=kind: _silent(served, kind)
    for kind in TRICKLES:
        kinds[f"trickling {kind}"] = lambda served, kind=kind: _trickling(served, kind)
    with ThreadPoolExecutor(EACH * len(kinds)) as pool:
        times = {
            kind: [pool.submit(act, served) for _ in range(EACH)] for kind, act in kinds.items()
        }
    return {kind: [future.result() for future in futures] for kind, futures in times.items()}


def _silent(served: Served, kind: str) -> float:
    watch = Stopwatch()
    with open_tcp(served) as tcp:
        tcp.sendall(STARTS[kind](served))
        tcp.recv(4096)
        return watch.s


def _trickling(served: Served, kind: str) -> float:
    watch = Stopwatch()
    with open_tcp(served) as tcp:
        tcp.sendall(begin_to_trickle(served, kind))
        tcp.settimeout(1)
        trickle(tcp, TRICKLES[kind])
        return watch.s


@attack("connection that asks once and then rests", expected="cut within 15 s", source=SOURCE)
def idle(served: Served) -> Outcome:
    with open_tcp(served) as tcp:
        tcp.sendall(get(served, "/version/"))
        assert tcp.recv(65_536)
        watch = Stopwatch()
        while tcp.recv(65_536):
            pass
        return Outcome(f"cut after {as_s(watch.s)}", watch.s <= LIMITS.idle_s + TIMER_S)


@attack(
    "handshake that the application never answers",
    expected="503 within 10 s",
    source="limits: seconds until a handshake is answered",
)
def mute(served: Served) -> Outcome:
    with open_tcp(served) as tcp:
        watch = Stopwatch()
        tcp.sendall(handshake(served).replace(b"/ws/v1/", b"/mute/"))
        status = status_of(tcp.recv(4096))
        is_met = status == 503 and watch.s <= LIMITS.handshake_s + TIMER_S
        return Outcome(f"{status} after {as_s(watch.s)}", is_met)


@attack(
    f"{SLOW} half requests at once",
    expected="a page and a handshake of others within 1 s each",
    source=SOURCE,
)
def many_slow(served: Served) -> Outcome:
    slow = [open_tcp(served) for _ in range(SLOW)]
    for tcp in slow:
        tcp.sendall(b"GET / HT")
    watch = Stopwatch()
    assert serves(served)
    page_s, watch = watch.s, Stopwatch()
    open_socket(served).close()
    socket_s = watch.s
    for tcp in slow:
        tcp.close()
    return Outcome(f"page {as_s(page_s)}, handshake {as_s(socket_s)}", max(page_s, socket_s) <= 1)


@attack(
    "WebSockets that read nothing",
    expected=f"cut within {CUT_S:.0f} s; 16 MiB more memory at most for {STALLED}",
    source="fault: stalled reader",
    at=large_market,
)
def stalled_sockets(served: Served) -> Outcome:
    return _stall(served, stalled_socket)


@attack(
    "streams (SSE) that read nothing",
    expected=f"cut within {CUT_S:.0f} s; 16 MiB more memory at most for {STALLED}",
    source="fault: stalled reader",
    at=large_market,
)
def stalled_streams(served: Served) -> Outcome:
    return _stall(served, stalled_stream)


def _stall(served: Served, stall: Callable[[Served], sockets.socket]) -> Outcome:
    """The tape of the market grows meanwhile: what it grew in the time before is subtracted."""
    wait_until(lambda: served.census()["connections"] == 0)
    with GrowthWatch(served) as alone:
        wait_until(for_seconds(CUT_S))
    before = served.census()["cuts"]
    with GrowthWatch(served) as growth:
        readers = [stall(served) for _ in range(STALLED)]
        watch = Stopwatch()
        wait_until(lambda: served.census()["cuts"] >= before + STALLED)
        seconds = watch.s
    for tcp in readers:
        tcp.close()
    more = growth.bytes - alone.bytes
    text = f"{STALLED} cut after {as_s(seconds)} at most; +{as_mib(growth.bytes)}, "
    text += f"of which the market alone {as_mib(alone.bytes)}"
    return Outcome(text, seconds <= CUT_S and more <= STALLED_BYTES)


@attack(
    "reader of 20 symbols at 8 kbit/s",
    expected=f"it stays, no gap, its data {AGE_S:.0f} s old at most",
    source="fault: slow reader",
)
def slow_reader(served: Served) -> Outcome:
    return _read_at_8_kbit(served, confirms=False)


@attack(
    "reader of 20 symbols at 8 kbit/s that confirms what it shows, as a page does",
    expected=f"it stays, no gap, its data {AGE_S:.0f} s old at most",
    source="fault: slow reader",
)
def slow_page(served: Served) -> Outcome:
    return _read_at_8_kbit(served, confirms=True)


def _confirmation(position: Position) -> bytes:
    params = {"position": str(position), "paint_ms": 1}
    return frame(TEXT, json.dumps({"method": "ack", "params": params}).encode())


def _read_at_8_kbit(served: Served, *, confirms: bool) -> Outcome:
    symbols = sorted(served.board()["rows"])[:20]
    params = {"channel": "ticker", "symbols": symbols}
    ask = json.dumps({"method": "subscribe", "params": params, "id": 1}).encode()
    moments: list[tuple[float, Position]] = []
    reader, gaps, watch, is_cut = Reader(), 0, Stopwatch(), False
    with open_socket(served, receive_bytes=SMALL_BYTES) as tcp:
        tcp.sendall(frame(TEXT, ask))
        try:
            for texts in _read_slowly(tcp, SLOW_S):
                moments.append((time.monotonic(), Position.parse(served.board()["position"])))
                gaps += sum(_is_gap(reader, text) for text in texts)
                if confirms and reader.positions:
                    tcp.sendall(_confirmation(reader.positions["ticker"]))
        except ConnectionError:
            is_cut = True
        now_s, stayed_s, unread = time.monotonic(), watch.s, _unread(tcp)
    at = reader.positions.get("ticker")
    newer = [moment_s for moment_s, position in moments if at is not None and position > at]
    age_s = now_s - min(newer, default=now_s)
    text = f"{sum(reader.ticks.values())} ticks, {gaps} gaps, {as_s(age_s)} old"
    text += f", {unread:,} bytes unread in its own buffer"
    end = f"; cut after {as_s(stayed_s)}" if is_cut else ""
    is_met = gaps == 0 and at is not None and age_s <= AGE_S and not is_cut
    is_unseen = age_s > AGE_S and not confirms
    reason = "it confirms nothing, and no server sees what its kernel holds" if is_unseen else ""
    return Outcome(text + end, is_met, reason)


def _unread(tcp: sockets.socket) -> int:
    """Return how many bytes the reader's kernel has, and has acknowledged: no server sees them."""
    count = array.array("i", [0])
    fcntl.ioctl(tcp.fileno(), termios.FIONREAD, count)
    return count[0]


def _is_gap(reader: Reader, text: str) -> bool:
    try:
        reader.apply(json.loads(text))
    except Gap:
        return True
    return False


def _read_slowly(tcp: sockets.socket, seconds: int) -> Iterator[list[str]]:
    """Read 1,000 bytes each second; give the texts of the frames that are whole since then."""
    received = b""
    for _ in range(seconds):
        wait_until(for_seconds(1))
        received += tcp.recv(READ_BYTES)
        texts = []
        while (first := _first_frame(received)) is not None:
            size, payload = first
            opcode, received = received[0] & OPCODE_BITS, received[size:]
            if opcode == TEXT:
                texts.append(payload.decode())
            elif opcode == PING:
                tcp.sendall(frame(PONG, payload))
        yield texts


def _first_frame(received: bytes) -> tuple[int, bytes] | None:
    """Return the length and the payload of the first frame, if it is whole and not masked."""
    if len(received) < 4:
        return None
    start, length = 2, received[1]
    if length == 126:
        start, length = 4, int.from_bytes(received[2:4])
    if len(received) < start + length:
        return None
    return start + length, received[start : start + length]


@attack(
    "reader that vanished without a word (half-open)",
    expected="noticed within 20 s",
    source="fault: half-open connection",
)
def half_open(served: Served) -> Outcome:
    wait_until(lambda: served.census()["connections"] == 0)
    with fault_proxy(served.port) as proxy, ThreadPoolExecutor(1) as pool:
        traveller = Traveller(["*"], served.token)
        traveller.patience_s = 3
        gone: list[bool] = []
        reading = pool.submit(_read_until, traveller, proxy.host, gone)
        wait_until(lambda: sum(traveller.reader.ticks.values()) > 20)
        proxy.swallow()
        watch = Stopwatch()
        wait_until(lambda: served.census()["connections"] == 0)
        seconds = watch.s
        gone.append(True)
        reading.result()
    return Outcome(f"noticed after {as_s(seconds)}", seconds <= 20)


def _read_until(traveller: Traveller, host: str, gone: list[bool]) -> None:
    with suppress(OSError):
        traveller.read(Transport.WEBSOCKET, host, lambda: bool(gone))


@attack(
    "reader behind a line that delays by 0.5 s and breaks every piece",
    expected="no gap; it goes on",
    source="fault: slow network",
)
def bad_line(served: Served) -> Outcome:
    gaps, ticks = [], []
    with fault_proxy(served.port) as proxy:
        proxy.delay_s, proxy.piece_bytes = 0.5, 7
        for transport in Transport:
            traveller = Traveller(sorted(served.board()["rows"])[:5], served.token)
            traveller.read(transport, proxy.host, for_seconds(8))
            gaps.append(traveller.gaps)
            ticks.append(sum(traveller.reader.ticks.values()))
    return Outcome(f"gaps {counted(gaps)}; ticks {ticks}", not any(gaps) and all(ticks))
