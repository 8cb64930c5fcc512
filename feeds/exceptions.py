"""Errors of the market, as a tree.

FeedError
├── BusDown               the bus cannot be reached
├── InvalidEvent          an event that cannot have happened (bid above ask, negative size)
├── InvalidDefinition     an instrument that cannot be traded (tick size 0, empty symbol)
├── InvalidPlan           a feed that cannot run (rate below 0, duplicate symbol)
├── ChangeRefused         a change of rows that their present state does not allow
├── InvalidPosition       text that is not a position
├── InvalidPacking        bytes that are neither a batch nor a board
├── InvalidCheckpoint     bytes that are not the state of a market
├── InvalidRecording      a file that is not a recording, or events that a recording cannot hold
├── InvalidImport         a table with invalid rows
├── UpstreamRefused       the upstream refused the credentials or a subscription
├── UpstreamOccupied      another session has the only connection of the account
├── UpstreamLost          the connection to the upstream broke or went silent
└── PositionLost          a position before the start of the tape, or one that never existed
"""


class FeedError(Exception):
    """Root of all errors that the market raises on purpose."""


class BusDown(FeedError):
    """The bus cannot be reached."""


class InvalidEvent(FeedError):
    """An event that cannot have happened, such as a bid above the ask."""


class InvalidDefinition(FeedError):
    """An instrument that cannot be traded, such as one without a tick size."""


class InvalidPlan(FeedError):
    """A feed that cannot run, such as one that lists a symbol twice."""


class ChangeRefused(FeedError):
    """A change that a service refuses, because the present rows do not allow it or are gone."""


class InvalidPosition(FeedError):
    """Text that is not a position."""


class InvalidPacking(FeedError):
    """Bytes that are neither a batch nor a board."""


class InvalidCheckpoint(FeedError):
    """Bytes that are not the state of a market, or parts of it that do not fit together."""


class InvalidRecording(FeedError):
    """A file that is not a recording, or events that a recording cannot hold."""


class InvalidImport(FeedError):
    """A table with invalid rows: `faults` has the lines, from 1, and what is wrong there.

    `rows` is how many rows are wrong, where a fault stands for several.
    """

    SHOWN = 50
    """The message lists at most this many faults, and says how many more there are."""

    def __init__(self, faults: list[tuple[int, str]], rows: int | None = None) -> None:
        self.faults = faults
        self.rows = len({line for line, _ in faults}) if rows is None else rows
        shown = [f"line {line}: {fault}" for line, fault in faults[: self.SHOWN]]
        if len(faults) > self.SHOWN:
            shown.append(f"and {len(faults) - self.SHOWN} more")
        super().__init__("\n".join([self.summary, *shown]))

    @property
    def summary(self) -> str:
        """Say how many rows are wrong."""
        return "1 row is wrong" if self.rows == 1 else f"{self.rows} rows are wrong"


class UpstreamRefused(FeedError):
    """The upstream refused the credentials or a subscription."""


class UpstreamOccupied(FeedError):
    """Another session has the only connection of the account."""


class UpstreamLost(FeedError):
    """The connection to the upstream broke or went silent."""


class PositionLost(FeedError):
    """A position before the start of the tape, or one that never existed."""
