"""Bars: those that the reader shows are those that the trades of the tape make."""

from collections.abc import Collection
from typing import Any

from tests.oracle.check import Case, Check, Frame
from tests.oracle.tape import Epoch

Pair = tuple[str, str]


class BarsCheck(Check):
    """The channel of bars; its names are pairs of a symbol and an interval."""

    channel = "bars"

    def __init__(self, case: Case) -> None:
        self._first_ms: dict[Pair, float] = {}
        super().__init__(case)

    def open(self, names: Collection[Any], *, has_position: bool) -> None:
        super().open(names, has_position=has_position)
        for pair in () if has_position else names:
            self._first_ms.pop(pair, None)

    def take(self, frame: Frame, epoch: Epoch) -> None:
        sequence, is_snapshot = frame["seq"], frame.get("type") == "snapshot"
        pairs = {(entry["s"], entry["iv"]) for entry in frame["data"]}
        for pair in pairs - self.wanted:
            self.complain(f"bars had {pair}, which is not subscribed")
        for symbol, _ in pairs:
            self.check_seen(symbol, epoch, sequence)
        if is_snapshot:
            self._begin(frame)
        if not frame.get("more"):
            if is_snapshot and not frame.get("gap"):
                self.fresh = set()
            self.compare(epoch, sequence, sequence)

    def _begin(self, frame: Frame) -> None:
        self.check_mark(is_mark=bool(frame.get("gap")))
        firsts: dict[Pair, float] = {}
        for entry in frame["data"]:
            pair = (entry["s"], entry["iv"])
            firsts[pair] = min(firsts.get(pair, float("inf")), entry.get("t", 0))
        self._first_ms |= firsts

    def compare(self, epoch: Epoch, since: int, sequence: int) -> None:
        """From the first bar on that the reader got, it has all and no others."""
        for pair in self.wanted - self.fresh:
            key = epoch.key_of(pair[0], self.case.account, sequence)
            first_ms = self._first_ms.get(pair)
            if key is None or first_ms is None or epoch.row(key, sequence) is None:
                continue
            due = [bar for bar in epoch.bars(key, pair[1], sequence) if bar["t"] >= first_ms]
            # Those of an earlier epoch stay until others take their place.
            if due:
                self._compare_pair(pair, due, sequence)

    def _compare_pair(self, pair: Pair, due: list[Frame], sequence: int) -> None:
        known = self.case.reader.bars.get(pair, {}).values()
        in_order = sorted(known, key=lambda bar: bar["t"])
        mine = [_bare(bar) for bar in in_order if bar["t"] >= due[0]["t"]]
        due = [bar | {"closed": bar is not due[-1]} for bar in due]
        if mine != due:
            self.complain(f"bars of {'@'.join(pair)} at {sequence} were {mine[-2:]}, "
                          f"the tape has {due[-2:]}")  # fmt: skip


def _bare(bar: Frame) -> Frame:
    kept = {k: v for k, v in bar.items() if k not in ("s", "iv", "closed")}
    return kept | {"closed": bool(bar.get("closed"))}
