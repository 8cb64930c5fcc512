"""What a page that the server renders says of an exchange's day."""

from datetime import UTC, datetime

import pytest

from dashboard.pages.market_display import day_text
from feeds.clock import ms_of
from feeds.market.events import FeedState, FeedStatus, Phase

NOW_MS = 1_790_000_000_000
OPENED_MS = ms_of(datetime(2026, 11, 30, 14, 30, tzinfo=UTC))
MINUTE_MS = 60_000


def status(**changes: object) -> FeedStatus:
    facts = {
        "feed": "demo", "name": "Demo", "state": FeedState.RUNNING, "rate": 1.0, "reason": "",
        "ts_event": NOW_MS, "exchange": "NYSE", "zone": "America/New_York", "day": 2,
        "phase": Phase.OPEN, "exchange_ms": OPENED_MS, "scale": 1.0,
    }  # fmt: skip
    return FeedStatus(**facts | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "passed_ms", "text"),
    [
        ({}, 0, "NYSE · 30 Nov · 09:30 · Open"),
        ({}, 5 * MINUTE_MS, "NYSE · 30 Nov · 09:35 · Open"),
        ({}, -5 * MINUTE_MS, "NYSE · 30 Nov · 09:30 · Open"),
        ({"scale": 13.65}, MINUTE_MS, "NYSE day 3 · 09:43 · Open · 13.7×"),
        ({"scale": 13.65, "day": 1999}, 0, "NYSE day 2,000 · 09:30 · Open · 13.7×"),
        ({"zone": "Asia/Tokyo"}, 0, "NYSE · 30 Nov · 23:30 · Open"),
        ({"phase": Phase.HALTED}, 0, "NYSE · 30 Nov · 09:30 · Halted"),
        ({"state": FeedState.PAUSED}, 0, "NYSE · Paused"),
        ({"exchange": ""}, 0, ""),
    ],
)
def test_the_day_has_a_number_and_a_speed_where_it_is_compressed_and_else_a_date(
    changes: dict[str, object], passed_ms: int, text: str
) -> None:
    assert day_text(status(**changes), NOW_MS + passed_ms) == text
