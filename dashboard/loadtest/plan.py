"""What a load test does, and what it found. docs/benchmarks.md has figures from it.

Must not know sockets.
"""

from collections import Counter
from collections.abc import Sequence

import msgspec
import numpy as np

from dashboard.loadtest.reader import Reader
from dashboard.wire.registry import Transport

FIELDS = ("p", "b", "a", "o", "h", "l", "pc", "v", "ph")
"""The fields that the dashboard subscribes to."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How many readers subscribe to how many symbols, and for how long.

    `interval_s` is the pause between polls, `max_rate` the frames per second of a stream.
    """

    url: str
    user: str
    token: str
    transport: Transport = Transport.WEBSOCKET
    clients: int
    symbols: int
    seconds: float
    warmup_s: float
    interval_s: float = 1.0
    max_rate: float = 10.0
    server_pid: int | None = None

    @property
    def host(self) -> str:
        """Return host and port of the server."""
        return self.url.partition("://")[2].strip("/")


class Report(msgspec.Struct, kw_only=True):
    """What all readers received together.

    `market_ticks_per_s` is what the market made meanwhile, which differs from its rate: that is the
    mean of a day. An update stands for one or more ticks, all but one of them merged; a change of
    phase stands for none. Ages are ms from the event of a tick until a reader receives it, over all
    updates. Bytes are counted at the sockets of the readers, with headers. Server CPU and memory
    are the kernel's figures for its processes; memory is the growth per reader while the readers
    connected. A reader that reconnects gets what it missed, or a snapshot if the tape no longer has
    it.
    """

    transport: str
    clients: int
    symbols: int
    seconds: float
    frames: int
    updates: int
    market_ticks_per_s: int
    ticks: int
    merged: int
    requests: int
    bytes_in: int
    bytes_out: int
    bytes_per_update: float
    age_ms: dict[str, float]
    gaps: int
    reconnects: int
    snapshots: int
    server_cpu_s: float | None
    updates_per_cpu_s: float | None
    cpu_us_per_update: float | None
    server_bytes_per_client: int | None


class _Entry(msgspec.Struct):
    ms: int | None = None
    n: int = 1


class _Update(msgspec.Struct, rename={"since": "from"}):
    since: int
    seq: int
    ts: int
    data: dict[str, _Entry]


UPDATE_HEAD = b'{"channel":"ticker","from":'
_decode_update = msgspec.json.Decoder(_Update).decode
_decode = msgspec.json.Decoder().decode


class Tally:
    """Counts of one reader, taken only while the measurement runs.

    Updates are not folded into a board, to save CPU: only positions and receipts are checked. All
    other frames go through a Reader.
    """

    def __init__(self) -> None:
        self.reader = Reader()
        self.ages_ms: Counter[int] = Counter()
        self.is_measuring = False
        self.frames = self.updates = self.ticks = self.merged = self.gaps = 0
        self.requests = self.bytes_in = self.bytes_out = self.reconnects = self.snapshots = 0
        self.sequence = 0

    @property
    def position(self) -> str | None:
        """Return the last position in the ticker, None before the first snapshot."""
        epoch = self.reader.positions.get("ticker")
        return None if epoch is None else f"{epoch.epoch}:{self.sequence}"

    def subscriptions(self, symbols: Sequence[str], max_rate: float) -> list[dict[str, object]]:
        """Return the parameters of each subscription of a new socket."""
        wanted = {"channel": "ticker", "symbols": symbols, "fields": FIELDS, "max_rate": max_rate}
        return [wanted | self._known]

    def question(self, symbols: Sequence[str]) -> dict[str, object]:
        """Return the parameters of a request for the same."""
        wanted = {"channels": "ticker", "symbols": ",".join(symbols), "fields": ",".join(FIELDS)}
        return wanted | self._known

    @property
    def _known(self) -> dict[str, object]:
        """Return the parameter to resume from the last position, if there is one."""
        return {} if self.position is None else {"since": self.position}

    def take(self, text: bytes, received_ms: float) -> None:
        """Count a frame that arrived at `received_ms` (epoch)."""
        # Nearly all frames are updates: their head is compared as bytes, to decode each only once.
        if text.startswith(UPDATE_HEAD):
            self._take_update(_decode_update(text), received_ms)
            return
        frame = _decode(text)
        if frame.get("channel") == "heartbeat":
            self.stand_at(frame["seq"])
        elif frame.get("channel") == "ticker":
            self.reader.apply(frame)
            self.sequence = frame["seq"]
            self.snapshots += self.is_measuring
        elif frame.get("channel") == "status" and "data" in frame:
            self.reader.apply(frame)

    def stand_at(self, sequence: int) -> None:
        """Move to a sequence that a heartbeat or the id of an event confirms."""
        self.sequence = max(self.sequence, sequence)

    def count(self, *, bytes_in: int = 0, bytes_out: int = 0, requests: int = 0) -> None:
        """Add to the traffic of the socket."""
        if self.is_measuring:
            self.bytes_in += bytes_in
            self.bytes_out += bytes_out
            self.requests += requests

    def _take_update(self, update: _Update, received_ms: float) -> None:
        if update.since != self.sequence:
            self.gaps += 1
        self.sequence = update.seq
        if not self.is_measuring:
            return
        entries, ages = update.data, self.ages_ms
        self.frames += 1
        self.updates += len(entries)
        age_ms = round(received_ms - update.ts)
        for entry in entries.values():
            self.ticks += entry.n
            self.merged += max(0, entry.n - 1)
            if entry.ms is not None:
                ages[age_ms + entry.ms] += 1


def percentiles(tallies: list[Tally]) -> dict[str, float]:
    """Return p50, p95, p99 and the maximum of all ages (ms), nothing without ages."""
    together: Counter[int] = Counter()
    for tally in tallies:
        together.update(tally.ages_ms)
    if not together:
        return {}
    ages = np.array(sorted(together))
    shares = np.cumsum([together[age] for age in ages]) / together.total()
    found = {f"p{p}": float(ages[np.searchsorted(shares, p / 100)]) for p in (50, 95, 99)}
    return found | {"max": float(ages[-1])}
