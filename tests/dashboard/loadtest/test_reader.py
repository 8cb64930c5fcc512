"""The reader of programs: how frames become a board, and what is missed.

A snapshot may end half-way, and the next one begins anew.
"""

from typing import Any

import pytest

from dashboard.loadtest.reader import Gap, Reader


def snapshot(channel: str, data: Any, position: str, *, more: bool = False) -> dict[str, Any]:
    epoch, _, sequence = position.partition(":")
    head = {"channel": channel, "type": "snapshot", "epoch": epoch, "seq": int(sequence), "ts": 1}
    return head | {"data": data} | ({"more": True} if more else {})


def delta(channel: str, data: Any, since: int, until: int, ts: int = 1) -> dict[str, Any]:
    return {"channel": channel, "from": since, "seq": until, "ts": ts, "data": data}


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
    reader.apply(delta("bars", [bar(60)], 7, 8))
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


def test_rows_of_a_snapshot_in_several_frames_replace_an_earlier_epoch_together() -> None:
    reader = Reader()
    reader.apply(snapshot("ticker", {"ORB": {"p": 1}}, "e:5"))
    reader.apply(snapshot("ticker", {"QAL": {"p": 2}}, "f:7", more=True))
    reader.apply(snapshot("ticker", {"NVX": {"p": 3}}, "f:7"))
    assert reader.rows == {"QAL": {"p": 2}, "NVX": {"p": 3}}


@pytest.mark.parametrize(("epoch", "rows"), [("e", {"NVX", "ORB"}), ("f", {"ORB"})])
def test_rows_stay_until_a_snapshot_of_another_epoch(epoch: str, rows: set[str]) -> None:
    reader = Reader()
    reader.apply(snapshot("ticker", {"NVX": {"p": 1}}, "e:5"))
    reader.apply(snapshot("ticker", {"ORB": {"p": 2}}, f"{epoch}:7"))
    assert set(reader.rows) == rows


EMPTY: dict[str, Any] = {"ticker": {}, "trades": [], "bars": [], "depth": {}, "status": []}


@pytest.mark.parametrize(("channel", "data"), EMPTY.items())
def test_a_frame_follows_the_last_one_of_its_channel(channel: str, data: Any) -> None:
    reader = Reader()
    with pytest.raises(Gap):
        reader.apply(delta(channel, data, 7, 9))
    reader.apply(snapshot(channel, data, "e:7"))
    reader.apply(delta(channel, data, 7, 9))
    assert reader.since(channel) == "e:9"
    for since in (7, 8, 10):
        with pytest.raises(Gap):
            reader.apply(delta(channel, data, since, 12))
    assert reader.since(channel) == "e:9"


@pytest.mark.parametrize(("channel", "data"), EMPTY.items())
def test_a_position_stands_when_the_last_frame_of_a_snapshot_came(channel: str, data: Any) -> None:
    reader = Reader()
    reader.apply(snapshot(channel, data, "e:7", more=True))
    assert reader.since(channel) is None
    reader.apply(snapshot(channel, data, "e:7"))
    assert reader.since(channel) == "e:7"


def test_a_heartbeat_raises_every_position_and_lowers_none() -> None:
    reader = Reader()
    reader.apply(snapshot("ticker", {}, "e:7"))
    reader.apply(snapshot("depth", {}, "e:12"))
    reader.apply({"channel": "heartbeat", "seq": 9, "stale": 5})
    assert (reader.since("ticker"), reader.since("depth"), reader.stale_ms) == ("e:9", "e:12", 5)
    reader.apply({"channel": "heartbeat", "seq": 9})
    assert reader.stale_ms is None


def test_a_channel_that_was_forgotten_begins_anew() -> None:
    reader = Reader()
    reader.apply(snapshot("ticker", {}, "e:7"))
    reader.apply(snapshot("status", [{"s": "NVX"}], "e:7", more=True))
    for channel in ("ticker", "status", "depth"):
        reader.forget(channel)
    assert reader.since("ticker") is None
    reader.apply(snapshot("status", [{"s": "ORB"}], "e:7"))
    assert set(reader.instruments) == {"ORB"}


def test_an_entry_of_the_ticker_is_merged_and_its_ticks_are_counted() -> None:
    reader = Reader()
    reader.apply(snapshot("ticker", {"NVX": {"p": 1, "v": 2, "ms": None, "n": 40}}, "e:7"))
    assert reader.rows == {"NVX": {"p": 1, "v": 2, "t": None}}
    assert reader.ticks == {"NVX": 0}
    reader.apply(delta("ticker", {"NVX": {"p": 3, "ms": 20, "n": 5}}, 7, 8, ts=1000))
    reader.apply(delta("ticker", {"NVX": {"v": 4}, "ORB": {"p": 9}}, 8, 9))
    assert reader.rows == {"NVX": {"p": 3, "v": 4, "t": 980}, "ORB": {"p": 9}}
    assert reader.ticks == {"NVX": 6, "ORB": 1}
    reader.apply(delta("ticker", {"NVX": {"gone": True}, "QAL": {"gone": True}}, 9, 10))
    assert reader.rows == {"ORB": {"p": 9}}


def test_the_newest_thousand_trades_are_kept_with_their_times_and_gaps() -> None:
    reader = Reader()
    trades = [{"id": number, "ms": 2} for number in range(1000)]
    reader.apply(snapshot("trades", trades[:1], "e:7"))
    reader.apply(delta("trades", trades[1:2], 7, 8, ts=50))
    assert list(reader.trades) == [{"id": 0, "t": -1}, {"id": 1, "t": 48}]
    reader.apply(snapshot("trades", trades[2:3], "e:9") | {"gap": True})
    assert list(reader.trades)[2:] == [None, {"id": 2, "t": -1}]
    reader.apply(delta("trades", trades[3:], 9, 10))
    assert len(reader.trades) == 1000
    assert [entry and entry["id"] for entry in reader.trades][:4] == [1, None, 2, 3]


def test_the_newest_thousand_bars_of_a_kind_are_kept() -> None:
    reader = Reader()
    reader.apply(snapshot("bars", [bar(start) for start in range(1000)], "e:7"))
    assert len(reader.bars["NVX", "1m"]) == 1000
    reader.apply(delta("bars", [bar(1000), bar(5) | {"s": "ORB"}], 7, 8))
    assert list(reader.bars["NVX", "1m"]) == list(range(1, 1001))
    assert list(reader.bars["ORB", "1m"]) == [5]


def test_states_of_feeds_and_instruments_are_kept_apart_until_they_are_gone() -> None:
    reader = Reader()
    reader.apply(snapshot("status", [{"feed": "demo"}, {"s": "NVX", "feed": "demo"}], "e:7"))
    reader.apply(delta("status", [{"feed": "real"}, {"s": "ORB", "feed": "real"}], 7, 8))
    assert (set(reader.feeds), set(reader.instruments)) == ({"demo", "real"}, {"NVX", "ORB"})
    gone = [{"feed": "demo", "gone": True}, {"s": "NVX", "gone": True}, {"s": "X", "gone": True}]
    reader.apply(delta("status", gone, 8, 9))
    assert (set(reader.feeds), set(reader.instruments)) == ({"real"}, {"ORB"})
    reader.apply(snapshot("status", [{"feed": "demo"}], "e:9"))
    assert (set(reader.feeds), reader.instruments) == ({"demo"}, {})


def test_books_lists_and_notifications_are_taken_and_other_frames_change_nothing() -> None:
    reader = Reader()
    assert reader.unread == 0
    reader.apply(snapshot("depth", {"NVX": {"b": [1]}, "ORB": {"b": [2]}}, "e:7"))
    reader.apply(delta("depth", {"NVX": {"b": [3]}}, 7, 8))
    assert reader.books == {"NVX": {"b": [3]}, "ORB": {"b": [2]}}
    for identifier, unread in ((4, 1), (5, 2)):
        frame = {"channel": "notifications", "data": [{"id": identifier}], "unread": unread}
        reader.apply(frame)
    assert (reader.notices, reader.unread) == ({4: {"id": 4}, 5: {"id": 5}}, 2)
    reader.apply({"channel": "watchlist", "data": ["NVX"]})
    reader.apply({"channel": "weather", "data": [1]})
    assert reader.watchlist == ["NVX"]
    assert set(reader.positions) == {"depth"}
