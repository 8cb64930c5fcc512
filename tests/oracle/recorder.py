"""Reads the tape from the bus as the feed writes it: the truth of real processes."""

import threading
from collections import deque
from typing import Any, Final

from redis.exceptions import RedisError

from feeds.bus.redis_link import STREAM
from feeds.market.events import Batch
from feeds.market.packing import unpack_batch
from tests.support.redis_server import RedisServer

NEWEST: Final = 50
AGAIN_S: Final = 0.1
"""A Redis that is away is asked again after this time."""


class Recorder:
    """Reads everything that the feed says on the bus, from its first word on."""

    def __init__(self, redis: RedisServer) -> None:
        self._batches: deque[Batch] = deque()
        self._newest: deque[str] = deque(maxlen=NEWEST)
        self._client = redis.client()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._record, daemon=True)
        self._thread.start()

    def take(self) -> list[Batch]:
        """Return what was read since the last time."""
        return [self._batches.popleft() for _ in range(len(self._batches))]

    def reaches(self, position: str) -> bool:
        """Say whether a position was read."""
        return position in tuple(self._newest)

    def stop(self) -> None:
        """Read no more."""
        self._ended.set()
        self._thread.join()

    def _record(self) -> None:
        last: bytes | str = "0-0"
        while not self._ended.is_set():
            try:
                answer: Any = self._client.xread({STREAM: last}, count=1000, block=200)
            except (RedisError, OSError):
                self._ended.wait(AGAIN_S)
                continue
            for _, entries in answer:
                for _, fields in entries:
                    self._keep(fields)
                last = entries[-1][0]

    def _keep(self, fields: dict[bytes, bytes]) -> None:
        if b"b" in fields:
            batch = unpack_batch(fields[b"b"])
            self._batches.append(batch)
            self._newest.append(f"{batch.epoch}:{batch.last}")
