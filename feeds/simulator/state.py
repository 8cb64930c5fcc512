"""What a simulated market needs to go on in a later life: a value that can be stored.

Pure. Must not know where it is stored.
"""

import msgspec

from feeds.exceptions import InvalidCheckpoint
from feeds.market.instruments import Definition


class SimulatorState(msgspec.Struct, frozen=True, tag="simulator"):
    """The state of a simulator between two strides (`feeds.simulator.simulator.STRIDE`).

    `exchange_ms` is the exchange time (UTC ms) up to which ticks were drawn, on the day `day`.
    `origins` are the definitions with which the instruments started. `drift` is the log of the
    price of each, relative to the price of its origin. `excitation` says how many times as many
    ticks as on average each has at present. `quotes` are four lists: bids, asks (ticks) and their
    sizes, each by instrument. `paths` are the names of all random paths: the market's, the
    sectors', then those of single instruments. `logs` are the three parts of the log volatility of
    each path. `quoted` are quotes that were published after all this, by symbol: their instruments
    go on from there. It may name instruments that the simulator does not have.

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
    quoted: dict[str, tuple[int, int, int, int]] = {}

    def __post_init__(self) -> None:
        count, paths = len(self.origins), len(self.paths)
        lengths = {len(self.drift), len(self.excitation), *map(len, self.quotes)}
        fits = lengths == {count} and len(self.quotes) == 4 and len(self.logs) == 3
        if not fits or {len(part) for part in self.logs} != {paths}:
            raise InvalidCheckpoint(f"state of {count} instruments and {paths} paths does not fit")


def state_without_prices(exchange_ms: int) -> SimulatorState:
    """Return the state of a simulator that has not drawn anything by this time."""
    return SimulatorState(
        day=None, exchange_ms=exchange_ms, rate=0.0, unit_rate=0.0, origins={},
        drift=[], excitation=[], quotes=[[], [], [], []], paths=[], logs=[[], [], []],
    )  # fmt: skip
