"""Metered work does what it would do without a meter, and its time is counted."""

import asyncio
import gc
import threading
import time
import types
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextvars import ContextVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.process import cpu_meter
from dashboard.process.cpu_meter import (
    Account,
    CostMeter,
    Metered,
    billed,
    billed_context,
    in_thread,
)
from dashboard.process.eager_task import start
from dashboard.wire.registry import Transport

SPIN_S = 0.02
Wrap = Callable[[Awaitable[object]], Awaitable[object]]


@pytest.fixture(autouse=True, scope="module")
def _uncollected() -> Iterator[None]:
    """A collection of what other tests left behind would be charged to some account."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class Fault(Exception):
    """What the script raises."""


def spin(seconds: float = SPIN_S) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


async def act(script: list[str], log: list[object]) -> str:
    """Do what the script says; log what happens, as somebody else would see it."""
    loop = asyncio.get_running_loop()
    for step in script:
        try:
            match step:
                case "yield":
                    await asyncio.sleep(0)
                case "value":
                    future: asyncio.Future[int] = loop.create_future()
                    loop.call_soon(future.set_result, 7)
                    log.append(await future)
                case "fault":
                    future = loop.create_future()
                    loop.call_soon(future.set_exception, Fault("from outside"))
                    await future
                case "timeout":
                    async with asyncio.timeout(0):
                        await loop.create_future()
                case "cancelled":
                    asyncio.current_task().cancel()
                    await asyncio.sleep(0)
                case "raise":
                    raise Fault("from inside")
                case "wild":
                    raise ValueError("not caught")
        except (Fault, TimeoutError, asyncio.CancelledError) as error:
            log.append(repr(error))
    return "done"


STEPS = st.sampled_from(["yield", "value", "fault", "timeout", "cancelled", "raise", "wild"])


async def outcome(script: list[str], wrap: Wrap) -> tuple[list[object], str]:
    log: list[object] = []
    try:
        result = await asyncio.ensure_future(wrap(act(script, log)))
    except Exception as error:
        result = repr(error)
    return log, result


@given(st.lists(STEPS, max_size=12))
def test_metered_work_is_the_same_work(script: list[str]) -> None:
    plain = asyncio.run(outcome(script, lambda work: work))
    metered = asyncio.run(outcome(script, lambda work: Metered(Account(), work)))
    assert metered == plain


@given(st.lists(STEPS, max_size=6), st.integers(0, 6))
def test_work_that_is_cancelled_from_outside_ends_as_it_would(
    script: list[str], after: int
) -> None:
    async def cancelled(wrap: Wrap) -> tuple[list[object], str]:
        log: list[object] = []
        task = asyncio.ensure_future(wrap(act(script, log)))
        for _ in range(after):
            await asyncio.sleep(0)
        task.cancel()
        (result,) = await asyncio.gather(task, return_exceptions=True)
        return log, repr(result)

    plain = asyncio.run(cancelled(lambda work: work))
    assert asyncio.run(cancelled(lambda work: Metered(Account(), work))) == plain


async def test_the_time_of_each_step_is_counted_and_waiting_is_not() -> None:
    async def work() -> str:
        spin()
        await asyncio.to_thread(spin, SPIN_S * 5)
        spin()
        return "done"

    account = Account()
    assert await Metered(account, work()) == "done"
    assert SPIN_S * 2 <= account.cpu_s < SPIN_S * 4


async def test_what_others_do_meanwhile_is_not_counted() -> None:
    async def idle() -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    async def busy() -> None:
        for _ in range(10):
            spin(SPIN_S / 10)
            await asyncio.sleep(0)

    account = Account()
    await asyncio.gather(Metered(account, idle()), busy())
    assert account.cpu_s < SPIN_S / 4


async def test_a_step_that_ends_badly_is_counted_too() -> None:
    async def work() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            spin()

    account = Account()
    task = asyncio.ensure_future(Metered(account, work()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert account.cpu_s >= SPIN_S


async def test_work_inside_other_work_is_counted_once() -> None:
    """A command that wakes the writer at once: each has its own time."""
    inner, outer = Account(), Account()

    async def write() -> None:
        spin()

    async def command() -> None:
        spin()
        start(Metered(inner, write()))
        start(Metered(inner, write()))
        await asyncio.sleep(0)

    await Metered(outer, command())
    assert SPIN_S * 2 <= inner.cpu_s < SPIN_S * 3
    assert SPIN_S <= outer.cpu_s < SPIN_S * 2


def test_what_is_done_for_all_readers_of_a_transport_is_paid_by_it() -> None:
    meter = CostMeter()
    with meter.paid_by(Transport.SSE):
        spin()
        with meter.paid_by(Transport.POLL):
            spin()
    paid = {name: cost["cpu_s"] for name, cost in meter.totals({})["transports"].items()}
    assert SPIN_S <= paid["sse"] < SPIN_S * 2
    assert SPIN_S <= paid["poll"] < SPIN_S * 2
    assert paid["websocket"] == 0


async def test_a_served_connection_and_its_tasks_have_one_account() -> None:
    meter, paid = CostMeter(), []

    async def connection() -> str:
        paid.append(billed(asyncio.sleep(0)))
        await paid[0]
        spin()
        return "done"

    assert await meter.serve(Transport.SSE, connection()) == "done"
    assert isinstance(paid[0], Metered)
    assert paid[0]._account is meter._accounts[Transport.SSE]
    seconds = meter.seconds()
    assert (seconds["sse"] >= SPIN_S, seconds["poll"]) == (True, 0)


async def test_metered_work_belongs_to_its_transport() -> None:
    meter = CostMeter()

    async def work() -> str:
        spin()
        return "done"

    assert await meter.metered(Transport.POLL, work()) == "done"
    assert (meter.seconds()["poll"] >= SPIN_S, meter.seconds()["sse"]) == (True, 0)


def test_an_account_is_the_sum_of_its_threads() -> None:
    account = Account()
    account.add_thread_time(2_000_000_000)
    account.add_thread_time(500_000_000)
    account.loop_ns = 250_000_000
    assert account.cpu_s == 2.75


@types.coroutine
def generator_based(work: Awaitable[str]) -> Generator[object, object, str]:
    return (yield from work)  # type: ignore[misc]


async def test_a_generator_can_wait_for_metered_work() -> None:
    async def work() -> str:
        await asyncio.sleep(0)
        return "done"

    assert await generator_based(Metered(Account(), work())) == "done"


@pytest.mark.django_db  # the thread of `in_thread` looks after its connection
@pytest.mark.parametrize("is_bad", [False, True])
async def test_a_thread_charges_what_it_took_however_it_ended(
    monkeypatch: pytest.MonkeyPatch, *, is_bad: bool
) -> None:
    meter, times = CostMeter(), iter([1_000, 4_500])

    def thread_time_ns() -> int:
        return 0 if threading.current_thread() is threading.main_thread() else next(times)

    def look_up(number: int, *, other: int) -> int:
        if is_bad:
            raise Fault
        return number + other

    monkeypatch.setattr(cpu_meter.time, "thread_time_ns", thread_time_ns)
    serving = meter.serve(Transport.SSE, in_thread(look_up)(3, other=4))
    if is_bad:
        with pytest.raises(Fault):
            await serving
    else:
        assert await serving == 7
    assert meter._accounts[Transport.SSE].threads_ns == 3_500


def test_closing_it_closes_what_is_inside() -> None:
    ended = []

    async def work() -> None:
        try:
            await asyncio.sleep(0)
        finally:
            ended.append(True)

    metered = Metered(Account(), work())
    metered.send(None)
    metered.close()
    assert ended == [True]


@pytest.mark.slow
@pytest.mark.django_db  # the thread of `in_thread` looks after its connection
async def test_a_connection_pays_for_its_tasks_and_threads() -> None:
    """Whatever it starts is charged to its own account, and nothing to another."""
    meter = CostMeter()
    look_up = in_thread(spin)

    async def writer() -> None:
        await asyncio.sleep(0)
        spin()

    async def connection() -> None:
        spin()
        await asyncio.ensure_future(billed(writer()))
        await look_up()

    await meter.serve(Transport.SSE, connection())
    costs = meter.totals({Transport.SSE: 5})["transports"]
    assert SPIN_S * 3 <= costs["sse"]["cpu_s"] < SPIN_S * 6
    assert costs["sse"]["updates"] == 5
    assert costs["websocket"] == {"cpu_s": 0, "updates": 0}


@pytest.mark.slow
@pytest.mark.django_db  # the thread of `in_thread` looks after its connection
async def test_work_that_nobody_pays_for_is_left_as_it_is() -> None:
    async def work() -> str:
        return "done"

    plain = work()
    assert billed(plain) is plain
    assert await plain == "done"
    assert await in_thread(lambda: "done")() == "done"


def test_the_process_is_distinguished_from_another() -> None:
    """A page that reaches another process must not take the difference of two."""
    meter = CostMeter()
    before, after = meter.totals({}), meter.totals({})
    assert before["process"] == after["process"] != CostMeter().process
    assert after["process_cpu_s"] >= before["process_cpu_s"] > 0
    assert after["transports"]["poll"] == {"cpu_s": 0, "updates": 0}


async def test_a_task_that_outlives_its_request_has_its_payer_and_nothing_else_of_it() -> None:
    meter, of_request = CostMeter(), ContextVar("of_request", default="")

    async def read() -> tuple[str, bool]:
        work = billed(asyncio.sleep(0))
        await work
        return of_request.get(), isinstance(work, Metered)

    async def connection() -> tuple[str, bool]:
        of_request.set("mine")
        return await asyncio.create_task(read(), context=billed_context())

    serving = asyncio.create_task(meter.serve(Transport.SSE, connection()))
    assert await serving == ("", True)
    of_request.set("nobody's")
    assert await asyncio.create_task(read(), context=billed_context()) == ("", False)
