"""No change of a feed deletes a stored bar.

Only retention does, and an admin who was told how many bars go.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from feeds.engine.checkpoint import pack_checkpoint
from feeds.exceptions import ChangeRefused
from feeds.market.bars import DAY_MS, MINUTE_MS, Bar
from feeds.models import AuditEntry, Feed, Instrument, MarketCheckpoint, StoredBar
from feeds.models.feeds import Hours
from feeds.plan.plans import FeedKind
from feeds.recordings.layout import TableKind
from feeds.services import bars, feeds, instruments
from feeds.services.bars import ClosedBar, count_old_bars, prune_bars, store_bars
from feeds.services.checkpoints import store_checkpoint, take_over
from feeds.services.recordings import import_recording
from tests.support.market_lives import NOW, plan, run_life

pytestmark = pytest.mark.django_db
FIRST_MS = NOW - NOW % DAY_MS
TABLE = ["time,symbol,price,size\n", "1767225601000,NVX,1.01,5\n"]
Change = Callable[[Feed], object]
Values = tuple[object, ...]


@pytest.fixture
def feed(settings, tmp_path: Path) -> Feed:
    """A feed with three days of bars of an instrument."""
    settings.MARKET_RECORDINGS_DIR = tmp_path / "recordings"
    feed = Feed.objects.create(slug="demo", name="Demo")
    listed = plan(1).definitions[0]
    Instrument.objects.create(
        feed=feed, symbol=listed.symbol, name="N", sector="Lab", reference_price=1
    )
    for day in range(3):
        close(FIRST_MS + day * DAY_MS)
    return feed


def close(begin_ms: int) -> None:
    """Store five minutes from a time on, and what they make of a day."""
    symbol = Instrument.objects.get().symbol
    bars = [Bar(begin_ms + at * MINUTE_MS, 9, 9, 9, 9, 9, 9) for at in range(5)]
    day = Bar(begin_ms - begin_ms % DAY_MS, 9, 9, 9, 9, 45, 45)
    store_bars([ClosedBar(symbol, False, bar, begin_ms) for bar in bars])
    store_bars([ClosedBar(symbol, True, day, begin_ms)])


def stored() -> dict[tuple[str, int], Values]:
    rows = StoredBar.objects.values_list(
        *("interval", "start_ms"), *("open", "high", "low", "close", "volume", "trades")
    )
    return {(row[0], row[1]): row[2:] for row in rows}


def save(**values: object) -> Change:
    """Return a change of fields, as the form of a feed makes it."""

    def change(feed: Feed) -> None:
        for name, value in values.items():
            setattr(feed, name, value)
        feeds.save_feed(feed, actor=None)

    return change


def play(feed: Feed) -> None:
    feed.recording = import_recording(feed, "Monday", TABLE, kind=TableKind.TRADES, actor=None)
    feed.kind = FeedKind.REPLAY
    feeds.save_feed(feed, actor=None)
    feeds.start_feed(feed, actor=None)


def reopen(feed: Feed) -> None:
    feeds.close_feed(feed, actor=None)
    feeds.start_feed(feed, actor=None)


def restart(feed: Feed) -> None:
    """A market ends, and three others begin: with a checkpoint, a broken one, and a journal."""
    life, end_ms = run_life(plan(1), 4_000)
    take_over("e1", NOW)
    assert store_checkpoint("e1", life.end(end_ms))
    take_over("e2", end_ms, life.batches)
    MarketCheckpoint.objects.update(content=b"broken")
    take_over("e3", end_ms)
    MarketCheckpoint.objects.update(content=pack_checkpoint(life.end(NOW)))
    take_over("e4", end_ms + DAY_MS)


def change_tick_size(feed: Feed) -> None:
    row = Instrument.objects.get()
    row.tick_size = row.tick_size / 10
    with pytest.raises(ChangeRefused, match="has 18 bars"):
        instruments.save_instrument(row, actor=None)


def move(feed: Feed) -> None:
    """The instrument goes to another feed and comes back."""
    other = Feed.objects.create(slug="other", name="Other")
    for target in (other, feed):
        row = Instrument.objects.get()
        row.feed = target
        instruments.save_instrument(row, actor=None)


def halt(feed: Feed) -> None:
    rows = list(feed.instruments.all())
    instruments.halt_instruments(rows, actor=None, reason="news")
    instruments.resume_instruments(rows, actor=None)


CHANGES: dict[str, Change] = {
    "replay": play,
    "upstream": save(kind=FeedKind.UPSTREAM),
    **{hours.value: save(hours=hours) for hours in Hours},
    "other exchange": save(exchange="XLON", hours=Hours.EXCHANGE),
    "faster": save(day_minutes=5),
    "slower": save(day_minutes=390),
    "no bands": save(bands="off"),
    "another seed": save(seed=77),
    "another key": save(slug="renamed", name="Renamed"),
    "restricted": save(is_restricted=True),
    "rate": lambda feed: feeds.set_rate(feed, 5.0, actor=None),
    "pause": lambda feed: feeds.pause_feed(feed, actor=None),
    "close": lambda feed: feeds.close_feed(feed, actor=None),
    "reopen": reopen,
    "restart": restart,
    "tick size": change_tick_size,
    "move": move,
    "halt": halt,
}
LATER_MS = (-400 * DAY_MS, -DAY_MS, 0, 2 * DAY_MS + 2 * MINUTE_MS, 3 * DAY_MS, 900 * DAY_MS)
"""Where the bars of the changed feed may lie: years back, among those of before, far ahead."""


@pytest.mark.slow
@pytest.mark.parametrize("name", CHANGES)
def test_no_change_of_a_feed_deletes_or_changes_a_stored_bar(feed: Feed, name: str) -> None:
    before = stored()
    assert len(before) == 18
    CHANGES[name](feed)
    assert stored().items() >= before.items()
    for later_ms in LATER_MS:
        known = stored()
        close(FIRST_MS + later_ms)
        minutes = {key: value for key, value in known.items() if key[0] == "1m"}
        assert stored().items() >= minutes.items()
        assert stored().keys() >= known.keys()
    for key, value in before.items():
        assert stored()[key] == value or (key[0] == "1d" and stored()[key][-1] > value[-1])


@pytest.mark.slow
def test_all_changes_one_after_the_other_delete_nothing(feed: Feed) -> None:
    before = stored()
    for change in CHANGES.values():
        feed.refresh_from_db()
        change(feed)
        assert stored().items() >= before.items()
        back = save(kind=FeedKind.SIMULATED, recording=None)
        feed.refresh_from_db()
        back(feed)
        assert stored().items() >= before.items()


@pytest.mark.parametrize("delete", ["instrument", "feed"])
def test_the_audit_keeps_how_many_bars_went_with_a_deletion(feed: Feed, delete: str) -> None:
    """Its page says the number before; `tests/feeds/admin/test_deletions.py` asks that."""
    if delete == "feed":
        feeds.delete_feed(feed, actor=None)
    else:
        instruments.delete_instrument(Instrument.objects.get(), actor=None)
    assert AuditEntry.objects.get(action="delete").before["bars"] == 18
    assert not StoredBar.objects.exists()


# --- retention ---


@pytest.fixture
def listed() -> list[Instrument]:
    feed = Feed.objects.create(slug="demo", name="Demo")
    return [
        Instrument.objects.create(
            feed=feed, symbol=symbol, name=symbol, sector="Lab", reference_price=1
        )
        for symbol in ("NVX", "ORB")
    ]


def stored_rows(row: Instrument, interval: str, *starts_ms: int) -> None:
    values = dict.fromkeys(("open", "high", "low", "close", "volume", "trades"), 1)
    rows = [
        StoredBar(instrument=row, interval=interval, start_ms=at, recorded_ms=0, **values)
        for at in starts_ms
    ]
    StoredBar.objects.bulk_create(rows)


@pytest.mark.parametrize(
    ("first", "second", "gone"),
    [
        (8, 2, [3, 3, 4]),
        (4, 1, [3, 2]),
        (5, 1, [3, 3]),
        (2, 1, [3]),
        (3, 0, [3]),
        (1, 1, [2]),
        (0, 0, []),
    ],
)
def test_old_bars_go_in_short_transactions(
    listed, monkeypatch: pytest.MonkeyPatch, first: int, second: int, gone: list[int]
) -> None:
    monkeypatch.setattr(bars, "BATCH_BARS", 3)
    for row, count in zip(listed, (first, second), strict=True):
        stored_rows(row, "1m", *(at * MINUTE_MS for at in range(count)))
    assert list(prune_bars(days=0)) == gone
    assert not StoredBar.objects.exists()


def test_bars_of_days_are_kept_for_ten_years_of_the_newest(listed) -> None:
    stored_rows(listed[0], "1d", 0, DAY_MS, 3_653 * DAY_MS)
    stored_rows(listed[1], "1d", 0)
    assert (count_old_bars(days=1), list(prune_bars(days=1))) == (1, [1])
    left = StoredBar.objects.order_by("pk").values_list("instrument__symbol", "start_ms")
    assert list(left) == [("NVX", DAY_MS), ("NVX", 3_653 * DAY_MS), ("ORB", 0)]


def test_only_the_bars_of_the_instruments_count_and_go(listed) -> None:
    nvx, orb = listed
    stored_rows(nvx, "1m", 0, MINUTE_MS)
    stored_rows(orb, "1m", 0)
    assert [bars.count_bars(rows) for rows in ([], [nvx], [orb], [nvx, orb])] == [0, 2, 1, 3]
    assert bars.bars_by_instrument([nvx]) == {nvx.pk: 2}
    assert bars.delete_bars([nvx]) == 2
    assert bars.bars_by_instrument([nvx, orb]) == {orb.pk: 1}
