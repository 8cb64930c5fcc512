"""What a feed that plays a recording must say, and how it is played."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from feeds.models import Feed, Recording
from feeds.plan.plans import Playback

BEGIN = datetime(2026, 3, 6, 20, 0, tzinfo=UTC)
MINUTE = Recording(
    name="Monday", path="a.parquet", first_at=BEGIN, last_at=BEGIN + timedelta(seconds=60)
)


def faults_of(feed: Feed) -> dict[str, list[str]]:
    try:
        feed.clean()
    except ValidationError as error:
        return error.message_dict
    return {}


@pytest.mark.parametrize(
    ("values", "faults"),
    [
        ({"recording": MINUTE}, {}),
        ({"recording": MINUTE, "start_s": 59.999}, {}),
        ({"recording": MINUTE, "start_s": 60.0},
         {"start_s": ["The recording lasts 60 seconds."]}),
        ({"recording": MINUTE, "start_s": -0.5},
         {"start_s": ["The recording lasts 60 seconds."]}),
        ({"start_s": 5.0}, {"recording": ["A replay needs a recording."]}),
        # These count for replays only.
        ({"kind": "simulated", "recording": MINUTE, "start_s": 99.0}, {}),
        ({"kind": "upstream"}, {}),
    ],
)  # fmt: skip
def test_a_replay_has_a_recording_and_begins_within_it(values: dict, faults: dict) -> None:
    assert faults_of(Feed(**{"kind": "replay", **values})) == faults


def test_only_a_replay_is_played() -> None:
    values = {"recording": MINUTE, "speed": 2.0, "loops": True, "start_s": 5.0, "prefix": "R"}
    assert Feed(kind="replay", **values).playback() == Playback(
        path="a.parquet", speed=2.0, loops=True, start_s=5.0, prefix="R"
    )
    assert Feed(kind="simulated", **values).playback() is None
    assert Feed(kind="replay").playback() is None


def test_a_prefix_is_read_as_symbols_are() -> None:
    feed = Feed(slug="demo", name="Demo", prefix=" r2 ")
    feed.clean_fields()
    assert feed.prefix == "R2"
    feed.prefix = "2R"
    with pytest.raises(ValidationError) as refused:
        feed.clean_fields()
    assert refused.value.message_dict == {"prefix": ["Capital letters and digits only."]}
