"""What the checks of all channels share: what is wanted of a channel, and what the tape says of it.

A check compares the frames of one channel that a reader applied with the tape.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from enum import StrEnum
from typing import Any, Final

from dashboard.loadtest.reader import Reader
from feeds.market.events import Position
from tests.oracle.tape import Account, EngineTape, Epoch

Frame = dict[str, Any]
EVERYTHING = "*"
MOST_COMPLAINTS: Final = 1000
CANARY = re.compile(r"canary-(\d+)-")
"""Personal texts have `canary-<user>-<number>`, so that the owner of any text is known."""


class Kind(StrEnum):
    """What can be wrong with what a reader applied."""

    SKIPPED = "skipped"
    DOUBLED = "doubled"
    WRONG = "wrong"


class Case:
    """One reader as the checks see it: its board, its account, the tape, and what is wrong.

    `counts` says how much of each kind was found; of a flood of complaints only the first stay.
    """

    def __init__(self, tape: EngineTape, account: Account, name: str) -> None:
        self.reader = Reader()
        self.tape = tape
        self.account = account
        self.name = name
        self.wrong: list[str] = []
        self.counts: Counter[Kind] = Counter()

    def complain(self, text: str, kind: Kind = Kind.WRONG) -> None:
        """Note something that is wrong with this reader."""
        self.counts[kind] += 1
        if len(self.wrong) < MOST_COMPLAINTS:
            self.wrong.append(f"{self.name}: {text}")


class Check:
    """One channel: what the reader wants of it, and since when.

    `fresh` are the names that still wait for their first snapshot. `begins` says that no position
    was given, so that a snapshot without a mark may come.
    """

    channel = ""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.close()

    def close(self) -> None:
        """Forget everything: the channel is not subscribed."""
        self.is_open = False
        self.wanted: set[Any] = set()
        self.fresh: set[Any] = set()
        self.has_position = self.begins = False
        self.at: Position | None = None

    def open(self, names: Collection[Any], *, has_position: bool) -> None:
        """Note what the server confirmed; with a position the reader goes on from there."""
        self.fresh = self.fresh - set(names) if has_position else self.fresh | set(names)
        self.begins = not has_position
        self.wanted |= set(names)
        self.is_open = True
        self.has_position = has_position or self.at is not None

    def begin_line(self) -> None:
        """Note that the connection is new: a snapshot that came in part does not go on."""

    def drop(self, names: Collection[Any]) -> None:
        """Note that these names are no longer wanted."""
        self.wanted -= set(names)
        self.fresh -= set(names)

    def is_read(self, epoch: Epoch | None = None) -> bool:
        """Say whether anything may come here: in an epoch only what the account sees there.

        A request that resumes is not answered name by name. The server may read nothing for it.
        """
        if not self.is_open or epoch is None:
            return self.is_open and bool(self.wanted)
        names = {name if isinstance(name, str) else name[0] for name in self.wanted}
        seen = epoch.symbols(self.case.account, epoch.last)
        return bool(seen) if EVERYTHING in names else not names.isdisjoint(seen)

    def take(self, frame: Frame, epoch: Epoch) -> None:
        """Compare a frame that the reader has just applied."""
        raise NotImplementedError

    def compare(self, epoch: Epoch, since: int, sequence: int) -> None:
        """Compare the board with the tape, where no frame says what came in (since, sequence]."""
        raise NotImplementedError

    def stand_at(self, frame: Frame, epoch: str) -> None:
        """Note where the last frame of a whole answer leads."""
        self.at = Position(epoch, frame["seq"])
        self.has_position = True
        is_first = frame.get("type") == "snapshot" and not frame.get("gap")
        self.begins = self.begins and not is_first

    # --- names and keys ---------------------------------------------------------------------
    def symbols(self, epoch: Epoch, sequence: int) -> dict[str, str | None]:
        """Return the symbols that are subscribed and begun, with their keys."""
        account = self.case.account
        if EVERYTHING in self.wanted:
            is_fresh = EVERYTHING in self.fresh
            return {} if is_fresh else dict(epoch.symbols(account, sequence))
        names = self.wanted - self.fresh
        return {symbol: epoch.key_of(symbol, account, sequence) for symbol in names}

    def keys(self, epoch: Epoch, sequence: int) -> list[str]:
        """Return the keys of the symbols that are subscribed, begun and seen."""
        return [key for key in self.symbols(epoch, sequence).values() if key is not None]

    def check_names(self, names: Iterable[str], epoch: Epoch, sequence: int) -> None:
        """Data of what is not subscribed, or not seen, never comes."""
        for symbol in names:
            if EVERYTHING not in self.wanted and symbol not in self.wanted:
                self.complain(f"{self.channel} had {symbol}, which is not subscribed")
            else:
                self.check_seen(symbol, epoch, sequence)

    def check_seen(self, symbol: str, epoch: Epoch, sequence: int) -> None:
        """Data of a symbol that the account does not see never comes."""
        if epoch.key_of(symbol, self.case.account, sequence) is None:
            self.complain(f"{self.channel} had {symbol}, which this account does not see")

    def check_mark(self, *, is_mark: bool) -> None:
        """A snapshot that leaves something out says so, and no other does."""
        if is_mark and not self.has_position:
            self.complain(f"{self.channel} had a gap mark where nothing was missed")
        if not is_mark and not self.begins:
            self.complain(f"{self.channel} were lost without a mark", Kind.SKIPPED)

    @property
    def complain(self) -> Callable[..., None]:
        """Return how to note something wrong."""
        return self.case.complain
