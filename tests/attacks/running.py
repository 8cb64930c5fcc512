"""Tries attacks at their targets, one after the other, and says what each measured."""

import signal
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest

from tests.attacks.registry import Attack, OpenTarget, Outcome
from tests.attacks.target_ends import end_of
from tests.support.served import Served

FAULTS: Final = (Exception, pytest.skip.Exception)
"""What an attack raises, and what says that nginx or PostgreSQL is not installed."""
Report = Callable[[Attack, str, Outcome], None]


def run_all(chosen: list[Attack], server: str, report: Report) -> None:
    """Try attacks on one kind of server, those of the same target together."""
    order = list(dict.fromkeys(attack.open_target for attack in chosen))
    by_target = sorted(chosen, key=lambda attack: order.index(attack.open_target))
    for open_target, attacks in groupby(by_target, key=lambda attack: attack.open_target):
        ends = run_at(open_target, deque(attacks), server, report)
        if (end := end_of(open_target)) is not None:
            report(end, server, ends)


def run_at(open_target: OpenTarget, waiting: deque[Attack], server: str, report: Report) -> Outcome:
    """Try attacks at one target; after one that breaks it the others get a new one.

    Return how the target ended.
    """
    ends = Outcome("exit 0, no traceback", True)
    while waiting:
        is_begun = False
        try:
            with TemporaryDirectory() as folder, open_target(server, Path(folder)) as target:
                is_begun = True
                _run_until_broken(target, waiting, server, report)
        except FAULTS as error:
            ends = Outcome("it failed", False, described(error))
        while waiting and not is_begun:
            missed = Outcome("it did not begin", False, ends.reason)
            report(waiting.popleft(), server, missed)
    return ends


def _run_until_broken(target: Any, waiting: deque[Attack], server: str, report: Report) -> None:
    """Try attacks, until one of them fails in a way that it did not foresee."""
    is_broken = False
    while waiting and not is_broken:
        attack = waiting.popleft()
        outcome, is_broken = tried(attack, target)
        report(attack, server, outcome)


def tried(attack: Attack, target: Any) -> tuple[Outcome, bool]:
    """Return what an attack measured, and whether it broke the target."""
    before = _tracebacks(target)
    try:
        with _at_most(attack.longest_s):
            outcome = attack.run(target)
    except FAULTS as error:
        return Outcome("it could not be measured", False, described(error)), True
    more = _tracebacks(target) - before
    if more:
        reason = f"{more} tracebacks in the log. {outcome.reason}".strip()
        return Outcome(outcome.measured, False, reason), False
    return outcome, False


def _tracebacks(target: Any) -> int:
    """Return how many tracebacks a server has logged."""
    served = getattr(target, "served", target)
    return served.log().count("Traceback") if isinstance(served, Served) else 0


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    """Raise a TimeoutError in the main thread when something takes too long."""

    def stop(*_: Any) -> None:
        raise TimeoutError(f"it took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def described(error: BaseException) -> str:
    """Return what went wrong, in one line; of an assertion without a word its source."""
    text = str(error).strip() or traceback.extract_tb(error.__traceback__)[-1].line or ""
    return f"{type(error).__name__}: {text.splitlines()[0][:200] if text else ''}"
