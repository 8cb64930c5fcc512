"""One deadline of a connection, under a clock that the test moves."""

from collections.abc import Callable
from typing import Any

from dashboard.servers.deadlines import Deadline


class Call:
    """A call that a clock will make."""

    def __init__(self, at_s: float, do: Callable[[], Any]) -> None:
        self.at_s = at_s
        self.do = do
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class Clock:
    """Makes the calls whose time has come, when it is moved."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._calls: list[Call] = []

    def call_later(self, seconds: float, do: Callable[..., Any], *args: Any) -> Call:
        self._calls.append(Call(self._now_s + seconds, lambda: do(*args)))
        return self._calls[-1]

    def move(self, seconds: float) -> None:
        self._now_s += seconds
        due = [call for call in self._calls if call.at_s <= self._now_s]
        self._calls = [call for call in self._calls if call not in due]
        for call in due:
            if not call.is_cancelled:
                call.do()


def test_a_deadline_ends_once_and_not_before() -> None:
    clock, ends = Clock(), []
    deadline = Deadline(clock.call_later)
    deadline.start(10, ends.append, "late")
    clock.move(9.9)
    assert (ends, deadline.is_set) == ([], True)
    clock.move(0.1)
    assert (ends, deadline.is_set) == (["late"], False)
    clock.move(100)
    assert ends == ["late"]


def test_a_new_time_replaces_the_one_before() -> None:
    clock, ends = Clock(), []
    deadline = Deadline(clock.call_later)
    deadline.start(10, ends.append, "head")
    deadline.start(30, ends.append, "body")
    clock.move(29)
    assert ends == []
    clock.move(1)
    assert ends == ["body"]


def test_a_cancelled_deadline_never_ends() -> None:
    clock, ends = Clock(), []
    deadline = Deadline(clock.call_later)
    deadline.start(10, ends.append, "late")
    deadline.cancel()
    deadline.cancel()
    clock.move(100)
    assert (ends, deadline.is_set) == ([], False)
