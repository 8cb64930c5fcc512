"""What all readers of a server received together, while it is measured."""

from collections import Counter

import msgspec


class _Entry(msgspec.Struct):
    ms: int | None = None


class _Frame(msgspec.Struct, rename={"since": "from"}):
    """A frame of the project's wire; what is no update of prices has other fields as well."""

    channel: str = ""
    type: str = ""
    since: int = 0
    seq: int = 0
    ts: int = 0
    data: dict[str, _Entry] | list[msgspec.Raw] | None = None


_decode = msgspec.json.Decoder(_Frame).decode


class Counts:
    """Frames, updates and ages (ms); an age is from the tick until a reader has it."""

    def __init__(self) -> None:
        self.is_counting = False
        self.frames = self.updates = self.gaps = self.bytes = self.lost = 0
        self.ages_ms: Counter[int] = Counter()
        self._first = self._last = 0

    @property
    def ticks(self) -> int:
        """Return the ticks of the market from the first frame to the last, read by any or none."""
        return self._last - self._first

    def take(self, text: bytes, received_ms: float, sequence: int) -> int:
        """Count a frame of a reader that stands at a sequence; return where it stands then."""
        frame = _decode(text)
        if frame.channel != "ticker" or frame.type == "snapshot":
            return max(sequence, frame.seq)
        if self.is_counting and isinstance(frame.data, dict):
            self._count(frame, frame.data, received_ms)
            self.gaps += frame.since != sequence
        return frame.seq

    def _count(self, frame: _Frame, data: dict[str, _Entry], received_ms: float) -> None:
        self._first = self._first or frame.seq
        self._last = max(self._last, frame.seq)
        self.frames += 1
        self.updates += len(data)
        age_ms = round(received_ms - frame.ts)
        for entry in data.values():
            if entry.ms is not None:
                self.ages_ms[age_ms + entry.ms] += 1
