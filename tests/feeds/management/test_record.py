"""The command that records a feed waits as long as asked, and finds the recording of its feed."""

from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from feeds.management.commands import record
from feeds.models import AuditEntry, Feed, Recording

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 5, tzinfo=UTC)
Waiting = list[tuple[float, bool]]


@pytest.fixture(autouse=True)
def feed() -> Feed:
    Feed.objects.create(slug="another", name="Another Exchange")
    return Feed.objects.create(slug="demo", name="Demo Exchange")


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Waiting:
    """How long each wait of the command was, and whether the feed was recorded meanwhile."""
    return waiting(monkeypatch, lambda _: None)


def waiting(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[int], object]) -> Waiting:
    """Let time go by at once; `meanwhile` hears how many waits have begun."""
    waits: Waiting = []

    def wait(seconds: float) -> None:
        waits.append((seconds, Feed.objects.get(slug="demo").is_recorded))
        meanwhile(len(waits))

    clock = SimpleNamespace(sleep=wait, monotonic=lambda: sum(each for each, _ in waits))
    monkeypatch.setattr(record, "time", clock)
    return waits


def saved(name: str, key: int | None = None) -> Recording:
    return Recording.objects.create(
        pk=key, name=name, path=f"{name.replace(' ', '-')}.parquet", origin="recorded",
        events=1, ticks=1, first_at=NOW, last_at=NOW, fingerprint="f",
    )  # fmt: skip


def run(*options: str) -> str:
    out = StringIO()
    call_command("record", "demo", *options, stdout=out)
    return out.getvalue()


def test_it_finds_the_first_recording_of_this_feed_since_it_began(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def meanwhile(count: int) -> None:
        if count == 2:
            saved("Other Exchange 2")
            saved("Demo Exchanges 2")
        elif count == 3:
            saved("Demo Exchange 3")
            saved("Demo Exchange 2")

    saved("Demo Exchange 1")
    waits = waiting(monkeypatch, meanwhile)
    assert run("--seconds=7.5") == "Demo-Exchange-3.parquet\n"
    assert waits == [(7.5, True), (0.5, False), (0.5, False)]


def test_it_finds_the_first_recording_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting(monkeypatch, lambda _: saved("Demo Exchange 1", 1))
    assert run() == "Demo-Exchange-1.parquet\n"


def test_there_is_nothing_to_record_without_a_feed(waits: Waiting) -> None:
    with pytest.raises(CommandError, match="there is no feed 'none'"):
        call_command("record", "none")
    assert waits == []


def test_it_records_a_minute_and_then_waits_half_a_minute(waits: Waiting) -> None:
    with pytest.raises(CommandError, match="nobody recorded Demo Exchange"):
        run()
    assert waits == [(60.0, True)] + [(0.5, False)] * 60


def test_who_ends_it_also_ends_the_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    waiting(monkeypatch, interrupt)
    with pytest.raises(KeyboardInterrupt):
        run()
    assert not Feed.objects.get(slug="demo").is_recorded
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert [*actions] == ["record", "stop recording"]


def test_what_is_recorded_already_goes_on(feed: Feed, waits: Waiting) -> None:
    feed.is_recorded = True
    feed.save()
    with pytest.raises(CommandError, match="Demo Exchange is recorded already"):
        run()
    assert waits == []
    assert Feed.objects.get(slug="demo").is_recorded
