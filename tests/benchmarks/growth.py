"""What a server's work costs when one thing of it grows: ticks, instruments, readers or symbols.

    uv run python -m tests.benchmarks.growth

CPU time of the server's parts for a second of the market, without sockets, as `fan_out` measures
it. A factor of 8 may cost at most eight times as much.
"""

import asyncio
from argparse import ArgumentParser, Namespace
from typing import Final

from tests.benchmarks.fan_out import measure

BASE: Final = {"rate": 500, "instruments": 125, "clients": 250, "symbols": 5}
"""A quarter of the standard work: eight times one of them is twice its size there."""
NAMES: Final = {
    "rate": "ticks/s", "instruments": "instruments", "clients": "readers",
    "symbols": "symbols of a reader",
}  # fmt: skip
FACTORS: Final = (1, 2, 4, 8)
MARKET: Final = ("market", "observers", "bus", "replica")
"""What ticks cost whether or not anybody reads them."""


async def cost(options: Namespace, **changed: int) -> tuple[float, float]:
    """Return the CPU time (ms) for a second of the market: of all parts, and of the fan-out."""
    work = BASE | changed
    more = {"seconds": options.seconds, "runs": options.runs, "flush_ms": 50, "sockets": False}
    figures = await measure(Namespace(**work, **more))
    frames = figures["frames_per_s_and_reader"] * work["clients"]
    market = sum(figures[part] for part in MARKET)
    return (market + figures["fan-out"]) * frames / 1000, figures["fan-out"] * frames / 1000


async def main() -> None:
    """Print a row for each thing that grows: ms at each factor, and the last as a multiple."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    for name, shown in NAMES.items():
        found = [await cost(options, **{name: BASE[name] * factor}) for factor in FACTORS]
        sizes = ", ".join(f"{BASE[name] * factor:,}" for factor in FACTORS)
        print(f"{shown} ({sizes}):", flush=True)
        for part, column in (("all", 0), ("fan-out", 1)):
            costs = [each[column] for each in found]
            row = " ".join(f"{each:8.2f}" for each in costs)
            print(f"  {part:8} {row} ms/s, times {costs[-1] / costs[0]:.1f}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
