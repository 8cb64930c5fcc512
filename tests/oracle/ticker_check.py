"""Prices: each row and each count of receipts is that of the tape at the reader's sequence."""

from tests.oracle.check import EVERYTHING, Case, Check, Frame, Kind
from tests.oracle.tape import Epoch, unmarked

ALL_FIELDS = ("p", "b", "a", "bs", "as", "o", "h", "l", "pc", "v", "ph")
ALWAYS = {"ms", "n", "gone"}


class TickerCheck(Check):
    """The merged channel; `ticks` counts receipts, `merged` those that stood for others."""

    channel = "ticker"

    def __init__(self, case: Case) -> None:
        self.fields: tuple[str, ...] = ALL_FIELDS
        self.ticks = self.merged = 0
        self._base: tuple[str, int] = ("", 0)
        self._base_ticks: dict[str, int] = {}
        self._bases: dict[str, tuple[str, int, int]] = {}
        self._arriving: set[str] = set()
        super().__init__(case)

    def begin_line(self) -> None:
        self._arriving = set()

    def take(self, frame: Frame, epoch: Epoch) -> None:
        sequence, is_snapshot = frame["seq"], frame.get("type") == "snapshot"
        self.check_names(frame["data"], epoch, sequence)
        for symbol, entry in frame["data"].items():
            self._check_fields(symbol, entry, is_snapshot=is_snapshot)
            self.ticks += entry.get("n", 0 if is_snapshot else 1)
            self.merged += 0 if is_snapshot else max(0, entry.get("n", 1) - 1)
        if is_snapshot:
            self._arriving |= frame["data"].keys()
            if frame.get("more"):
                return
            self._begin_receipts(frame)
        self.compare(epoch, sequence, sequence)

    def _check_fields(self, symbol: str, entry: Frame, *, is_snapshot: bool) -> None:
        extra = entry.keys() - {*self.fields} - ALWAYS
        if extra:
            self.complain(f"{symbol} had the fields {sorted(extra)}, which are not wanted")
        missing = {*self.fields} - entry.keys()
        if is_snapshot and missing and not entry.get("gone"):
            self.complain(f"the snapshot of {symbol} lacked {sorted(missing)}")

    def _begin_receipts(self, frame: Frame) -> None:
        """Receipts count from a snapshot on: of the symbols that are in it, or of all."""
        names, place = self._arriving, (unmarked(frame["epoch"]), frame["seq"])
        self._arriving = set()
        self.fresh -= names | {EVERYTHING}
        ticks = self.case.reader.ticks
        if EVERYTHING in self.wanted or names >= self.wanted:
            self._base, self._base_ticks, self._bases = place, dict(ticks), {}
        for symbol in names:
            self._bases[symbol] = (*place, ticks.get(symbol, 0))

    def compare(self, epoch: Epoch, since: int, sequence: int) -> None:
        """Rows and receipts are those of the tape at this sequence."""
        for symbol, key in self.symbols(epoch, sequence).items():
            mine = self.case.reader.rows.get(symbol)
            row = None if key is None else epoch.row(key, sequence)
            due = row and {name: row[name] for name in (*self.fields, "t")}
            if mine != due:
                self.complain(f"{symbol} at {sequence} was {mine}, the tape has {due}")
            if key is not None:
                self._check_receipts(symbol, key, epoch, sequence)

    def _check_receipts(self, symbol: str, key: str, epoch: Epoch, sequence: int) -> None:
        name, since = self._base
        base = self._bases.get(symbol, (name, since, self._base_ticks.get(symbol, 0)))
        mine = self.case.reader.ticks.get(symbol, 0) - base[2]
        due = epoch.ticks(key, sequence) - epoch.ticks(key, base[1])
        if self.case.tape.epochs.get(base[0]) is epoch and mine != due:
            kind = Kind.SKIPPED if mine < due else Kind.DOUBLED
            self.complain(f"{symbol} at {sequence}: receipts say {mine}, the tape {due}", kind)
