"""CPU time of this process: for each transport, and in total.

Must not know frames or sockets. The hub measures once per transport what it writes for all readers
together: reading the thread's clock for each frame would cost a tenth of the frame. What a server
parses outside the application belongs to no transport; it counts in the total of the process only.
"""

import secrets
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import Context, ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import sync_to_async

from dashboard.wire.registry import Transport
from feeds.database import with_connection

T = TypeVar("T")
P = ParamSpec("P")


class Account:
    """CPU time of one transport (ns): in the loop's thread, and in threads that worked for it."""

    __slots__ = ("_lock", "loop_ns", "threads_ns")
    _inside_ns = 0
    """What nested work has charged already; one for all accounts, as a loop has one thread."""

    def __init__(self) -> None:
        self.loop_ns = 0
        self.threads_ns = 0
        self._lock = threading.Lock()

    @contextmanager
    def paying(self) -> Iterator[None]:
        """Charge the time inside the `with`, less what nested accounts have charged."""
        beside_ns, Account._inside_ns = Account._inside_ns, 0
        begun_ns = time.thread_time_ns()
        try:
            yield
        finally:
            spent_ns = time.thread_time_ns() - begun_ns
            self.loop_ns += spent_ns - Account._inside_ns
            Account._inside_ns = beside_ns + spent_ns

    def add_thread_time(self, spent_ns: int) -> None:
        """Add time (ns) that another thread spent."""
        with self._lock:
            self.threads_ns += spent_ns

    @property
    def cpu_s(self) -> float:
        """Return the sum of both, in seconds."""
        return (self.loop_ns + self.threads_ns) / 1e9


class Metered(Coroutine[Any, Any, T]):
    """A coroutine that charges the CPU time of each of its steps to an account.

    A step may run a step of another metered coroutine, as a command does when it wakes the writer
    at once. Then each account is charged for its own part only.
    """

    __slots__ = ("_account", "_steps")

    def __init__(self, account: Account, awaitable: Awaitable[T]) -> None:
        self._account = account
        self._steps = awaitable.__await__()

    def send(self, value: Any) -> Any:
        """Run to the next await."""
        return self._step(self._steps.send, value)

    def throw(self, *error: Any) -> Any:
        """Raise an exception where it waits, as a cancellation does."""
        return self._step(self._steps.throw, *error)

    def close(self) -> None:
        """End the coroutine where it waits."""
        self._step(self._steps.close)

    def _step(self, step: Callable[..., Any], *arguments: Any) -> Any:
        with self._account.paying():
            return step(*arguments)

    def __next__(self) -> Any:
        """Run to the next await."""
        return self.send(None)

    def __iter__(self) -> "Metered[T]":
        """Return itself: `await` steps through it."""
        return self

    def __await__(self) -> Generator[Any, Any, T]:
        """Return itself: it has all that a generator has."""
        return self


_payer: ContextVar[Account | None] = ContextVar("payer", default=None)
"""The account of the transport that carries the connection of this context."""


class CostMeter:
    """The accounts of all transports, and the process that they share."""

    def __init__(self) -> None:
        self.process = secrets.token_hex(4)
        self._accounts = {transport: Account() for transport in Transport}

    def paid_by(self, transport: Transport) -> AbstractContextManager[None]:
        """Charge the time inside the `with` to a transport."""
        return self._accounts[transport].paying()

    def metered(self, transport: Transport, awaitable: Awaitable[T]) -> Metered[T]:
        """Wrap a coroutine so that its CPU time is charged to a transport."""
        return Metered(self._accounts[transport], awaitable)

    async def serve(self, transport: Transport, awaitable: Awaitable[T]) -> T:
        """Serve one connection, charging its time and that of `billed` tasks to its transport."""
        _payer.set(self._accounts[transport])
        return await self.metered(transport, awaitable)

    def seconds(self) -> dict[str, float]:
        """Return the CPU time of each transport since the process began."""
        return {transport.value: account.cpu_s for transport, account in self._accounts.items()}

    def totals(self, delivered: Mapping[Transport, int]) -> dict[str, Any]:
        """Return the sums since the process began (seconds, updates); readers take differences."""
        return {
            "process": self.process,
            "process_cpu_s": time.process_time(),
            "transports": {
                transport: {"cpu_s": cpu_s, "updates": delivered.get(Transport(transport), 0)}
                for transport, cpu_s in self.seconds().items()
            },
        }


def billed(awaitable: Awaitable[T]) -> Awaitable[T]:
    """Wrap work for a task of its own, charged to the connection that starts it."""
    account = _payer.get()
    return awaitable if account is None else Metered(account, awaitable)


def billed_context() -> Context:
    """Return a context for a task that outlives the request that starts it, and is charged to it.

    It has nothing else of the request, whose thread for the database ends with it.
    """
    context = Context()
    context.run(_payer.set, _payer.get())
    return context


def in_thread(function: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Make a function run in the database's thread, charged to the connection that awaits it."""

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

    return sync_to_async(with_connection(work))
