"""What a load test counts: frames, ticks and ages while it measures, and gaps always."""

from typing import Any

import msgspec
import pytest

from dashboard.loadtest.plan import Plan, Tally, percentiles


def text(**frame: Any) -> bytes:
    return msgspec.json.encode(frame)


def snapshot(seq: int, epoch: str = "e") -> bytes:
    return text(channel="ticker", type="snapshot", epoch=epoch, seq=seq, ts=1, data={})


def update(since: int, seq: int, data: dict[str, Any], ts: int = 1_000) -> bytes:
    return text(channel="ticker", **{"from": since}, seq=seq, ts=ts, data=data)


@pytest.fixture
def tally() -> Tally:
    """A reader that measures, and stands at 7."""
    tally = Tally()
    tally.take(snapshot(7), 0)
    tally.is_measuring = True
    return tally


def test_a_reader_without_a_snapshot_has_no_position() -> None:
    tally = Tally()
    assert tally.position is None
    tally.take(snapshot(7), 0)
    assert tally.position == "e:7"


def test_an_update_counts_its_ticks_and_how_many_were_merged(tally: Tally) -> None:
    tally.take(update(7, 12, {"NVX": {"ms": 3, "n": 4}, "ORB": {"ms": 0}, "QAL": {"n": 0}}), 1_010)
    assert (tally.frames, tally.updates, tally.ticks, tally.merged) == (1, 3, 5, 3)
    assert dict(tally.ages_ms) == {13: 1, 10: 1}
    assert tally.position == "e:12"
    assert tally.gaps == 0


def test_an_update_that_does_not_follow_is_a_gap(tally: Tally) -> None:
    tally.take(update(8, 9, {}), 1_000)
    tally.take(update(9, 10, {}), 1_000)
    tally.take(update(7, 11, {}), 1_000)
    assert tally.gaps == 2


def test_nothing_but_the_position_and_gaps_is_counted_while_it_warms_up() -> None:
    tally = Tally()
    tally.take(snapshot(7), 0)
    tally.take(update(7, 8, {"NVX": {"ms": 0}}), 1_000)
    tally.take(update(9, 10, {"NVX": {"ms": 0}}), 1_000)
    tally.count(bytes_in=5, bytes_out=6, requests=1)
    assert (tally.frames, tally.updates, tally.ticks, tally.snapshots) == (0, 0, 0, 0)
    assert (tally.bytes_in, tally.bytes_out, tally.requests, dict(tally.ages_ms)) == (0, 0, 0, {})
    assert (tally.sequence, tally.gaps) == (10, 1)


def test_a_snapshot_while_it_measures_is_counted(tally: Tally) -> None:
    tally.take(snapshot(20, "f"), 0)
    assert (tally.snapshots, tally.position) == (1, "f:20")


def test_a_heartbeat_moves_on_and_never_back(tally: Tally) -> None:
    tally.take(text(channel="heartbeat", seq=9, ts=1, stale=None), 0)
    tally.take(text(channel="heartbeat", seq=8, ts=1, stale=None), 0)
    assert tally.sequence == 9


def test_the_status_is_folded_and_words_of_the_connection_are_not(tally: Tally) -> None:
    tally.take(text(channel="status", type="welcome", version=1, server_time=1, epoch="e"), 0)
    entry = {"s": "NVX", "name": "Novexa", "sector": "", "feed": "demo", "d": 2, "tick": 0.01}
    more = {"ph": "OPEN", "reason": "", "t": 1}
    tally.take(
        text(channel="status", type="snapshot", epoch="e", seq=3, ts=1, data=[entry | more]), 0
    )
    assert tally.reader.positions["status"].sequence == 3
    assert tally.sequence == 7


def test_traffic_adds_up_while_it_measures(tally: Tally) -> None:
    tally.count(bytes_in=5)
    tally.count(bytes_in=2, bytes_out=3)
    tally.count(requests=1)
    assert (tally.bytes_in, tally.bytes_out, tally.requests) == (7, 3, 1)


def test_percentiles_are_of_all_readers_together() -> None:
    few, many = Tally(), Tally()
    few.ages_ms.update({900: 1})
    many.ages_ms.update(dict.fromkeys(range(1, 100), 1))
    assert percentiles([few, many]) == {"p50": 50.0, "p95": 95.0, "p99": 99.0, "max": 900.0}


def test_without_ages_there_are_no_percentiles() -> None:
    assert percentiles([Tally()]) == {}


@pytest.mark.parametrize("url", ["http://h:8000/", "https://h:8000"])
def test_the_host_is_what_stands_between_scheme_and_path(url: str) -> None:
    plan = Plan(url=url, user="u", token="t", clients=1, symbols=1, seconds=1, warmup_s=1)
    assert plan.host == "h:8000"
    assert (plan.interval_s, plan.max_rate, plan.server_pid) == (1.0, 10.0, None)
