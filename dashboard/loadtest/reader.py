"""A reader of the wire: it folds frames into a board, as a program or a browser does.

Pure. Must not know sockets. Its twin in the browser is static/js/market/board.js; the golden frames
keep both in step.
"""

from collections import deque
from typing import Any, Final

from feeds.market.events import Position

Frame = dict[str, Any]
Entry = dict[str, Any]
TRADES_KEPT: Final = 1000
BARS_KEPT: Final = 1000


class Gap(Exception):
    """A frame does not follow the last frame: subscribe again with `since`."""


class Reader:
    """The board of a reader: rows, feeds, instruments, and the position of each channel.

    `ticks` counts ticks by symbol, from the receipts. `bars` has the bars of each symbol and
    interval by their start (epoch ms). `trades` has the newest trades in the order they arrived,
    and None where some are missing. `stale_ms` is when the server last heard the market (epoch),
    while it reports silence.
    """

    def __init__(self) -> None:
        self.rows: dict[str, Entry] = {}
        self.feeds: dict[str, Entry] = {}
        self.instruments: dict[str, Entry] = {}
        self.positions: dict[str, Position] = {}
        self.trades: deque[Entry | None] = deque(maxlen=TRADES_KEPT)
        self.bars: dict[tuple[str, str], dict[int, Entry]] = {}
        self.notices: dict[int, Entry] = {}
        self.unread = 0
        self.watchlist: list[str] = []
        self.books: dict[str, Entry] = {}
        self.ticks: dict[str, int] = {}
        self.stale_ms: int | None = None
        self._statuses: list[Entry] = []
        self._arriving: dict[str, Position] = {}

    def since(self, channel: str) -> str | None:
        """Return the position to resume a channel from, None if it needs a snapshot.

        Bars of which only a part arrived need one: what comes after the position is not all.
        """
        position = self.positions.get(channel)
        is_partial = channel == "bars" and channel in self._arriving
        return None if position is None or is_partial else str(position)

    def forget(self, channel: str) -> None:
        """Drop the position of a channel that is no longer subscribed: it would grow stale."""
        self.positions.pop(channel, None)
        self._arriving.pop(channel, None)

    def apply(self, frame: Frame) -> None:
        """Fold a frame into the board; frames of unknown channels change nothing.

        Raises:
            Gap: frames are missing before this one.
        """
        match frame:
            case {"channel": "heartbeat", "seq": seq}:
                self.raise_to(seq)
                self.stale_ms = frame.get("stale")
            case {"channel": "ticker", "data": data}:
                self._take_ticker(frame, data)
            case {"channel": "trades", "data": data}:
                self._take_trades(frame, data)
            case {"channel": "bars", "data": data}:
                self._take_bars(frame, data)
            case {"channel": "depth", "data": data}:
                self._take_books(frame, data)
            case {"channel": "status", "data": data}:
                self._take_status(frame, data)
            case {"channel": "notifications", "data": data}:
                self.notices |= {entry["id"]: entry for entry in data}
                self.unread = frame["unread"]
            case {"channel": "watchlist", "data": data}:
                self.watchlist = data

    def raise_to(self, seq: int) -> None:
        """Raise all positions to `seq`, which a heartbeat or the id of an event confirms."""
        for channel, mine in self.positions.items():
            self.positions[channel] = Position(mine.epoch, max(mine.sequence, seq))

    # --- depth ------------------------------------------------------------------------------
    def _take_books(self, frame: Frame, data: dict[str, Entry]) -> None:
        # At most DEPTH_LIMIT books: a snapshot of them is one frame.
        if frame.get("type") == "snapshot":
            self._stand(frame)
        else:
            self._advance(frame)
        self.books |= data

    # --- ticker -----------------------------------------------------------------------------
    def _take_ticker(self, frame: Frame, data: dict[str, Entry]) -> None:
        if frame.get("type") == "snapshot":
            self._begin_rows(frame["epoch"])
            self._is_first(frame)
            for symbol, entry in data.items():
                self._put(symbol, frame["ts"], entry, ticks=0)
            self._stand(frame)
            return
        self._advance(frame)
        for symbol, entry in data.items():
            self._put(symbol, frame["ts"], entry, ticks=entry.get("n", 1))

    def _begin_rows(self, epoch: str) -> None:
        """Drop rows of another epoch.

        A snapshot may come in several frames: the epoch of its first frame counts until the last.
        """
        known = self._arriving.get("ticker") or self.positions.get("ticker")
        if known is not None and known.epoch != epoch:
            self.rows = {}

    def _put(self, symbol: str, ts: int, entry: Entry, *, ticks: int) -> None:
        self.ticks[symbol] = self.ticks.get(symbol, 0) + ticks
        if entry.get("gone"):
            self.rows.pop(symbol, None)
            return
        row = self.rows.setdefault(symbol, {})
        row |= {key: value for key, value in entry.items() if key not in ("n", "ms")}
        if "ms" in entry:
            row["t"] = None if entry["ms"] is None else ts - entry["ms"]

    # --- trades -----------------------------------------------------------------------------
    def _take_trades(self, frame: Frame, data: list[Entry]) -> None:
        dated = [_dated(entry, frame["ts"]) for entry in data]
        if frame.get("type") == "snapshot":
            if frame.get("gap"):
                self.trades.append(None)
            self._stand(frame)
        else:
            self._advance(frame)
        self.trades.extend(dated)

    # --- bars -------------------------------------------------------------------------------
    def _take_bars(self, frame: Frame, data: list[Entry]) -> None:
        if frame.get("type") == "snapshot":
            self._is_first(frame)
            self._stand(frame)
        else:
            self._advance(frame)
        for entry in data:
            bars = self.bars.setdefault((entry["s"], entry["iv"]), {})
            if "none" in entry:
                continue
            # Bars come in the order of time, and each replaces what was known from its start on.
            # Later ones were seen with other rights, or in a market that has begun again earlier.
            for later in [start for start in bars if start > entry["t"]]:
                del bars[later]
            bars[entry["t"]] = entry
            if len(bars) > BARS_KEPT:
                del bars[min(bars)]

    # --- status -----------------------------------------------------------------------------
    def _take_status(self, frame: Frame, data: list[Entry]) -> None:
        if frame.get("type") != "snapshot":
            self._advance(frame)
            self._define(data)
            return
        known = [] if self._is_first(frame) else self._statuses
        self._statuses = known + data
        if frame.get("more"):
            return
        self.feeds, self.instruments = {}, {}
        self._define(self._statuses)
        self._statuses = []
        self._stand(frame)

    def _define(self, data: list[Entry]) -> None:
        for entry in data:
            is_feed = "s" not in entry
            known = self.feeds if is_feed else self.instruments
            key = entry["feed" if is_feed else "s"]
            if entry.get("gone"):
                known.pop(key, None)
            else:
                known[key] = entry

    # --- positions --------------------------------------------------------------------------
    def _is_first(self, frame: Frame) -> bool:
        """Say whether a snapshot begins with this frame, and note that it arrives.

        The connection may end before its last frame. The next snapshot then begins anew: the parts
        of the former belong to another moment.
        """
        channel, position = frame["channel"], Position(frame["epoch"], frame["seq"])
        is_first = self._arriving.get(channel) != position
        self._arriving[channel] = position
        return is_first

    def _stand(self, frame: Frame) -> None:
        if not frame.get("more"):
            self._arriving.pop(frame["channel"], None)
            self.positions[frame["channel"]] = Position(frame["epoch"], frame["seq"])

    def _advance(self, frame: Frame) -> None:
        channel, since = frame["channel"], frame["from"]
        mine = self.positions.get(channel)
        if mine is None or mine.sequence != since:
            raise Gap(f"{channel} frame begins after {since}, mine is {mine}")
        self.positions[channel] = Position(mine.epoch, frame["seq"])


def _dated(entry: Entry, ts: int) -> Entry:
    return {key: value for key, value in entry.items() if key != "ms"} | {"t": ts - entry["ms"]}
