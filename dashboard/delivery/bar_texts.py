"""The shared answers to "which bars after n?": each bar is encoded once for all its readers.

Pure. Must not know readers.
"""

from typing import Final

from dashboard.wire.frames import encode_amended_bar, encode_bar, encode_no_bar
from dashboard.wire.registry import RECENT_BARS
from feeds.market.board import Board

CLOSED_BARS: Final = 60
"""Closed bars kept of each instrument and interval: one minute of the bars of a second, one hour of
those of a minute. All of them take 100 KB for each instrument."""

SHARED_ANSWERS: Final = 4096
"""Answers kept for readers to share. A bound, because readers may stand at any number of positions.
"""


class BarTexts:
    """The bars of a board as entries of frames. Call `forget` whenever the board moves."""

    def __init__(self, board: Board) -> None:
        board.bars.keep(CLOSED_BARS, board.sequence)
        self._board = board
        self._news: dict[tuple[str, int, int], list[str] | None] = {}

    def forget(self) -> None:
        """Drop the shared answers, because the board has moved."""
        self._news.clear()

    def since(self, symbol: str, level: int, sequence: int) -> list[str] | None:
        """Return the bars that closed after a sequence, and the live bar if it changed after that.

        None if some of them are no longer kept.
        """
        key = (symbol, level, sequence)
        if key not in self._news:
            if len(self._news) >= SHARED_ANSWERS:
                self._news.clear()
            self._news[key] = self._encode_since(*key)
        return self._news[key]

    def newest(self, symbol: str, level: int) -> list[str]:
        """Return the newest bars, the live bar last; without any, the entry that says so."""
        bars, row = self._board.bars.symbols.get(symbol), self._board.rows.get(symbol)
        if bars is None or row is None:
            return [encode_no_bar(symbol, level)]
        texts = [
            encode_bar(symbol, level, bar, row, is_closed=True)
            for bar in bars.newest(level, RECENT_BARS - 1)
        ]
        # A cancel may leave nothing of the only bar.
        return texts + self._live(symbol, level) or [encode_no_bar(symbol, level)]

    def amended_since(self, symbol: str, level: int, sequence: int) -> list[str] | None:
        """Return the bars that were amended after a sequence: closed ones, and those that are gone.

        None if some of them are no longer kept. Few readers ask, and few bars are amended, so the
        answers are not shared.
        """
        bars, row = self._board.bars.symbols.get(symbol), self._board.rows.get(symbol)
        if bars is None or row is None or bars.sequence <= sequence:
            return []
        amended = bars.amended_since(level, sequence)
        if amended is None:
            return None
        return [encode_amended_bar(symbol, bar, row) for bar in amended]

    def amended(self, symbol: str, level: int) -> list[str]:
        """Return the amended ones of the newest bars, as far as they are kept."""
        bars, row = self._board.bars.symbols.get(symbol), self._board.rows.get(symbol)
        if bars is None or row is None:
            return []
        starts = {bar.start_ms for bar in bars.newest(level, RECENT_BARS - 1)}
        known = bars.amended_since(level, bars.amended_floor) or []
        return [encode_amended_bar(symbol, bar, row) for bar in known if bar.start_ms in starts]

    def _encode_since(self, symbol: str, level: int, sequence: int) -> list[str] | None:
        bars, row = self._board.bars.symbols.get(symbol), self._board.rows.get(symbol)
        if bars is None or row is None or bars.sequence <= sequence:
            return []
        closed = bars.closed_since(level, sequence)
        if closed is None:
            return None
        texts = [encode_bar(symbol, level, bar, row, is_closed=True) for bar in closed]
        return texts + self._live(symbol, level)

    def _live(self, symbol: str, level: int) -> list[str]:
        live = self._board.bars.symbols[symbol].live(level)
        row = self._board.rows[symbol]
        return [] if live is None else [encode_bar(symbol, level, live, row, is_closed=False)]
