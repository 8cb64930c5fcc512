"""Stored bars are counted and deleted: of some instruments, or those that are too old."""

import pytest

from feeds.market.bars import DAY_MS, MINUTE_MS
from feeds.models import Feed, Instrument, StoredBar
from feeds.services import bars
from feeds.services.bars import count_old_bars, prune_bars

pytestmark = pytest.mark.django_db


@pytest.fixture
def instruments() -> list[Instrument]:
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
    instruments, monkeypatch: pytest.MonkeyPatch, first: int, second: int, gone: list[int]
) -> None:
    monkeypatch.setattr(bars, "BATCH_BARS", 3)
    for row, count in zip(instruments, (first, second), strict=True):
        stored_rows(row, "1m", *(at * MINUTE_MS for at in range(count)))
    assert list(prune_bars(days=0)) == gone
    assert not StoredBar.objects.exists()


def test_bars_of_days_are_kept_for_ten_years_of_the_newest(instruments) -> None:
    stored_rows(instruments[0], "1d", 0, DAY_MS, 3_653 * DAY_MS)
    stored_rows(instruments[1], "1d", 0)
    assert (count_old_bars(days=1), list(prune_bars(days=1))) == (1, [1])
    left = StoredBar.objects.order_by("pk").values_list("instrument__symbol", "start_ms")
    assert list(left) == [("NVX", DAY_MS), ("NVX", 3_653 * DAY_MS), ("ORB", 0)]


def test_only_the_bars_of_the_instruments_count_and_go(instruments) -> None:
    nvx, orb = instruments
    stored_rows(nvx, "1m", 0, MINUTE_MS)
    stored_rows(orb, "1m", 0)
    assert [bars.count_bars(rows) for rows in ([], [nvx], [orb], [nvx, orb])] == [0, 2, 1, 3]
    assert bars.bars_by_instrument([nvx]) == {nvx.pk: 2}
    assert bars.delete_bars([nvx]) == 2
    assert bars.bars_by_instrument([nvx, orb]) == {orb.pk: 1}
