"""State + stream = state, for any script, any cut, any kind of event and any reader."""

import json
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from dashboard.delivery.outboxes.market import StatusOutbox, TickerOutbox
from dashboard.delivery.outboxes.personal import PersonalOutbox
from dashboard.delivery.outboxes.place import Place
from dashboard.delivery.replica import SHARED_ANSWERS, Replica
from dashboard.loadtest.reader import Reader
from dashboard.wire.personal import NamedList, Notice, Personal, version_of
from feeds.market.board import Board
from feeds.market.events import Batch, Delisting, Event, Position, Quote, Trade
from tests.support.market_script import NOW, SYMBOLS, batches, listing, scripts

EPOCH = "e1"
cuts = st.lists(st.integers(0, 70), max_size=12)


def replica_of(events: list[Event], *, epoch: str = EPOCH, capacity: int = 1000) -> Replica:
    replica = Replica(epoch, Board(), capacity=capacity, ts=NOW)
    for batch in batches(epoch, events, []):
        replica.receive(batch, ts=NOW)
    return replica


def read(reader: Reader, frames: list[str]) -> None:
    for frame in frames:
        reader.apply(json.loads(frame))


def fresh(replica: Replica, symbols: tuple[str, ...] = SYMBOLS) -> Reader:
    """Return a reader that just subscribed: the truth to compare with."""
    reader = Reader()
    known = [symbol for symbol in symbols if replica.board.is_known(symbol)]
    status = StatusOutbox()
    status.open(replica, None)
    read(reader, status.take(replica) + TickerOutbox().add(replica, known))
    return reader


def ticks_of(events: list[Event]) -> Counter[str]:
    return Counter(event.symbol for event in events if isinstance(event, Quote | Trade))


@given(scripts, cuts, st.integers(3, 70), st.lists(st.booleans(), min_size=80, max_size=80))
def test_snapshot_and_updates_equal_a_later_snapshot(events, cuts, start, taking) -> None:
    """A reader that takes now and then ends where a reader that just came stands."""
    start = min(start, len(events))
    replica = replica_of(events[:start])
    ticker, status, reader = TickerOutbox(), StatusOutbox(), Reader()
    status.open(replica, None)
    read(reader, status.take(replica) + ticker.add(replica, SYMBOLS[:3]))
    rest = batches(EPOCH, events, [*cuts, start])
    rest = [batch for batch in rest if batch.first > start]
    for batch, takes in zip(rest, taking, strict=False):
        replica.receive(batch, ts=NOW)
        if takes:
            read(reader, status.take(replica) + ticker.take(replica))
    read(reader, status.take(replica) + ticker.take(replica))
    truth = fresh(replica, SYMBOLS[:3])
    assert reader.rows == truth.rows
    assert (reader.feeds, reader.instruments) == (truth.feeds, truth.instruments)
    offered = ticks_of(events[start:])
    assert {s: reader.ticks.get(s, 0) for s in SYMBOLS[:3]} == {s: offered[s] for s in SYMBOLS[:3]}


@given(scripts, st.integers(3, 70), cuts)
def test_a_resume_from_any_position_equals_a_snapshot(events, start, cuts) -> None:
    """What a reader knew at n, and the answer to "since n", make the present board."""
    start = min(start, len(events))
    early = replica_of(events[:start])
    reader = fresh(early, SYMBOLS[:3])
    late = Replica(EPOCH, Board(), capacity=1000, ts=NOW)
    for batch in batches(EPOCH, events, cuts):
        late.receive(batch, ts=NOW)
    ticker, status = TickerOutbox(), StatusOutbox()
    assert ticker.resume(late, SYMBOLS[:3], Position(EPOCH, start))
    assert status.open(late, Position(EPOCH, start))
    read(reader, status.take(late) + ticker.take(late))
    truth = fresh(late, SYMBOLS[:3])
    assert (reader.rows, reader.instruments) == (truth.rows, truth.instruments)
    assert all(reader.ticks.get(s, 0) == ticks_of(events[start:])[s] for s in SYMBOLS[:3])


@given(scripts, st.integers(0, 70))
def test_readers_at_one_position_get_the_same_text(events, start) -> None:
    """Sharing encoded entries never changes them."""
    start = max(3, min(start, len(events)))
    replica = replica_of(events[:start])
    first, second = TickerOutbox(), TickerOutbox()
    for outbox in (first, second):
        outbox.add(replica, SYMBOLS[:3])
    for batch in batches(EPOCH, events, [start]):
        if batch.first > start:
            replica.receive(batch, ts=NOW)
    assert first.take(replica) == second.take(replica)


def quote(symbol: str, bid: int) -> Quote:
    return Quote(symbol, bid, bid + 1, 100, 100, NOW)


def test_a_reader_that_waits_for_ever_costs_nothing_and_loses_no_receipt() -> None:
    replica = replica_of([listing("NVX"), quote("NVX", 1)], capacity=8)
    ticker, reader = TickerOutbox(), Reader()
    read(reader, ticker.add(replica, ["NVX"]))
    for start in range(3, 1003, 10):
        replica.receive(batches_at(start, [quote("NVX", start + i) for i in range(10)]), ts=NOW)
    assert ticker.behind(replica) == 1000
    read(reader, ticker.take(replica))
    assert ticker.behind(replica) == 0
    assert reader.ticks["NVX"] == 1000
    assert reader.rows["NVX"]["b"] == 10.02
    assert (ticker.updates, ticker.merged) == (1, 1000)


def test_the_ticks_of_a_reader_are_counted_on_by_another_replica_of_the_epoch() -> None:
    events = [listing("NVX"), quote("NVX", 10), quote("NVX", 11)]
    ticker, reader, first = TickerOutbox(), Reader(), replica_of(events)
    read(reader, ticker.add(first, ["NVX"]))
    later = replica_of([*events, quote("NVX", 12)])
    read(reader, ticker.take(later))
    assert (reader.ticks["NVX"], reader.rows["NVX"]["b"]) == (1, 0.12)


def test_a_reader_is_behind_only_in_an_open_channel_of_this_epoch() -> None:
    replica, ticker = replica_of([listing("NVX"), listing("ORB")]), TickerOutbox()
    assert (ticker.take(replica), ticker.behind(replica)) == ([], 0)
    ticker.add(replica, ["NVX"])
    replica.receive(batches_at(3, [quote("NVX", 1), quote("ORB", 1), quote("NVX", 2)]), ts=NOW)
    assert ticker.behind(replica) == 2
    ticker.place.stand_at(Position("e0", 2))
    assert ticker.behind(replica) == 0, "in another epoch nobody can count"


def test_a_replica_that_is_followed_lets_its_readers_go() -> None:
    replica, ticker = replica_of([listing("NVX"), quote("NVX", 10)]), TickerOutbox()
    ticker.add(replica, ["NVX"])
    assert ticker.counted_by is replica
    replica_of([listing("NVX")], epoch="e2").follow(replica)
    assert ticker.counted_by is None


def test_a_reader_of_status_hears_of_a_gap_only_where_its_position_is_lost() -> None:
    replica, gaps = replica_of([listing("NVX"), quote("NVX", 10)]), []
    for since in (None, Position(EPOCH, 2), Position("e0", 2), Position(EPOCH, 99_999)):
        status = StatusOutbox()
        status.open(replica, since)
        frames = status.take(replica) or status.take(replica_of([listing("NVX")], epoch="e2"))
        gaps.append([json.loads(frame).get("gap", False) for frame in frames])
    assert gaps == [[False], [False], [True], [True]]


def batches_at(first: int, events: list[Event]) -> Batch:
    return Batch(EPOCH, first, tuple(events))


def test_readers_at_every_position_do_not_fill_the_memory() -> None:
    events = [listing("NVX"), *(quote("NVX", n) for n in range(1, 2000)), listing("ORB")]
    replica = replica_of(events, capacity=5000)
    for start in range(1, 2000):
        outbox = TickerOutbox()
        assert outbox.resume(replica, ["NVX"], Position(EPOCH, start))
        (frame,) = outbox.take(replica)
        assert json.loads(frame)["data"]["NVX"].get("n", 1) == 2000 - start
    assert len(replica._changes) <= SHARED_ANSWERS
    assert len(replica._updates) <= SHARED_ANSWERS


def test_a_position_that_fell_off_the_tape_is_not_resumed() -> None:
    replica = replica_of([listing("NVX"), *(quote("NVX", n) for n in range(1, 100))], capacity=8)
    assert not TickerOutbox().resume(replica, ["NVX"], Position(EPOCH, 2))
    assert TickerOutbox().resume(replica, ["NVX"], Position(EPOCH, 99))


def test_positions_of_the_future_and_of_other_epochs_are_not_resumed() -> None:
    replica = replica_of([listing("NVX")])
    assert not TickerOutbox().resume(replica, ["NVX"], Position(EPOCH, 99_999))
    assert not TickerOutbox().resume(replica, ["NVX"], Position("other", 1))
    assert not StatusOutbox().open(replica, Position(EPOCH, 99_999))
    assert not StatusOutbox().open(replica, Position("other", 1))


def test_a_new_epoch_is_answered_with_a_snapshot() -> None:
    ticker, status, reader = TickerOutbox(), StatusOutbox(), Reader()
    old = replica_of([listing("NVX"), quote("NVX", 10)])
    status.open(old, None)
    read(reader, status.take(old) + ticker.add(old, ["NVX"]))
    new = replica_of([listing("NVX"), quote("NVX", 20)], epoch="e2")
    read(reader, status.take(new) + ticker.take(new))
    assert reader.rows == fresh(new, ("NVX",)).rows
    assert reader.positions["ticker"] == Position("e2", 2)


def test_added_symbols_leave_the_others_where_they_are() -> None:
    replica = replica_of([listing("NVX"), listing("ORB")])
    ticker, reader = TickerOutbox(), Reader()
    read(reader, ticker.add(replica, ["NVX"]))
    replica.receive(batches_at(3, [quote("NVX", 10), quote("ORB", 20)]), ts=NOW)
    read(reader, ticker.add(replica, ["ORB"]))
    replica.receive(batches_at(5, [quote("NVX", 11)]), ts=NOW)
    read(reader, ticker.take(replica))
    assert reader.rows == fresh(replica, ("NVX", "ORB")).rows
    assert reader.ticks == {"NVX": 2, "ORB": 0}


def test_everything_includes_what_is_listed_later() -> None:
    replica = replica_of([listing("NVX")])
    ticker, reader = TickerOutbox(), Reader()
    read(reader, ticker.add(replica, ["NVX"]))
    ticker.want_everything()
    replica.receive(batches_at(2, [listing("ORB"), quote("ORB", 20)]), ts=NOW)
    read(reader, ticker.take(replica))
    assert reader.rows == fresh(replica, ("NVX", "ORB")).rows


def test_everything_counts_what_left_and_came_back_before_it_was_wanted() -> None:
    events = [listing("NVX"), *(quote("NVX", n) for n in range(1, 51)), Delisting("NVX", NOW)]
    replica = replica_of(events)
    ticker, reader = TickerOutbox(), Reader()
    ticker.want_everything()
    read(reader, ticker.add(replica, replica.board.known()))
    replica.receive(batches_at(replica.sequence + 1, [listing("NVX"), quote("NVX", 9)]), ts=NOW)
    read(reader, ticker.take(replica))
    assert reader.ticks["NVX"] == 1


def test_everything_counts_from_nothing_in_a_new_epoch() -> None:
    ticker, reader = TickerOutbox(), Reader()
    old = replica_of([listing("NVX"), *(quote("NVX", n) for n in range(1, 51))])
    ticker.want_everything()
    read(reader, ticker.add(old, ["NVX"]))
    new = replica_of([listing("ORB")], epoch="e2")
    read(reader, ticker.take(new))
    assert "ORB" in reader.rows
    new.receive(Batch("e2", 2, (listing("NVX"), quote("NVX", 9))), ts=NOW)
    read(reader, ticker.take(new))
    assert reader.ticks["NVX"] == 1


def notice(id: int, *, read: bool = False) -> Notice:
    return Notice(id=id, title=f"n{id}", body="", level="info", t=NOW, read=read)


def personal(*notices: Notice, watchlist: tuple[str, ...] = ("NVX",)) -> Personal:
    unread = sum(not notice.read for notice in notices)
    return Personal(watchlist=watchlist, unread=unread, notices=notices)


def test_notices_are_sent_once_and_again_when_read() -> None:
    outbox, reader = PersonalOutbox(), Reader()
    outbox.open_notices(None)
    assert outbox.needs_rows
    outbox.offer(personal(notice(1)))
    assert not outbox.needs_rows
    read(reader, outbox.take())
    outbox.offer(personal(notice(1)))
    assert outbox.take() == []
    outbox.offer(personal(notice(2), notice(1, read=True)))
    frame = json.loads(outbox.take()[0])
    assert (frame.get("type"), frame["from"], frame["seq"]) == (None, 1, 2)
    assert [entry["id"] for entry in frame["data"]] == [2, 1]
    assert frame["unread"] == 1


def test_notices_resume_from_the_last_id_and_tell_what_was_read() -> None:
    outbox = PersonalOutbox()
    outbox.open_notices(2)
    outbox.offer(personal(notice(4), notice(3), notice(2), notice(1, read=True)))
    frame = json.loads(outbox.take()[0])
    assert (frame.get("type"), frame["from"], frame["seq"]) == (None, 2, 4)
    assert [entry["id"] for entry in frame["data"]] == [4, 3, 1]


def test_notices_that_are_not_in_the_snapshot_are_answered_with_another() -> None:
    outbox = PersonalOutbox()
    outbox.open_notices(2)
    outbox.offer(personal(notice(9), notice(8)))
    frame = json.loads(outbox.take()[0])
    assert (frame["type"], frame["gap"]) == ("snapshot", True)


def test_a_channel_that_was_closed_sends_nothing() -> None:
    outbox, rows = PersonalOutbox(), personal(notice(1))
    outbox.open_notices(None)
    outbox.open_watchlist()
    outbox.close_notices()
    outbox.offer(rows)
    assert [json.loads(frame)["channel"] for frame in outbox.take()] == ["watchlist"]
    assert outbox.is_open
    outbox.open_notices(None)
    outbox.close_watchlist()
    outbox.offer(personal(notice(1), watchlist=("ORB",)))
    assert [json.loads(frame)["channel"] for frame in outbox.take()] == ["notifications"]
    outbox.close_notices()
    outbox.offer(rows)
    assert (outbox.take(), outbox.is_open) == ([], False)


def test_the_watchlist_is_sent_when_it_differs_from_the_known_one() -> None:
    outbox = PersonalOutbox()
    outbox.open_watchlist(("NVX",))
    outbox.offer(personal())
    assert outbox.take() == []
    outbox.offer(personal(watchlist=("ORB", "NVX")))
    assert json.loads(outbox.take()[0])["data"] == ["ORB", "NVX"]


def test_who_has_no_notice_and_still_has_none_misses_nothing() -> None:
    outbox = PersonalOutbox()
    outbox.open_notices(0)
    outbox.offer(personal())
    (frame,) = map(json.loads, outbox.take())
    assert (frame.get("type"), frame["from"], frame["seq"]) == (None, 0, 0)
    assert (frame["data"], frame["unread"]) == ([], 0)


def test_more_notices_than_are_shown_are_a_snapshot() -> None:
    outbox = PersonalOutbox()
    outbox.open_notices(None)
    outbox.offer(personal(notice(1)))
    outbox.take()
    outbox.offer(personal(notice(9), notice(8)))
    frame = json.loads(outbox.take()[0])
    assert (frame["type"], frame["gap"]) == ("snapshot", True)


def test_the_first_notice_of_a_person_leaves_no_gap() -> None:
    outbox = PersonalOutbox()
    outbox.open_notices(None)
    outbox.offer(personal())
    outbox.take()
    outbox.offer(personal(notice(9)))
    assert "gap" not in json.loads(outbox.take()[0])


def test_the_watchlists_are_sent_when_their_version_is_another() -> None:
    lists = (NamedList(id=1, name="Mine", symbols=("NVX",)),)
    rows = Personal(watchlist=("NVX",), unread=0, notices=(), lists=lists)
    frames = []
    for version in (version_of(lists), version_of(())):
        outbox = PersonalOutbox()
        outbox.open_watchlist(("ORB",), version)
        assert outbox.take() == []
        outbox.offer(rows)
        frames.append([json.loads(frame)["channel"] for frame in outbox.take()])
        assert outbox.take() == []
    assert frames == [[], ["watchlist"]]


def test_a_heartbeat_of_another_epoch_raises_no_place() -> None:
    replica, place = replica_of([listing("NVX")]), Place()
    place.stand_at(Position("e0", 5))
    place.raise_to(replica, 9)
    assert (place.epoch, place.sequence, place.looked) == ("e0", 5, 5)
    place.stand_at(Position(EPOCH, 5))
    place.raise_to(replica, 3)
    assert (place.sequence, place.looked) == (5, 5)
    place.raise_to(replica, 9)
    assert (place.sequence, place.looked) == (9, 9)
