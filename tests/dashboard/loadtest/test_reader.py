"""The reader of programs: a snapshot may end half-way, and the next one begins anew."""

from typing import Any

import pytest

from dashboard.loadtest.reader import Reader


def snapshot(channel: str, data: Any, position: str, *, more: bool = False) -> dict[str, Any]:
    epoch, _, sequence = position.partition(":")
    head = {"channel": channel, "type": "snapshot", "epoch": epoch, "seq": int(sequence), "ts": 1}
    return head | {"data": data} | ({"more": True} if more else {})


def bar(start: int) -> dict[str, Any]:
    return {"s": "NVX", "iv": "1m", "t": start, "o": 1, "h": 1, "l": 1, "c": 1, "v": 1, "n": 1}


def test_statuses_of_a_snapshot_that_ended_half_way_are_dropped() -> None:
    reader = Reader()
    reader.apply(snapshot("status", [{"s": "NVX"}, {"s": "GONE"}], "e:7", more=True))
    reader.apply(snapshot("status", [{"s": "NVX"}], "e:8", more=True))
    reader.apply(snapshot("status", [{"s": "ORB"}], "e:8"))
    assert set(reader.instruments) == {"NVX", "ORB"}
    assert reader.since("status") == "e:8"


def test_bars_of_a_snapshot_that_ended_half_way_are_replaced() -> None:
    reader = Reader()
    reader.apply(snapshot("bars", [bar(50)], "e:5"))
    reader.apply(snapshot("bars", [bar(60), bar(70)], "f:7", more=True))
    reader.apply(snapshot("bars", [bar(60)], "g:9"))
    assert list(reader.bars["NVX", "1m"]) == [50, 60]


def test_bars_after_the_one_that_came_are_no_more() -> None:
    """They were seen with other rights, or in a market that has begun again earlier."""
    reader = Reader()
    reader.apply(snapshot("bars", [bar(50), bar(60), bar(70)], "e:5"))
    reader.apply(snapshot("bars", [{"s": "NVX", "iv": "1m", "none": True}], "f:7"))
    assert list(reader.bars["NVX", "1m"]) == [50, 60, 70]
    reader.apply({"channel": "bars", "from": 7, "seq": 8, "ts": 1, "data": [bar(60)]})
    assert list(reader.bars["NVX", "1m"]) == [50, 60]


def test_bars_that_arrived_in_part_are_no_place_to_resume_from() -> None:
    reader = Reader()
    reader.apply(snapshot("bars", [bar(50)], "e:5"))
    assert reader.since("bars") == "e:5"
    reader.apply(snapshot("bars", [bar(60)], "e:7", more=True))
    assert reader.since("bars") is None
    reader.apply(snapshot("bars", [bar(70)], "e:7"))
    assert reader.since("bars") == "e:7"
    assert list(reader.bars["NVX", "1m"]) == [50, 60, 70]


def test_rows_of_an_earlier_epoch_go_though_a_snapshot_ended_half_way() -> None:
    reader = Reader()
    reader.apply(snapshot("ticker", {"NVX": {"p": 1}, "ORB": {"p": 1}}, "e:5"))
    reader.apply(snapshot("ticker", {"QAL": {"p": 2}}, "f:7", more=True))
    reader.apply(snapshot("ticker", {"NVX": {"p": 3}}, "g:9"))
    assert reader.rows == {"NVX": {"p": 3}}


@pytest.mark.parametrize(("epoch", "rows"), [("e", {"NVX", "ORB"}), ("f", {"ORB"})])
def test_rows_stay_until_a_snapshot_of_another_epoch(epoch: str, rows: set[str]) -> None:
    reader = Reader()
    reader.apply(snapshot("ticker", {"NVX": {"p": 1}}, "e:5"))
    reader.apply(snapshot("ticker", {"ORB": {"p": 2}}, f"{epoch}:7"))
    assert set(reader.rows) == rows
