"""The command that prints the fingerprint of a tape hands its options on, and measures the tape."""

import hashlib
from collections.abc import Iterator
from datetime import date
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from feeds.exceptions import FeedError
from feeds.management.commands import market_tape
from feeds.market.events import Batch, Delisting
from feeds.plan.calendars import Calendar

EVENTS = (Delisting("A", 1), Delisting("B", 2), Delisting("C", 3))
SHA_256 = hashlib.sha256(
    b"\x83\xa4type\xa9delisting\xa6symbol\xa1A\xa8ts_event\x01"
    b"\x83\xa4type\xa9delisting\xa6symbol\xa1B\xa8ts_event\x02"
    b"\x83\xa4type\xa9delisting\xa6symbol\xa1C\xa8ts_event\x03"
).hexdigest()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What tape was asked for; it has three events in two batches and takes two seconds."""
    asked: dict[str, Any] = {}
    times = iter((10.0, 12.0))

    def demo_plan(days: Calendar, **options: object) -> object:
        asked.update(options, exchange=days.exchange.code, begins=days.first)
        return "plan"

    def tape_of(plan: object, seconds: float) -> Iterator[Batch]:
        asked.update(plan=plan, seconds=seconds)
        yield Batch("e", 1, EVENTS[:2])
        yield Batch("e", 3, EVENTS[2:])

    monkeypatch.setattr(market_tape, "demo_plan", demo_plan)
    monkeypatch.setattr(market_tape, "tape_of", tape_of)
    clock = SimpleNamespace(process_time=lambda: next(times))
    monkeypatch.setattr(market_tape, "time", clock)
    return asked


def run(*options: str) -> list[str]:
    out = StringIO()
    call_command("market_tape", *options, stdout=out)
    return out.getvalue().splitlines()


def test_without_options_it_is_a_minute_of_the_demo(asked: dict[str, Any]) -> None:
    run()
    assert (asked["exchange"], asked["begins"]) == ("XNYS", date(2026, 1, 5))
    assert (asked["seed"], asked["rate"], asked["instruments"]) == (1, 200.0, 60)
    assert (asked["plan"], asked["seconds"]) == ("plan", 60.0)


def test_options_say_which_tape(asked: dict[str, Any]) -> None:
    run("--seed=7", "--rate=0.5", "--instruments=3", "--seconds=2.5")
    assert (asked["seed"], asked["rate"], asked["instruments"]) == (7, 0.5, 3)
    assert asked["seconds"] == 2.5


@pytest.mark.usefixtures("asked")
def test_it_prints_how_fast_the_tape_was_and_its_fingerprint() -> None:
    assert run() == ["events=3 cpu_s=2.00 events_per_cpu_s=2", SHA_256]


@pytest.mark.usefixtures("asked")
def test_it_prints_nothing_but_the_fingerprint_if_asked_to() -> None:
    assert run("--hash") == [SHA_256]


def test_what_is_no_plan_is_refused_in_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise FeedError("rate was nan")

    monkeypatch.setattr(market_tape, "demo_plan", refuse)
    with pytest.raises(CommandError, match=r"\Arate was nan\Z"):
        run()
