"""Statuses: feeds and instruments are those of the tape, and only those that the account sees."""

from tests.oracle.check import Check, Frame
from tests.oracle.tape import Epoch


class StatusCheck(Check):
    """The channel of phases, halts and feeds; it has no names."""

    channel = "status"

    def is_read(self, epoch: Epoch | None = None) -> bool:
        return self.is_open

    def take(self, frame: Frame, epoch: Epoch) -> None:
        for entry in frame["data"]:
            if "s" in entry:
                self.check_seen(entry["s"], epoch, frame["seq"])
            elif entry["feed"] not in self.case.account.feeds:
                self.complain(f"status had {entry['feed']}, which this account does not see")
        if not frame.get("more"):
            self.compare(epoch, frame["seq"], frame["seq"])

    def compare(self, epoch: Epoch, since: int, sequence: int) -> None:
        """Both lists are those of the tape at this sequence."""
        reader = self.case.reader
        self._compare(
            "instruments", reader.instruments, self._instruments(epoch, sequence), sequence
        )
        self._compare("feeds", reader.feeds, self._feeds(epoch, sequence), sequence)

    def _compare(self, what: str, mine: Frame, due: Frame, sequence: int) -> None:
        if mine != due:
            self.complain(f"{what} at {sequence} were {mine}, the tape has {due}")

    def _instruments(self, epoch: Epoch, sequence: int) -> Frame:
        keys = epoch.symbols(self.case.account, sequence)
        entries = {name: epoch.instruments[key].status.at(sequence) for name, key in keys.items()}
        return {name: entry for name, entry in entries.items() if entry is not None}

    def _feeds(self, epoch: Epoch, sequence: int) -> Frame:
        """A delayed reader sees the delayed feed: its clock and phase are those of then."""
        seen = self.case.account.feeds
        keys = {name: f"{name}~{delay}" if delay else name for name, delay in seen.items()}
        feeds = {name: epoch.feeds[key] for name, key in keys.items() if key in epoch.feeds}
        entries = {name: at.at(sequence) for name, at in feeds.items()}
        return {name: entry for name, entry in entries.items() if entry is not None}
