"""A chart that knows UDF only by its specification, and nothing of this server.

Unlike the real library it draws nothing: it keeps the bars that it would draw.
https://www.tradingview.com/charting-library-docs/latest/connecting_data/UDF/
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

Get = Callable[..., Awaitable[bytes]]
"""GET an address below `/udf/` with a query; returns the body."""
Row = tuple[float, float, float, float, float]
"""Open, high, low, close and volume."""
SECONDS = {"1": 60, "5": 300, "30": 1800, "60": 3600, "240": 14_400, "1D": 86_400}
FIRST_BARS = 300


class UdfChart:
    """The bars of one symbol and resolution, by their times in seconds."""

    def __init__(self, get: Get, symbol: str, resolution: str) -> None:
        self._get = get
        self._symbol = symbol
        self._resolution = resolution
        self.info: dict[str, Any] = {}
        self.bars: dict[int, Row] = {}

    async def open(self) -> None:
        """Resolve the symbol and load the first bars, going back to where there are some."""
        config = await self._json("config")
        assert self._resolution in config["supported_resolutions"]
        assert config["supports_time"]
        self.info = await self._json("symbols", symbol=self._symbol)
        to_s = await self.now_s() + 1
        for _ in range(10):
            from_s = to_s - FIRST_BARS * SECONDS[self._resolution]
            answer = await self._history(from_s, to_s, FIRST_BARS)
            if answer["s"] == "ok" or "nextTime" not in answer:
                return
            to_s = answer["nextTime"] + 1
        raise AssertionError("nextTime leads nowhere")

    async def refresh(self) -> None:
        """Ask for what is new, from the last bar on, as the library does every few seconds."""
        await self._history(max(self.bars, default=0), await self.now_s() + 1, None)

    async def now_s(self) -> int:
        """Return the server's time."""
        return int(await self._get("time"))

    async def _history(self, from_s: int, to_s: int, countback: int | None) -> dict[str, Any]:
        query = {"symbol": self.info["ticker"], "resolution": self._resolution}
        query |= {"from": from_s, "to": to_s} | ({"countback": countback} if countback else {})
        answer = await self._json("history", **query)
        assert answer["s"] in ("ok", "no_data"), answer
        columns = [answer.get(name, []) for name in ("t", "o", "h", "l", "c", "v")]
        for t, *values in zip(*columns, strict=True):
            self.bars[t] = tuple(values)
        return answer

    async def _json(self, address: str, **query: Any) -> Any:
        return json.loads(await self._get(address, **query))
