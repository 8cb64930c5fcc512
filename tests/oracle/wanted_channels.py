"""What a reader wants, what the server confirmed of it, and where the reader stands."""

from collections.abc import Iterable
from typing import Any

from dashboard.loadtest.reader import Reader
from tests.oracle.audit import ReaderAudit
from tests.oracle.check import EVERYTHING, Frame

PERSONAL = "personal"
"""Stands for the channels that have no symbols: notifications and the watchlist."""


class WantedChannels:
    """The channels of one reader: `channels` has the names of each, symbols or pairs of bars.

    `reader` is the board as the reader applied it. The audit has another, which it checks.
    """

    def __init__(self, audit: ReaderAudit, channels: dict[str, set[Any]]) -> None:
        self.reader = Reader()
        self.channels = channels
        self.keeps_position = True
        self.knows_notices = False
        self._audit = audit
        self._confirmed: dict[str, set[Any]] = {}
        self._gone: set[str] = set()
        self._epoch = ""

    # --- what is wanted ---------------------------------------------------------------------
    def add(self, channel: str, names: Iterable[Any]) -> set[Any] | None:
        """Want more; return what is new, or None if nothing is."""
        known = self.channels.get(channel)
        added = set(names) - (known or set())
        if known is not None and (EVERYTHING in known or not added):
            return None
        self.channels[channel] = (known or set()) | added
        return added

    def drop(self, channel: str, names: Iterable[Any] | None) -> set[Any] | None:
        """Want less; return the names that end, or None if all of them do."""
        known = self.channels[channel]
        if names is None or not known - set(names):
            del self.channels[channel]
            return None
        ended = set(names) & known
        known -= ended
        return ended

    def may_drop(self, channel: str, names: Iterable[Any] | None) -> bool:
        """Say whether there is anything to end; no name can be taken from everything."""
        known = self.channels.get(channel)
        if known is None or (EVERYTHING in known and names is not None):
            return False
        return names is None or bool(set(names) & known)

    def asked(self) -> list[str]:
        """Return the channels to ask for; a channel without names ends."""
        for name in ("ticker", "trades", "bars"):
            if not self.channels.get(name, {EVERYTHING}):
                del self.channels[name]
        for name, confirmed in list(self._confirmed.items()):
            if name not in self.channels:
                self.end(name)
            elif confirmed - self.channels[name]:
                self.end(name, confirmed - self.channels[name])
        return list(self.channels)

    # --- what the server confirmed ----------------------------------------------------------
    def begin(self, channel: str, since: str | None, names: Iterable[Any]) -> None:
        """Note a subscription, and whether it goes on from a position."""
        self._confirmed[channel] = self._confirmed.get(channel, set()) | set(names)
        if channel in self._audit.checks:
            self._audit.subscribe(channel, set(names), has_position=since is not None)

    def end(self, channel: str, names: set[Any] | None = None) -> None:
        """Note the end of these names, or of the whole channel; what is shown of them goes."""
        confirmed = self._confirmed.get(channel, set())
        ended = set(confirmed) if names is None else names & confirmed
        if channel in self._audit.checks and channel in self._confirmed:
            self._audit.unsubscribe(channel, names)
        confirmed -= ended
        if names is None or not confirmed:
            self._confirmed.pop(channel, None)
            self.reader.forget(channel)
        for name in ended if channel == "ticker" else ():
            self.reader.rows.pop(name, None)
            self._gone.discard(name)

    def reject(self, channel: str, names: set[Any], *, is_request: bool) -> None:
        """Stop wanting unknown names; over HTTP one list of symbols serves ticker and trades."""
        both = ("ticker", "trades") if is_request and channel != "bars" else (channel,)
        for name in both if names else ():
            self.channels.get(name, set()).difference_update(names)
            self._confirmed.get(name, set()).difference_update(names)
            if name in self._confirmed:
                self._audit.reject(name, names)

    def is_read(self, channel: str, certain: Iterable[str]) -> bool:
        """Say whether the server certainly reads this channel for the reader.

        A request that resumes is not answered name by name: a channel may have none that is seen.
        `certain` are the symbols that everybody sees.
        """
        confirmed = self._confirmed.get(channel, set())
        names = {name if isinstance(name, str) else name[0] for name in confirmed}
        is_status = channel == "status" and channel in self._confirmed
        return bool(names & {EVERYTHING, *certain}) or is_status

    # --- where the reader stands ------------------------------------------------------------
    def since(self, channel: str) -> str | None:
        """Return the position to resume from; a symbol without a row needs a snapshot."""
        names = self.channels.get(channel, set())
        if not self.keeps_position or channel == PERSONAL:
            return None
        if channel == "ticker" and not all(map(self._is_known, names)):
            return None
        if channel in ("trades", "bars") and not names <= self._confirmed.get(channel, set()):
            return None
        return self.reader.since(channel)

    def _is_known(self, name: str) -> bool:
        return name == EVERYTHING or name in self.reader.rows or name in self._gone

    def apply(self, frame: Frame) -> None:
        """Fold a frame into the board.

        Raises:
            Gap: frames are missing before this one.
        """
        self.reader.apply(frame)
        self.knows_notices = self.knows_notices or frame.get("channel") == "notifications"
        if frame.get("channel") == "ticker":
            self._note_gone(frame)

    def _note_gone(self, frame: Frame) -> None:
        if frame.get("epoch", self._epoch) != self._epoch:
            self._epoch = frame["epoch"]
            self._gone.clear()
        for symbol, entry in frame["data"].items():
            (self._gone.add if entry.get("gone") else self._gone.discard)(symbol)
