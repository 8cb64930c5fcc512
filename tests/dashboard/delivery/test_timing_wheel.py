"""An item is taken once, when it is due as it was planned last, whatever was planned before."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.delivery.timing_wheel import NOWHERE, TimingWheel

SLOT_S = 0.005
TOLERANCE_S = 1e-9


class Item:
    def __init__(self) -> None:
        self.slot = NOWHERE


steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 3), st.floats(-1, 2)),
        st.tuples(st.just("never"), st.integers(0, 3), st.just(inf)),
        st.tuples(st.just("take"), st.just(0), st.floats(0, 1)),
    ),
    max_size=30,
)


@given(steps)
def test_what_is_due_is_taken_and_nothing_early(steps: list[tuple[str, int, float]]) -> None:
    wheel, items = TimingWheel[Item](SLOT_S), [Item() for _ in range(4)]
    now_s, plans = 100.0, dict[Item, float]()
    for kind, number, seconds in steps:
        if kind == "take":
            now_s += seconds
            taken = wheel.take(now_s)
            for item in taken:
                assert plans.pop(item, now_s) <= now_s + TOLERANCE_S
            assert all(due_s > now_s - 2 * SLOT_S for due_s in plans.values())
        else:
            plans[items[number]] = now_s + max(0, seconds)
            wheel.put(items[number], now_s + seconds)
    if steps:
        due = {item for item, due_s in plans.items() if due_s != inf}
        assert due <= set(wheel.take(now_s + 10))
    assert wheel.take(now_s + 1e9) == []


def test_an_item_that_is_planned_later_is_not_taken_at_the_earlier_time() -> None:
    wheel, item = TimingWheel[Item](SLOT_S), Item()
    wheel.put(item, 1.0)
    wheel.put(item, 2.0)
    assert wheel.take(1.5) == []
    assert wheel.take(2.5) == [item]
    assert wheel.take(3.5) == []


def test_an_item_that_is_overdue_is_taken_at_the_next_look() -> None:
    wheel, item = TimingWheel[Item](SLOT_S), Item()
    wheel.take(5.0)
    wheel.put(item, 1.0)
    assert wheel.take(5.0) == []
    assert wheel.take(5.0 + 2 * SLOT_S) == [item]


def test_items_are_taken_in_the_order_of_their_slots() -> None:
    wheel, items = TimingWheel[Item](SLOT_S), [Item() for _ in range(3)]
    for item, due_s in zip(items, (3.0, 1.0, 2.0), strict=True):
        wheel.put(item, due_s)
    assert wheel.take(4.0) == [items[1], items[2], items[0]]


def test_it_knows_when_the_next_slot_begins() -> None:
    wheel, item = TimingWheel[Item](SLOT_S), Item()
    assert wheel.next_s == inf
    wheel.put(item, 1.0)
    assert 1.0 <= wheel.next_s <= 1.0 + SLOT_S + TOLERANCE_S
    assert wheel.take(wheel.next_s) == [item]
    assert wheel.next_s == inf


@pytest.mark.parametrize("is_one_of_many", [False, True])
def test_an_item_is_in_the_slot_after_its_time(*, is_one_of_many: bool) -> None:
    wheel, items = TimingWheel[Item](0.25), [Item() for _ in range(4)]
    plans = list(zip(items, (1.1, 1.2, 1.25, 2.0), strict=True))
    if is_one_of_many:
        wheel.put_all(plans)
    else:
        for item, due_s in plans:
            wheel.put(item, due_s)
    assert (wheel.next_s, wheel.take(1.24)) == (1.25, [])
    assert wheel.take(1.25) == items[:2]
    assert wheel.take(1.5) == [items[2]]
    assert (wheel.next_s, wheel.take(2.24)) == (2.25, [])
    assert (wheel.take(2.25), wheel.next_s) == ([items[3]], inf)


@pytest.mark.parametrize("is_one_of_many", [False, True])
def test_an_overdue_item_is_in_the_next_slot(*, is_one_of_many: bool) -> None:
    wheel, item = TimingWheel[Item](0.25), Item()
    wheel.take(5.0)
    if is_one_of_many:
        wheel.put_all([(item, 1.0)])
    else:
        wheel.put(item, 1.0)
    assert (wheel.next_s, wheel.take(5.24), wheel.take(5.25)) == (5.25, [], [item])


@pytest.mark.parametrize("is_one_of_many", [True, False])
def test_an_item_that_is_planned_again_for_the_same_slot_is_taken_once(
    *, is_one_of_many: bool
) -> None:
    wheel, item = TimingWheel[Item](SLOT_S), Item()
    for _ in range(2):
        if is_one_of_many:
            wheel.put_all([(item, 1.0)])
        else:
            wheel.put(item, 1.0)
    assert wheel.take(5.0) == [item]
    assert wheel.next_s == inf
