"""What a load test does and what it found; docs/benchmarks.md has its figures.

Must not know sockets.
"""

from collections import Counter

import msgspec
import numpy as np

from dashboard.loadtest.reader import Reader
from dashboard.wire.registry import Transport

FIELDS = ("p", "b", "a", "o", "h", "l", "pc", "v", "ph")
"""What the dashboard's table shows, and asks for."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to do to a server: so many readers of so many symbols for so many seconds."""

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
    """What all readers saw together.

    An update stands for its ticks, of which all but one are merged, or for none: a change of phase.
    Ages are ms from a tick's event to its receipt, over every update. Bytes are all that came over
    the readers' sockets, headers included. Server CPU is what the kernel booked for its processes;
    memory is what they grew by while the readers came, per reader. Whoever reconnects is sent what
    was missed; a snapshot where that is kept no more.
    """

    transport: str
    clients: int
    symbols: int
    seconds: float
    frames: int
    updates: int
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
    """What one reader saw; counts only while the measurement runs.

    Updates are read by shape and not folded: the board is not what is measured, the receipts and
    the line of positions are. Everything else goes through a Reader.
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
        """Return where the reader stands in the ticker."""
        epoch = self.reader.positions.get("ticker")
        return None if epoch is None else f"{epoch.epoch}:{self.sequence}"

    def take(self, text: bytes, received_ms: float) -> None:
        """Read one frame."""
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
        """Miss nothing up to there: a heartbeat or the id of an event says so."""
        self.sequence = max(self.sequence, sequence)

    def count(self, *, bytes_in: int = 0, bytes_out: int = 0, requests: int = 0) -> None:
        """Note what went over the socket."""
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
    """Return p50, p95, p99 and the largest of all ages (ms)."""
    together: Counter[int] = Counter()
    for tally in tallies:
        together.update(tally.ages_ms)
    if not together:
        return {}
    ages = np.array(sorted(together))
    shares = np.cumsum([together[age] for age in ages]) / together.total()
    found = {f"p{p}": float(ages[np.searchsorted(shares, p / 100)]) for p in (50, 95, 99)}
    return found | {"max": float(ages[-1])}
