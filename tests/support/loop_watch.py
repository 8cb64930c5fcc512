"""What holds a server's loop up: calls that wait for something else, and work that takes long.

Waiting is heard by an audit hook. Work is counted in CPU time of the loop's thread, which a machine
that is busy with other things does not lengthen. Django itself raises where the loop's thread asks
the database; that becomes a traceback in the log, which fails the test.
"""

import asyncio
import socket
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any, Final

WAITS: Final = {
    "open", "os.listdir", "os.scandir", "socket.connect", "socket.getaddrinfo", "sqlite3.connect",
    "subprocess.Popen",
}  # fmt: skip
BEAT_S: Final = 0.005
PLACES: Final = 6


class LoopWatch:
    """Watches the loop it is begun in, from then on."""

    def __init__(self) -> None:
        self._waits: list[str] = []
        self._longest_ms = 0.0
        self._thread = 0
        self._beats: asyncio.Task[None] | None = None

    def look(self) -> dict[str, Any]:
        """Return what was seen since the last look; the first look begins the watch."""
        seen = {"waits": self._waits, "longest_ms": self._longest_ms}
        self._waits, self._longest_ms = [], 0.0
        if self._beats is None:
            self._thread = threading.get_ident()
            self._beats = asyncio.create_task(self._beat())
            sys.addaudithook(self._hear)
        return seen

    def hold_up(self) -> None:
        """Do what must not be done in a loop, so that it is seen."""
        socket.getaddrinfo("127.0.0.1", 80)
        Path(__file__).read_bytes()
        end_s = time.thread_time() + 0.2
        while time.thread_time() < end_s:
            pass

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in WAITS and threading.get_ident() == self._thread:
            stack = traceback.walk_stack(None)
            places = [f"{frame.f_code.co_filename}:{line}" for frame, line in stack]
            own = [place for place in places if "importlib" not in place]
            self._waits.append(f"{event}{arguments} at {' < '.join(own[1:PLACES])}")

    async def _beat(self) -> None:
        """Compare the thread's CPU time from beat to beat: what came between took no longer."""
        while True:
            begun_s = time.thread_time()
            await asyncio.sleep(BEAT_S)
            self._longest_ms = max(self._longest_ms, (time.thread_time() - begun_s) * 1000)
