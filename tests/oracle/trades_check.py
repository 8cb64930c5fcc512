"""Trades: each comes once and in order, and what is left out is marked."""

from feeds.market.events import Position
from tests.oracle.check import EVERYTHING, Case, Check, Frame, Kind
from tests.oracle.tape import Epoch


class TradesCheck(Check):
    """The distinct channel; `trades` counts those of updates, `gap_marks` the marks."""

    channel = "trades"

    def __init__(self, case: Case) -> None:
        self.trades = self.gap_marks = 0
        self._last = Position("", 0)
        self._arriving: list[Frame] = []
        super().__init__(case)

    def begin_line(self) -> None:
        self._arriving = []

    def begin_again(self) -> None:
        """Forget which trade came last: another access may see older ones."""
        self._last = Position("", 0)

    def take(self, frame: Frame, epoch: Epoch) -> None:
        sequence, is_snapshot = frame["seq"], frame.get("type") == "snapshot"
        mine = [_dated(trade, frame["ts"]) for trade in frame["data"]]
        self.check_names({trade["s"] for trade in mine}, epoch, sequence)
        if is_snapshot:
            mine = self._arriving = self._arriving + mine
            if frame.get("more"):
                return
            self._arriving = []
        self._check_order(mine, epoch, sequence)
        if is_snapshot:
            self._check_newest(mine, epoch, sequence, is_mark=bool(frame.get("gap")))
        else:
            self._check_all(mine, epoch, frame["from"], sequence)

    def _check_order(self, mine: list[Frame], epoch: Epoch, sequence: int) -> None:
        """Those of a symbol that is added may be older than what others had."""
        numbers = [trade["i"] for trade in mine]
        if numbers != sorted(set(numbers)) or (numbers and numbers[-1] > sequence):
            self.complain(f"trades were out of order: {numbers}")
        is_here = self._last.epoch == epoch.name
        if is_here and not self.fresh:
            doubled = [number for number in numbers if number <= self._last.sequence]
            if doubled:
                self.complain(f"the trades {doubled} came twice", Kind.DOUBLED)
        last = self._last.sequence if is_here else 0
        self._last = Position(epoch.name, max([last, *numbers]))

    def _check_all(self, mine: list[Frame], epoch: Epoch, since: int, sequence: int) -> None:
        self.trades += len(mine)
        due = epoch.trades(self.keys(epoch, sequence), since, sequence)
        if mine != due:
            text = f"trades in ({since}, {sequence}] were {_numbers(mine)}"
            is_less = len(mine) < len(due)
            kind = Kind.SKIPPED if is_less else Kind.WRONG
            self.complain(f"{text}, the tape has {_numbers(due)}", kind)

    def _check_newest(
        self, mine: list[Frame], epoch: Epoch, sequence: int, *, is_mark: bool
    ) -> None:
        """A snapshot has the newest trades; a gap is marked, and nothing else is."""
        self.gap_marks += is_mark
        self.check_mark(is_mark=is_mark)
        if is_mark:
            keys = self.keys(epoch, sequence)
        else:
            keys = self._fresh_keys(epoch, sequence)
            self.fresh = set()
        due = epoch.trades(keys, 0, sequence)
        newest = due[-len(mine) :] if mine else []
        if mine != newest:
            self.complain(f"the newest trades at {sequence} were {_numbers(mine)}, "
                          f"the tape has {_numbers(newest)}")  # fmt: skip

    def _fresh_keys(self, epoch: Epoch, sequence: int) -> list[str]:
        account = self.case.account
        if EVERYTHING in self.fresh:
            return list(epoch.symbols(account, sequence).values())
        keys = [epoch.key_of(symbol, account, sequence) for symbol in self.fresh]
        return [key for key in keys if key is not None]

    def compare(self, epoch: Epoch, since: int, sequence: int) -> None:
        """No trade may lie where no frame came."""
        missed = epoch.trades(self.keys(epoch, sequence), since, sequence)
        if missed:
            self.complain(f"a heartbeat skipped the trades {_numbers(missed)}", Kind.SKIPPED)


def _dated(trade: Frame, ts: int) -> Frame:
    return {k: v for k, v in trade.items() if k != "ms"} | {"t": ts - trade["ms"]}


def _numbers(trades: list[Frame]) -> list[int]:
    return [trade["i"] for trade in trades]
