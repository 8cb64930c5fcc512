"""A plan says what can be carried out, and refuses what cannot."""

from decimal import Decimal

import pytest

from feeds.exceptions import InvalidPlan
from feeds.market.events import FeedState
from feeds.market.instruments import Definition
from feeds.plan.plans import FeedKind, FeedPlan, Playback, recording_of, source_of

NVX = Definition(
    symbol="NVX", name="Novexa", sector="Lab", tick_size=Decimal("0.01"), reference_ticks=100,
    volatility=0.02, activity=1.0,
)  # fmt: skip
TAPE = Playback(path="a.parquet")


def plan(**values: object) -> FeedPlan:
    usual = {"feed": "demo", "name": "Demo", "state": FeedState.RUNNING, "rate": 1.0, "seed": 1}
    return FeedPlan(**(usual | {"definitions": (NVX,)} | values))


@pytest.mark.parametrize(
    "values",
    [
        {"rate": 0.001},
        {"rate": 50_000.0},
        {"halts": {"NVX": "news"}},
        {"kind": FeedKind.REPLAY, "playback": TAPE},
        {"definitions": ()},
    ],
)
def test_what_a_market_can_do_is_taken(values: dict[str, object]) -> None:
    assert plan(**values)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"rate": 0.0}, "rate was 0.0, expected above 0 to 50000"),
        ({"rate": 50_000.5}, "rate was 50000.5, expected above 0 to 50000"),
        ({"rate": float("nan")}, "rate was nan, expected above 0 to 50000"),
        ({"kind": FeedKind.REPLAY}, "feed demo is replay: only a replay has a recording"),
        ({"playback": TAPE}, "feed demo is simulated: only a replay has a recording"),
        ({"definitions": (NVX, NVX)}, "feed demo lists a symbol twice"),
        ({"halts": {"NVX": "a", "ZZ": "b", "AA": "b"}},
         r"feed demo halts unknown symbols \['AA', 'ZZ'\]"),
    ],
)  # fmt: skip
def test_what_no_market_can_do_is_refused(values: dict[str, object], reason: str) -> None:
    with pytest.raises(InvalidPlan, match=f"^{reason}$"):
        plan(**values)


@pytest.mark.parametrize("values", [{"speed": 0.1}, {"speed": 60.0}, {"start_s": 0.0}])
def test_the_ends_of_a_playback_are_within(values: dict[str, float]) -> None:
    assert Playback(path="a.parquet", **values)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"speed": 0.09}, "speed was 0.09, expected 0.1 to 60"),
        ({"speed": 60.1}, "speed was 60.1, expected 0.1 to 60"),
        ({"speed": float("nan")}, "speed was nan, expected 0.1 to 60"),
        ({"start_s": -0.1}, "start was -0.1 s, expected 0 or more"),
        ({"start_s": float("nan")}, "start was nan s, expected 0 or more"),
    ],
)
def test_a_playback_out_of_range_is_refused(values: dict[str, float], reason: str) -> None:
    with pytest.raises(InvalidPlan, match=f"^{reason}$"):
        Playback(path="a.parquet", **values)


def test_another_speed_is_no_other_source_and_another_start_is() -> None:
    assert recording_of(None) is None
    assert recording_of(TAPE) == ("a.parquet", "", 0.0)
    played = plan(kind=FeedKind.REPLAY, playback=TAPE)
    assert source_of(played) == (FeedKind.REPLAY, ("a.parquet", "", 0.0))
    assert source_of(plan()) == (FeedKind.SIMULATED, None)
    for name, value, is_other in [
        ("speed", 2.0, False), ("loops", True, False), ("start_s", 1.0, True),
        ("prefix", "R", True), ("path", "b.parquet", True),
    ]:  # fmt: skip
        values = {"path": "a.parquet", name: value}
        other = plan(kind=FeedKind.REPLAY, playback=Playback(**values))
        assert (source_of(other) != source_of(played)) is is_other, name
