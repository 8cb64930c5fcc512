"""What can go wrong in the market, as one tree.

FeedError
├── BusDown               the bus cannot be reached now
├── InvalidEvent          an event that cannot have happened (bid above ask, negative size)
├── InvalidDefinition     an instrument that cannot be traded (tick size 0, empty symbol)
├── InvalidPlan           a feed that cannot be run (rate below 0, duplicate symbol)
├── InvalidTransition     a phase or state that cannot follow the present one
├── InvalidPosition       text that is not a position
├── InvalidPacking        bytes that are no batch and no board
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


class PositionLost(FeedError):
    """A position that the tape no longer reaches, or never had."""
