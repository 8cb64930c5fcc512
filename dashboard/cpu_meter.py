"""What each transport costs this process in CPU, and what the whole process costs.

Must not know frames or sockets. Runtime has one; asgi names who pays for a connection, http bills
the tasks it starts, and hub what it has written for all readers of a transport at once: to look at
the thread's clock for every frame would cost a tenth of the frame. Parsing that a server does
outside the application is nobody's: it is in the total of the process only.
"""

import secrets
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import sync_to_async

from dashboard.wire.registry import Transport

T = TypeVar("T")
P = ParamSpec("P")


class Account:
    """CPU time of one transport: of the loop's thread, and of threads that worked for it."""

    __slots__ = ("_lock", "loop_ns", "threads_ns")
    _inside_ns = 0
    """What was paid for inside the present work; all of a loop is in one thread."""

    def __init__(self) -> None:
        self.loop_ns = 0
        self.threads_ns = 0
        self._lock = threading.Lock()

    @contextmanager
    def paying(self) -> Iterator[None]:
        """Add the loop's time of the work in between; what another account pays is not added."""
        beside_ns, Account._inside_ns = Account._inside_ns, 0
        begun_ns = time.thread_time_ns()
        try:
            yield
        finally:
            spent_ns = time.thread_time_ns() - begun_ns
            self.loop_ns += spent_ns - Account._inside_ns
            Account._inside_ns = beside_ns + spent_ns

    def add_thread_time(self, spent_ns: int) -> None:
        """Add what another thread spent."""
        with self._lock:
            self.threads_ns += spent_ns

    @property
    def cpu_s(self) -> float:
        """Return all that was spent, in seconds."""
        return (self.loop_ns + self.threads_ns) / 1e9


class Metered(Coroutine[Any, Any, T]):
    """Steps another coroutine by hand, and adds the CPU time of each step to an account.

    A step may step another metered one, as a command does that wakes the writer at once: what that
    took is on its own account, and not on this one again.
    """

    __slots__ = ("_account", "_steps")

    def __init__(self, account: Account, awaitable: Awaitable[T]) -> None:
        self._account = account
        self._steps = awaitable.__await__()

    def send(self, value: Any) -> Any:
        """Do one step."""
        return self._step(self._steps.send, value)

    def throw(self, *error: Any) -> Any:
        """Do one step that begins with an exception, as a cancellation does."""
        return self._step(self._steps.throw, *error)

    def close(self) -> None:
        """End it where it stands."""
        self._step(self._steps.close)

    def _step(self, step: Callable[..., Any], *arguments: Any) -> Any:
        with self._account.paying():
            return step(*arguments)

    def __next__(self) -> Any:
        """Do one step, as `await` asks for it."""
        return self.send(None)

    def __iter__(self) -> "Metered[T]":
        """Be the iterator that `await` steps through."""
        return self

    def __await__(self) -> Generator[Any, Any, T]:
        """Be what is awaited: a generator in all but name."""
        return self


_payer: ContextVar[Account | None] = ContextVar("payer", default=None)
"""Who pays for the connection that this context belongs to."""


class CostMeter:
    """One account for each transport, and the process they share."""

    def __init__(self) -> None:
        self.process = secrets.token_hex(4)
        self._accounts = {transport: Account() for transport in Transport}

    def paid_by(self, transport: Transport) -> AbstractContextManager[None]:
        """Return the time of the work in between, done for all readers of a transport together."""
        return self._accounts[transport].paying()

    def metered(self, transport: Transport, awaitable: Awaitable[T]) -> Metered[T]:
        """Return the same work, whose CPU time goes to the transport's account."""
        return Metered(self._accounts[transport], awaitable)

    async def serve(self, transport: Transport, awaitable: Awaitable[T]) -> T:
        """Do the work of one connection: it pays, and so does what it has billed to it."""
        _payer.set(self._accounts[transport])
        return await self.metered(transport, awaitable)

    def totals(self, delivered: Mapping[Transport, int]) -> dict[str, Any]:
        """Return the sums since the process began; readers take differences."""
        return {
            "process": self.process,
            "process_cpu_s": time.process_time(),
            "transports": {
                transport.value: {"cpu_s": account.cpu_s, "updates": delivered.get(transport, 0)}
                for transport, account in self._accounts.items()
            },
        }


def billed(awaitable: Awaitable[T]) -> Awaitable[T]:
    """Return work of a task of its own, paid for by the connection that starts it."""
    account = _payer.get()
    return awaitable if account is None else Metered(account, awaitable)


def in_thread(function: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Return a function that works in the database's thread, at the connection's cost."""

    @wraps(function)
    def work(*args: P.args, **kwargs: P.kwargs) -> T:
        account = _payer.get()
        if account is None:
            return function(*args, **kwargs)
        begun_ns = time.thread_time_ns()
        try:
            return function(*args, **kwargs)
        finally:
            account.add_thread_time(time.thread_time_ns() - begun_ns)

    return sync_to_async(work)
