"""The memory of a server's process while something is done to it."""

from threading import Event, Thread
from types import TracebackType
from typing import Final, Self

import psutil

from tests.support.served import Served

LOOK_S: Final = 0.01


def memory(served: Served) -> int:
    """Return the bytes of the process that are in memory."""
    return int(psutil.Process(served.process.pid).memory_info().rss)


class GrowthWatch:
    """Looks every 10 ms how much memory a server has; `bytes` is the most above the begin."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._end = Event()
        self._thread = Thread(target=self._watch, daemon=True)
        self._begin = 0
        self.bytes = 0

    def __enter__(self) -> Self:
        self._begin = memory(self._served)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._end.wait(LOOK_S):
            self._look()

    def _look(self) -> None:
        self.bytes = max(self.bytes, memory(self._served) - self._begin)
