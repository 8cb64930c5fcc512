"""An event loop whose time jumps to the next timer instead of waiting, and its clock."""

import asyncio
import selectors
from typing import Any

from tests.support.market_script import NOW


class _Selector(selectors.SelectSelector):
    """Waits by moving the time; without a timer nothing could ever happen again."""

    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        found = super().select(0)
        if timeout is None and not found:
            raise RuntimeError("everything waits, and nothing will ever happen")
        if not found:
            self.now_s += timeout or 0
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop in which hours take milliseconds, the same in every run."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now_s

    def end(self) -> None:
        """Cancel all tasks and close."""
        tasks = asyncio.all_tasks(self)
        for task in tasks:
            task.cancel()
        if tasks:
            self.run_until_complete(asyncio.wait(tasks))
        self.run_until_complete(self.shutdown_asyncgens())
        self.close()


class VirtualClock:
    """Both clocks of the loop."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now_ms(self) -> int:
        return NOW + round(self._loop.time() * 1000)

    def monotonic(self) -> float:
        return self._loop.time()


async def pass_time(seconds: float) -> None:
    """Let virtual time pass; in a real loop this would be a nap."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    passed = loop.create_future()
    loop.call_later(seconds, passed.set_result, None)
    await passed
