"""A witness of the Redis Stream: it keeps every batch that was published, also over crashes."""

from collections import defaultdict
from threading import Event as Flag
from threading import Thread
from typing import Final

import redis

from feeds.market.events import Batch
from feeds.market.packing import unpack_batch
from tests.support.redis_server import RedisServer
from tests.support.waiting import wait_until

STREAM: Final = "market:batches"
BLOCK_MS: Final = 200
BEGIN: Final = "0-0"


class TapeWitness(Thread):
    """Reads the stream from its begin; a Redis that comes back empty is read from its begin again.

    The feed writes again what Redis lost, so a batch may come twice and counts once.
    """

    def __init__(self, server: RedisServer) -> None:
        super().__init__(daemon=True)
        self.epochs: dict[str, dict[int, Batch]] = defaultdict(dict)
        self.events = 0
        self._server = server
        self._end = Flag()

    def run(self) -> None:
        """Read until the end is asked for."""
        last = BEGIN
        while not self._end.is_set():
            try:
                with self._server.client() as client:
                    last = self._read(client, last)
            except redis.RedisError:
                last = BEGIN
                self._end.wait(BLOCK_MS / 1000)

    def _read(self, client: redis.Redis, last: str) -> str:
        while not self._end.is_set():
            for _, entries in client.xread({STREAM: last}, count=500, block=BLOCK_MS) or ():
                for id, fields in entries:
                    self._take(fields)
                    last = id
        return last

    def _take(self, fields: dict[bytes, bytes]) -> None:
        # The claim of a feed that begins has no content.
        if content := fields.get(b"b"):
            batch = unpack_batch(content)
            if batch.events:
                self.epochs[batch.epoch][batch.first] = batch
                self.events += len(batch.events)

    def wait_for_events(self, count: int = 200) -> None:
        """Wait until so many events more were published."""
        wanted = self.events + count
        wait_until(lambda: self.events >= wanted, 60)

    def end(self) -> None:
        """Stop reading."""
        self._end.set()
        self.join()

    def tape(self) -> list[list[Batch]]:
        """Return the batches of each life in order; none may be missing.

        Raises:
            AssertionError: there is a hole, so a recount would be of something else.
        """
        lives = [[batches[first] for first in sorted(batches)] for batches in self.epochs.values()]
        for life in lives:
            ends = [1, *(batch.last + 1 for batch in life)]
            assert [batch.first for batch in life] == ends[:-1]
        return lives
