"""Compares what one reader applied with the tape: order, gaps, receipts, values, rights.

It knows no transport and no server: who reads says what was asked and which frames were applied.
What lies beyond the tape is checked when the tape arrives (`check`).
"""

import json
from collections import deque
from collections.abc import Callable, Collection

from dashboard.loadtest.reader import Gap, Reader
from feeds.market.events import Position
from tests.oracle.bars_check import BarsCheck
from tests.oracle.check import CANARY, Case, Check, Frame, Kind
from tests.oracle.status_check import StatusCheck
from tests.oracle.tape import Account, EngineTape, unmarked
from tests.oracle.ticker_check import TickerCheck
from tests.oracle.trades_check import TradesCheck


class ReaderAudit:
    """One reader's claims, checked against the tape; `wrong` has what does not agree."""

    def __init__(self, tape: EngineTape, account: Account, name: str) -> None:
        self.case = Case(tape, account, name)
        self.ticker, self.trades = TickerCheck(self.case), TradesCheck(self.case)
        checks = (self.ticker, self.trades, BarsCheck(self.case), StatusCheck(self.case))
        self.checks: dict[str, Check] = {check.channel: check for check in checks}
        self.applied = 0
        self._waiting: deque[Callable[[], bool]] = deque()

    @property
    def reader(self) -> Reader:
        """Return the board that the applied frames make."""
        return self.case.reader

    @property
    def wrong(self) -> list[str]:
        """Return what does not agree so far."""
        return self.case.wrong

    # --- what the reader says ---------------------------------------------------------------
    def subscribe(
        self, channel: str, names: Collection[object] = (), *, has_position: bool
    ) -> None:
        """Note what the server confirmed: symbols, `*`, or pairs of a symbol and an interval.

        With a position the reader goes on from there; without it a snapshot must come first.
        """
        self._later(lambda: self.checks[channel].open(names, has_position=has_position))

    def unsubscribe(self, channel: str, names: Collection[object] | None = None) -> None:
        """Note that the server confirmed the end of these names, or of the whole channel."""
        self._later(lambda: self._unsubscribe(channel, names))

    def reject(self, channel: str, names: Collection[object]) -> None:
        """Note that the server refused these names; the channel stays open."""
        self._later(lambda: self.checks[channel].drop(names))

    def see(self, account: Account) -> None:
        """Note that the access has changed: positions of the former access are worth nothing."""
        self.case.account = account
        self.trades.begin_again()

    def let_trades_come_again(self) -> None:
        """Note that the next snapshot of trades may have some that came before it."""
        self._later(self.trades.begin_again)

    def begin_line(self) -> None:
        """Note that what follows comes over a new connection."""
        for check in self.checks.values():
            self._later(check.begin_line)

    def take(self, frame: Frame) -> None:
        """Note a frame that the reader applied."""
        self._waiting.append(lambda: self._take(frame))
        self.check()

    def check(self) -> bool:
        """Check what the tape reaches; return whether that is everything."""
        while self._waiting and self._waiting[0]():
            self._waiting.popleft()
        return not self._waiting

    def _later(self, change: Callable[[], None]) -> None:
        """Keep the order: a frame that waits for the tape comes before what was said after it."""

        def run() -> bool:
            change()
            return True

        self._waiting.append(run)
        self.check()

    def _unsubscribe(self, name: str, names: Collection[object] | None) -> None:
        check = self.checks[name]
        check.drop(check.wanted if names is None else names)
        if not check.wanted:
            check.close()
            self.reader.forget(name)

    # --- frames -----------------------------------------------------------------------------
    def _take(self, frame: Frame) -> bool:
        """Check a frame; return False if the tape does not reach it yet."""
        name = frame.get("channel", "")
        self._check_owner(frame)
        if name == "heartbeat":
            return self._take_heartbeat(frame)
        if name not in self.checks or "data" not in frame:
            self.reader.apply(frame)
            return True
        if not self.checks[name].is_open:
            self.case.complain(f"a frame of {name} came though it is not subscribed")
            return True
        return self._take_market(self.checks[name], frame)

    def _take_market(self, check: Check, frame: Frame) -> bool:
        before = self.reader.positions.get(check.channel)
        epoch = unmarked(frame.get("epoch") or (before.epoch if before else ""))
        if not epoch:  # a process without a market has a board without an epoch
            self.reader.apply(frame)
            return True
        if not self.case.tape.reaches(epoch, frame["seq"]):
            return False
        self.applied += 1
        if "from" in frame and frame["seq"] <= frame["from"]:
            text = f"{check.channel} went from {frame['from']} to {frame['seq']}"
            self.case.complain(text, Kind.DOUBLED)
        try:
            self.reader.apply(frame)
        except Gap as gap:
            self.case.complain(f"applied a frame in spite of a gap: {gap}")
            return True
        self._check_frame(check, frame, epoch, before)
        return True

    def _check_frame(self, check: Check, frame: Frame, epoch: str, before: Position | None) -> None:
        is_whole = not frame.get("more")
        # With another access the epoch has another mark: its trades may be told from the first on.
        is_here = before is not None and frame.get("epoch", before.epoch) == before.epoch
        if is_whole and is_here and before is not None and frame["seq"] < before.sequence:
            text = f"{check.channel} went back from {before.sequence} to {frame['seq']}"
            self.case.complain(text, Kind.DOUBLED)
        check.take(frame, self.case.tape.epochs[epoch])
        if is_whole:
            check.stand_at(frame, epoch)

    def _take_heartbeat(self, frame: Frame) -> bool:
        """A heartbeat may only skip what is not this reader's."""
        tape, sequence = self.case.tape, frame["seq"]
        moves = {
            name: at for name, at in self.reader.positions.items()
            if at.epoch and at.sequence < sequence and self._is_read(name, at)
        }  # fmt: skip
        if not all(tape.reaches(unmarked(at.epoch), sequence) for at in moves.values()):
            return False
        for name, at in moves.items():
            epoch = tape.epochs[unmarked(at.epoch)]
            self.checks[name].compare(epoch, at.sequence, sequence)
        self.reader.apply(frame)
        return True

    def _is_read(self, name: str, at: Position) -> bool:
        epoch = self.case.tape.epochs.get(unmarked(at.epoch))
        return name in self.checks and self.checks[name].is_read(epoch)

    def _check_owner(self, frame: Frame) -> None:
        """Personal texts belong to this reader alone."""
        if frame.get("channel") not in ("notifications", "watchlist", "deck"):
            return
        others = set(CANARY.findall(json.dumps(frame))) - {str(self.case.account.user_id)}
        if others:
            self.case.complain(f"{frame['channel']} had data of the users {sorted(others)}")

    # --- at the end -------------------------------------------------------------------------
    def behind(self) -> list[str]:
        """Return where this reader's board differs from the end of the tape."""
        case = self.case
        if self._waiting:
            return [f"{case.name}: {len(self._waiting)} things are beyond the tape"]
        kept, case.wrong = case.wrong, []
        newest = case.tape.epochs.get(case.tape.newest)
        for check in self.checks.values():
            if check.is_read(newest):
                self._check_end(check)
        found, case.wrong = case.wrong, kept
        return found

    def _check_end(self, check: Check) -> None:
        newest, at = self.case.tape.newest, self.reader.positions.get(check.channel)
        if at is None or check.fresh or unmarked(at.epoch) != newest:
            self.case.complain(
                f"{check.channel} is at {at}, waits for {check.fresh}, the tape is in {newest}"
            )
        elif newest:
            epoch = self.case.tape.epochs[newest]
            check.compare(epoch, at.sequence, epoch.last)
