"""What a feed published, read from Redis itself: the truth that readers are compared with."""

from collections import OrderedDict, defaultdict
from threading import Event as Flag
from threading import Lock, Thread
from typing import Any, Final, NamedTuple

from redis.exceptions import RedisError

from dashboard.pages.market_display import DisplayRow, display_row
from feeds.bus.redis_link import STREAM
from feeds.market.board import Board
from feeds.market.events import Batch, Position, Trade
from feeds.market.packing import unpack_batch
from tests.support.board_rows import entry_of
from tests.support.redis_server import RedisServer

MOMENTS: Final = 3_000
"""Boards that are kept: two and a half minutes of batches of 50 ms."""
BLOCK_MS: Final = 100


class Moment(NamedTuple):
    """The board after a batch: each row as readers have it, and as people see it."""

    rows: dict[str, dict[str, Any]]
    display: dict[str, DisplayRow]


class Witness(Thread):
    """Reads every batch; `holes` counts those that were missing before another one.

    `trades` has the sequences of the trades of each epoch, in order.
    """

    def __init__(self, redis: RedisServer) -> None:
        super().__init__(daemon=True)
        self.trades: dict[str, list[int]] = defaultdict(list)
        self.epochs: list[str] = []
        self.holes: list[str] = []
        self._redis = redis
        self._end = Flag()
        self._lock = Lock()
        self._moments: OrderedDict[Position, Moment] = OrderedDict()
        self._board = Board()

    def run(self) -> None:
        """Read until the end is asked for; a Redis that is away is asked again."""
        client, at = self._redis.client(), b"0"
        while not self._end.is_set():
            try:
                answer: Any = client.xread({STREAM: at}, count=100, block=BLOCK_MS)
            except (RedisError, OSError):
                self._end.wait(BLOCK_MS / 1000)
                continue
            for _, entries in answer:
                for at, fields in entries:  # noqa: B007 read on from the last one
                    self._take(unpack_batch(fields[b"b"]))

    def end(self) -> None:
        """Stop reading."""
        self._end.set()
        self.join()

    def newest(self) -> Position | None:
        """Return the position after the newest batch; None before the first."""
        with self._lock:
            return next(reversed(self._moments), None)

    def at(self, position: Position) -> Moment | None:
        """Return the board at a position; None where no batch ended, or long ago."""
        with self._lock:
            return self._moments.get(position)

    def since(self, position: Position) -> list[Moment]:
        """Return the boards at a position and after it, also of later epochs."""
        with self._lock:
            positions = list(self._moments)
            return [self._moments[at] for at in positions[positions.index(position) :]]

    def _take(self, batch: Batch) -> None:
        if not self.epochs or batch.epoch != self.epochs[-1]:
            self.epochs.append(batch.epoch)
            self._board = Board()
        if batch.first != self._board.sequence + 1:
            self.holes.append(f"{batch.epoch}:{self._board.sequence + 1} to {batch.first}")
        for sequence, event in enumerate(batch.events, batch.first):
            self._board.apply(sequence, event)
            if isinstance(event, Trade):
                self.trades[batch.epoch].append(sequence)
        self._keep(Position(batch.epoch, self._board.sequence))

    def _keep(self, position: Position) -> None:
        rows = self._board.rows.items()
        moment = Moment(
            {symbol: entry_of(symbol, row) for symbol, row in rows},
            {symbol: display_row(symbol, row) for symbol, row in rows},
        )
        with self._lock:
            self._moments[position] = moment
            if len(self._moments) > MOMENTS:
                self._moments.popitem(last=False)
