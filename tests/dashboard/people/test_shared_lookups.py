"""Questions that come together are one query; the first does not wait, crowds wait a little."""

import asyncio
import gc
from collections.abc import Iterator
from itertools import pairwise

import pytest

from dashboard.people.shared_lookups import FIRST_PAUSE_S, MOST_PAUSE_S, SharedLookups
from tests.oracle.virtual_time import VirtualLoop, pass_time

LOOK_S = 0.01


class Looks:
    """A database in which even numbers are found; each look takes some time."""

    def __init__(self):
        self.asked = []
        self.begun_s = []
        self.error = None

    async def __call__(self, keys):
        self.asked.append(set(keys))
        self.begun_s.append(asyncio.get_running_loop().time())
        await pass_time(LOOK_S)
        if self.error is not None:
            raise self.error
        return {key: f"found {key}" for key in keys if key % 2 == 0}


@pytest.fixture
def virtual() -> Iterator[VirtualLoop]:
    loop = VirtualLoop()
    yield loop
    loop.end()


@pytest.fixture
def looks():
    return Looks()


@pytest.fixture
def lookups(looks):
    return SharedLookups(looks)


async def come(lookups, keys, every_s):
    """Ask for one key after the other, without waiting for answers; return them."""
    tasks = []
    for key in keys:
        tasks.append(asyncio.create_task(lookups.find(key)))
        await pass_time(every_s)
    return await asyncio.gather(*tasks)


def test_the_first_is_looked_up_at_once(virtual, lookups, looks):
    assert virtual.run_until_complete(lookups.find(2)) == "found 2"
    assert looks.begun_s == [0]


def test_what_is_not_there_is_none(virtual, lookups):
    assert virtual.run_until_complete(lookups.find(3)) is None


def test_those_that_come_meanwhile_go_together_and_each_key_once(virtual, lookups, looks):
    answers = virtual.run_until_complete(come(lookups, [0, 2, 4, 4, 5], every_s=0.001))
    assert looks.asked == [{0}, {2, 4, 5}]
    assert answers == ["found 0", "found 2", "found 4", "found 4", None]


def test_an_answer_is_never_from_a_look_that_began_before_the_question(virtual, lookups, looks):
    virtual.run_until_complete(come(lookups, [2, 2], every_s=LOOK_S / 2))
    assert looks.asked == [{2}, {2}]


def test_a_few_wait_for_a_short_pause_only(virtual, lookups, looks):
    virtual.run_until_complete(come(lookups, range(10), every_s=0.1))
    assert len(looks.asked) == 10
    assert looks.begun_s == pytest.approx([0.1 * number for number in range(10)])


@pytest.mark.slow
def test_a_crowd_of_a_thousand_takes_five_looks(virtual, lookups, looks):
    answers = virtual.run_until_complete(come(lookups, range(1000), every_s=0.003))
    assert len(answers) == 1000
    assert len(looks.asked) <= 5
    pauses = [later - sooner for sooner, later in pairwise(looks.begun_s)]
    assert max(pauses) == pytest.approx(MOST_PAUSE_S)


def test_after_a_crowd_a_single_one_waits_no_longer_than_before(virtual, lookups, looks):
    virtual.run_until_complete(come(lookups, range(1000), every_s=0.003))
    virtual.run_until_complete(pass_time(MOST_PAUSE_S))
    virtual.run_until_complete(come(lookups, [0, 2], every_s=LOOK_S))
    assert looks.begun_s[-1] - looks.begun_s[-2] == pytest.approx(FIRST_PAUSE_S)


def test_an_error_goes_to_all_who_asked_and_the_next_look_is_good(virtual, lookups, looks):
    looks.error = RuntimeError("no database")

    async def ask():
        both = [asyncio.create_task(lookups.find(key)) for key in (1, 2)]
        return await asyncio.gather(*both, return_exceptions=True)

    assert virtual.run_until_complete(ask()) == [looks.error, looks.error]
    looks.error = None
    assert virtual.run_until_complete(lookups.find(2)) == "found 2"


def test_an_error_that_nobody_waits_for_any_more_is_no_surprise(virtual, lookups, looks):
    surprises = []
    virtual.set_exception_handler(lambda _, context: surprises.append(context["message"]))
    looks.error = RuntimeError("no database")

    async def leave():
        leaver = asyncio.create_task(lookups.find(1))
        await asyncio.sleep(0)
        leaver.cancel()
        await pass_time(1)

    virtual.run_until_complete(leave())
    looks.error = None  # whoever has the error has all that waited for the answer
    gc.collect()
    assert looks.asked == [{1}]
    assert surprises == []


def test_the_others_still_get_an_answer_when_one_leaves(virtual, lookups):
    async def ask():
        leaver, other = (asyncio.create_task(lookups.find(2)) for _ in range(2))
        await asyncio.sleep(0)
        leaver.cancel()
        return await other

    assert virtual.run_until_complete(ask()) == "found 2"


def test_a_new_loop_begins_again(virtual, lookups):
    virtual.create_task(lookups.find(2))
    virtual.run_until_complete(asyncio.sleep(0))
    other = VirtualLoop()
    assert other.run_until_complete(lookups.find(4)) == "found 4"
    other.end()
