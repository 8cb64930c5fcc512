"""A market of random walks for servers in Python, as small as the one of the servers on Node."""

import random
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from tests.benchmarks.peers.peer import made_up_symbols
from tests.support.waiting import rest

STEP_S: Final = 0.04
LATEST_S: Final = 1.0
"""A market that is later than this leaves ticks out: nobody can make up for all of them."""

Frame = dict[str, Any]
Tick = tuple[str, Frame]


class Market:
    """Rows of prices, of which a tick changes one."""

    def __init__(self, instruments: int) -> None:
        self._symbols = made_up_symbols(instruments)
        self._rows = {symbol: _new_row() for symbol in self._symbols}
        self._sequence = 0

    def tick(self) -> Tick:
        """Change a row; return its symbol and the frame of the project's wire that says so."""
        symbol = random.choice(self._symbols)
        row = self._rows[symbol]
        price = row["p"] = round(row["p"] + random.choice((-0.01, 0.01)), 2)
        row["b"], row["a"] = round(price - 0.01, 2), round(price + 0.01, 2)
        row["h"], row["l"] = max(row["h"], price), min(row["l"], price)
        row["v"] += 100
        return symbol, self.frame([symbol])

    def frame(self, symbols: list[str]) -> Frame:
        """Return a frame with some rows as they are now."""
        since, self._sequence = self._sequence, self._sequence + 1
        return {
            "channel": "ticker", "from": since, "seq": self._sequence,
            "ts": time.time_ns() // 1_000_000,
            "data": {symbol: self._rows[symbol] | {"ms": 0} for symbol in symbols},
        }  # fmt: skip


def _new_row() -> dict[str, Any]:
    return {"p": 100, "b": 99.99, "a": 100.01, "o": 100, "h": 100, "l": 100, "pc": 100, "v": 0}


async def make_ticks(
    market: Market, rate: float, publish: Callable[[list[Tick]], Awaitable[None]]
) -> None:
    """Make ticks at a rate, all that are due at each step, until cancelled."""
    due_s = time.monotonic()
    while True:
        late_s = time.monotonic() - due_s
        due_s += max(0.0, late_s - LATEST_S)
        count = int((time.monotonic() - due_s) * rate)
        due_s += count / rate
        await publish([market.tick() for _ in range(count)])
        await rest(STEP_S)
