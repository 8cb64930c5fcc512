"""A reader that remembers all it was told, and notices when a later answer contradicts that.

It knows the protocol and nothing of the server: it folds frames and bars by itself. One life of the
market after the other may end under it. All it is told must be of one trading day.
"""

import base64
import json
from collections import defaultdict
from math import inf
from threading import Event as Flag
from threading import Thread
from typing import Any, Final
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.support.readers import for_seconds
from tests.support.waiting import wait_until

BACK_S: Final = 0.05
"""Pause before it comes back."""
MINUTE_MS: Final = 60_000
GROWS: Final = {"h": 1, "l": -1, "v": 1, "n": 1}
"""What may change in a day or in a live bar, and which way."""
LARGEST_JUMP: Final = 0.03
"""Prices may move so much while it is away for some seconds, at fourteen times the speed."""
FAULTS: Final = (OSError, EOFError, URLError, WebSocketException, TimeoutError)
Row = dict[str, Any]


class RememberingReader(Thread):
    """Reads prices, trades and bars of some symbols, as viewer, and comes back after each end.

    `contradictions` says in words what was told first and what later. `epochs` are the lives of the
    market that it met, and `returns` counts how often it came back.
    """

    def __init__(self, host: str, token: str, symbols: list[str]) -> None:
        super().__init__(daemon=True)
        self.symbols = symbols
        self.contradictions: list[str] = []
        self.epochs: list[str] = []
        self.returns = 0
        self.rows: dict[str, Row] = {}
        self.closed: dict[tuple[str, str, int], Row] = {}
        self.trades: dict[tuple[str, int], Row] = {}
        self._live: dict[tuple[str, str, int], Row] = {}
        self._partial: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self._newest_ms: dict[str, int] = {}
        self._host, self._token = host, token
        self._epoch = ""
        self._news = 0
        self._end = Flag()

    def run(self) -> None:
        """Read until the end is asked for."""
        while not self._end.is_set():
            try:
                self._read()
            except FAULTS:
                wait_until(for_seconds(BACK_S))
            self.returns += 1

    def end(self) -> None:
        """Stop reading."""
        self._end.set()
        self.join()
        self._miss()

    def wait_for_news(self, frames: int = 5) -> None:
        """Wait until it was told more of a market that goes on, and every price is known."""
        seen, lives = self._news, len(self.epochs)
        wait_until(
            lambda: self._news >= seen + frames or len(self.epochs) > lives or not self.is_alive()
        )
        assert self.is_alive()
        wait_until(lambda: set(self.rows) >= set(self.symbols))

    def compare_bars(self) -> int:
        """Compare the stored minutes with what was told; return how many were compared."""
        compared = 0
        for symbol in self.symbols:
            found = self._bars(symbol)
            for (name, interval, start_ms), bar in self.closed.items():
                if (name, interval) == (symbol, "1m"):
                    heard = {key: bar[key] for key in "tohlcvn"}
                    self._expect(found.get(start_ms) == heard, "bar", heard, found.get(start_ms))
                    compared += 1
            compared += self._compare_folded(symbol, found)
        return compared

    # --- what it is told --------------------------------------------------------------------
    def _read(self) -> None:
        url = f"ws://viewer:{self._token}@{self._host}/ws/v1/"
        with connect(url, compression=None, max_size=None, open_timeout=5, close_timeout=1) as line:
            bars = [f"{symbol}@{interval}" for symbol in self.symbols for interval in ("1m", "1d")]
            for channel, names in (
                *(("trades", self.symbols), ("bars", bars)),
                ("ticker", self.symbols),
            ):
                params = {"channel": channel, "symbols": names, "max_rate": 20}
                line.send(json.dumps({"method": "subscribe", "params": params, "id": channel}))
            while not self._end.is_set():
                self._take(json.loads(line.recv(timeout=30)))

    def _take(self, frame: Row) -> None:
        if not frame.get("success", True):
            raise ConnectionError(f"refused for now: {frame}")
        if frame.get("type") == "snapshot" and frame["channel"] == "trades":
            self._begin(frame["epoch"])
        match frame:
            case {"channel": "ticker", "data": data}:
                for symbol, entry in data.items():
                    self._take_row(symbol, entry)
                self._news += 1
            case {"channel": "trades", "data": data}:
                for trade in data:
                    if (self._epoch, trade["i"]) not in self.trades:
                        self.trades[self._epoch, trade["i"]] = trade
                        self._note_minute(trade)
            case {"channel": "bars", "data": data}:
                for bar in data:
                    if "t" in bar:  # else there is none yet
                        self._take_bar(bar)

    def _begin(self, epoch: str) -> None:
        """Begin a stretch of what it is told: what was published before it is not all known."""
        self._epoch = epoch
        if not self.epochs or self.epochs[-1] != epoch:
            self.epochs.append(epoch)
        self._miss()

    def _miss(self) -> None:
        """Note that trades may be missing from here on, until the next one comes."""
        for symbol in self.symbols:
            self._partial[symbol].append((self._newest_ms.get(symbol, 0), inf))

    def _note_minute(self, trade: Row) -> None:
        """Trades may be missing from the last one before a stretch to the first one of it."""
        symbol, stretches = trade["s"], self._partial[trade["s"]]
        if stretches and stretches[-1][1] == inf:
            stretches[-1] = stretches[-1][0], trade["et"]
        self._newest_ms[symbol] = max(trade["et"], self._newest_ms.get(symbol, 0))

    def _take_row(self, symbol: str, entry: Row) -> None:
        before = self.rows.get(symbol, {})
        now = before | {key: value for key, value in entry.items() if key not in ("n", "ms")}
        self.rows[symbol] = now
        known = {key: value for key, value in before.items() if value is not None}
        for key in ("o", "pc"):
            self._expect(known.get(key) in (None, now[key]), f"{symbol} {key}", known, now)
        self._expect_growth(symbol, known, now, ("h", "l", "v"))
        if "p" in known:
            is_near = now["p"] is not None and abs(now["p"] / known["p"] - 1) < LARGEST_JUMP
            self._expect(is_near, f"{symbol} p", known, now)

    def _take_bar(self, bar: Row) -> None:
        key = bar["s"], bar["iv"], bar["t"]
        values = {name: bar[name] for name in "tohlcvn"}
        if bar.get("closed"):
            former = self.closed.setdefault(key, values)
            self._expect(former == values, "closed bar", former, values)
        else:
            self._expect(key not in self.closed, "live again", self.closed.get(key), values)
        before = self._live.get(key)
        if before is not None:
            self._expect(before["o"] == values["o"], f"{key} o", before, values)
            self._expect_growth(str(key), before, values, GROWS)
        self._live[key] = values

    def _expect_growth(self, name: str, before: Row, now: Row, keys: Any) -> None:
        for key in keys:
            if before.get(key) is not None:
                has_grown = now[key] is not None and (now[key] - before[key]) * GROWS[key] >= 0
                self._expect(has_grown, f"{name} {key}", before, now)

    def _expect(self, is_so: bool, what: str, before: object, now: object) -> None:
        if not is_so:
            self.contradictions.append(
                f"life {len(self.epochs)}: {what}: told {before}, then {now}"
            )

    # --- what is stored -----------------------------------------------------------------------
    def _compare_folded(self, symbol: str, found: dict[int, Row]) -> int:
        """Compare with the bars that its own trades make; exactly where it missed none."""
        minutes: dict[int, list[Row]] = defaultdict(list)
        for (_, number), trade in sorted(self.trades.items(), key=lambda item: item[1]["et"]):
            if trade["s"] == symbol:
                minutes[trade["et"] // MINUTE_MS].append(trade | {"i": number})
        for minute, trades in minutes.items():
            prices = [trade["p"] for trade in trades]
            mine = {"h": max(prices), "l": min(prices), "n": len(trades)}
            mine["v"] = sum(trade["q"] for trade in trades)
            bar = found.get(minute * MINUTE_MS)
            if bar is None:
                self._expect(False, f"{symbol} no bar of trades", mine, bar)
                continue
            self._expect_growth(f"{symbol} bar", mine, bar, GROWS)
            if not self._is_partial(symbol, minute):
                same = {key: bar[key] for key in mine}
                self._expect(mine == same, f"{symbol} whole bar", mine, same)
        return len(minutes)

    def _is_partial(self, symbol: str, minute: int) -> bool:
        return any(
            first_ms // MINUTE_MS <= minute and minute * MINUTE_MS <= last_ms
            for first_ms, last_ms in self._partial[symbol]
        )

    def _bars(self, symbol: str) -> dict[int, Row]:
        basic = base64.b64encode(f"viewer:{self._token}".encode()).decode()
        query = urlencode({"symbol": symbol, "interval": "1m", "limit": 500})
        address = f"http://{self._host}/api/v1/bars?{query}"
        request = Request(address, headers={"Authorization": f"Basic {basic}"})
        with urlopen(request, timeout=20) as answer:
            bars = json.load(answer)["data"]
        return {bar["t"]: {key: bar[key] for key in "tohlcvn"} for bar in bars}
