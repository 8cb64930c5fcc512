"""The other end of the wire: frames folded into a board, as a program or a browser does it.

Pure. Must not know sockets. Called by loadtest and the tests; the same in the browser is
static/js/market/board.js, and golden frames hold the two together.
"""

from typing import Any

from feeds.events import Position

Frame = dict[str, Any]
Entry = dict[str, Any]


class Gap(Exception):
    """A frame does not follow the last one: subscribe again with `since`."""


class Reader:
    """Rows, feeds and instruments as told, the position of each channel, and ticks by receipt."""

    def __init__(self) -> None:
        self.rows: dict[str, Entry] = {}
        self.feeds: dict[str, Entry] = {}
        self.instruments: dict[str, Entry] = {}
        self.positions: dict[str, Position] = {}
        self.notices: dict[int, Entry] = {}
        self.unread = 0
        self.watchlist: list[str] = []
        self.ticks: dict[str, int] = {}
        self._arriving: dict[str, list[Entry]] = {}

    def since(self, channel: str) -> str | None:
        """Return the position to resume a channel from."""
        position = self.positions.get(channel)
        return None if position is None else str(position)

    def apply(self, frame: Frame) -> None:
        """Fold one frame; frames of unknown channels change nothing.

        Raises:
            Gap: frames are missing before this one.
        """
        match frame:
            case {"channel": "heartbeat", "seq": seq}:
                self._raise_to(seq)
            case {"channel": "ticker" | "status" as channel, "type": "snapshot"}:
                self._take_snapshot(channel, frame)
            case {"channel": "ticker" | "status" as channel, "type": "update"}:
                self._advance(channel, frame["from"], frame["seq"])
                self._fold(channel, frame["data"], is_snapshot=False)
            case {"channel": "notifications", "data": data}:
                self.notices |= {entry["id"]: entry for entry in data}
                self.unread = frame["unread"]
            case {"channel": "watchlist", "data": data}:
                self.watchlist = data

    def _raise_to(self, seq: int) -> None:
        for channel, mine in self.positions.items():
            self.positions[channel] = Position(mine.epoch, max(mine.sequence, seq))

    def _take_snapshot(self, channel: str, frame: Frame) -> None:
        """Replace what the frames name; all of it when the epoch is another, or for status."""
        held = self._arriving.setdefault(channel, [])
        held += frame["data"]
        if frame.get("more"):
            return
        former = self.positions.get(channel)
        if channel == "status":
            self.feeds, self.instruments = {}, {}
        elif former is not None and former.epoch != frame["epoch"]:
            self.rows = {}
        self._fold(channel, self._arriving.pop(channel), is_snapshot=True)
        self.positions[channel] = Position(frame["epoch"], frame["seq"])

    def _advance(self, channel: str, since: int, seq: int) -> None:
        mine = self.positions.get(channel)
        if mine is None or mine.sequence != since:
            raise Gap(f"{channel} frame begins after {since}, mine is {mine}")
        self.positions[channel] = Position(mine.epoch, seq)

    def _fold(self, channel: str, data: list[Entry], *, is_snapshot: bool) -> None:
        for entry in data:
            if channel == "ticker":
                self._fold_row(entry, is_snapshot=is_snapshot)
            else:
                self._fold_status(entry)

    def _fold_row(self, entry: Entry, *, is_snapshot: bool) -> None:
        symbol = entry["s"]
        self.ticks[symbol] = self.ticks.get(symbol, 0) + entry.get("n", 0)
        if entry.get("gone"):
            self.rows.pop(symbol, None)
            return
        fields = {key: value for key, value in entry.items() if key not in ("s", "n")}
        self.rows[symbol] = fields if is_snapshot else self.rows.get(symbol, {}) | fields

    def _fold_status(self, entry: Entry) -> None:
        symbol = entry.get("s")
        known, key = (self.feeds, entry["feed"]) if symbol is None else (self.instruments, symbol)
        if entry.get("gone"):
            known.pop(key, None)
        else:
            known[key] = entry
