"""What a simulated market needs to go on in a later life: a value that can be stored.

Pure. Must not know where it is stored.
"""

import msgspec

from feeds.exceptions import InvalidCheckpoint
from feeds.market.instruments import Definition


class SimulatorState(msgspec.Struct, frozen=True, tag="simulator"):
    """The state of a simulator between two strides.

    `exchange_ms` is the exchange time (UTC ms) up to which ticks were drawn, on the day `day`.
    `origins` are the definitions with which the instruments started. `drift` is the log price of
    each, relative to its origin, and `excitation` its multiple of the mean rate of ticks. `quotes`
    are bid, ask (ticks) and their sizes, each by instrument. `paths` are the names of all paths,
    shared ones first, and `logs` the three parts of the log volatility of each.

    Raises:
        InvalidCheckpoint: the parts do not fit together.
    """

    day: int | None
    exchange_ms: int
    rate: float
    unit_rate: float
    origins: dict[str, Definition]
    drift: list[float]
    excitation: list[float]
    quotes: list[list[int]]
    paths: list[str]
    logs: list[list[float]]

    def __post_init__(self) -> None:
        count, paths = len(self.origins), len(self.paths)
        lengths = {len(self.drift), len(self.excitation), *map(len, self.quotes)}
        fits = lengths == {count} and len(self.quotes) == 4 and len(self.logs) == 3
        if not fits or {len(part) for part in self.logs} != {paths}:
            raise InvalidCheckpoint(f"state of {count} instruments and {paths} paths does not fit")
