"""What can go wrong in the market, as one tree.

FeedError
├── BusDown               the bus cannot be reached now
├── InvalidEvent          an event that cannot have happened (bid above ask, negative size)
├── InvalidDefinition     an instrument that cannot be traded (tick size 0, empty symbol)
├── InvalidPlan           a feed that cannot be run (rate below 0, duplicate symbol)
├── InvalidTransition     a phase or state that cannot follow the present one
├── InvalidPosition       text that is not a position
├── InvalidPacking        bytes that are no batch and no board
├── InvalidRecording      a file that is no recording, or events that cannot stand in one
├── InvalidImport         a table of trades or bars with rows that cannot be taken
├── UpstreamRefused       credentials or a subscription that the upstream does not take
├── UpstreamLost          a connection to the upstream that broke, or went silent
└── PositionLost          a position the tape no longer reaches, or never had
"""


class FeedError(Exception):
    """Root of everything the market raises on purpose."""


class BusDown(FeedError):
    """The bus cannot be reached now."""


class InvalidEvent(FeedError):
    """An event that cannot have happened."""


class InvalidDefinition(FeedError):
    """An instrument that cannot be traded."""


class InvalidPlan(FeedError):
    """A feed that cannot be run."""


class InvalidTransition(FeedError):
    """A phase or state that cannot follow the present one."""


class InvalidPosition(FeedError):
    """Text that is not a position."""


class InvalidPacking(FeedError):
    """Bytes that are no batch and no board."""


class InvalidRecording(FeedError):
    """A file that is no recording, or events that cannot stand in one."""


class InvalidImport(FeedError):
    """A table with rows that cannot be taken: `faults` has each with its line, from 1."""

    SHOWN = 50
    """The message lists as many, and says how many there are."""

    def __init__(self, faults: list[tuple[int, str]]) -> None:
        self.faults = faults
        shown = [f"line {line}: {fault}" for line, fault in faults[: self.SHOWN]]
        if len(faults) > self.SHOWN:
            shown.append(f"and {len(faults) - self.SHOWN} more")
        super().__init__("\n".join([f"{len(faults)} rows cannot be taken", *shown]))


class UpstreamRefused(FeedError):
    """Credentials or a subscription that the upstream does not take."""


class UpstreamLost(FeedError):
    """A connection to the upstream that broke, or went silent."""


class PositionLost(FeedError):
    """A position that the tape no longer reaches, or never had."""
