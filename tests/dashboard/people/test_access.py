"""A reader without access hears nothing of a feed; one with a delay hears of it only late."""

import json
import time
from base64 import b64encode
from collections.abc import Iterator

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group, User
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dashboard.delivery.replica import Replica
from dashboard.delivery.subscriber import Subscriber
from dashboard.exceptions import UnknownSymbol
from dashboard.pages.market_display import MarketDisplay
from dashboard.people.access import UNLIMITED, Access
from dashboard.people.admission import identify
from dashboard.people.identity import Identity, find_revoked
from dashboard.people.selectors import access_of
from dashboard.personal.selectors import default_instruments, personal_of
from dashboard.personal.watchlist_lines import add_to_watchlist
from dashboard.wire.positions import ReaderPosition
from dashboard.wire.registry import Channel, Close
from feeds.clock import Moment
from feeds.market.board import Board
from feeds.market.events import (
    Batch,
    Delisting,
    Event,
    FeedState,
    FeedStatus,
    Listing,
    Phase,
    Position,
    Quote,
    Side,
    Status,
    Trade,
)
from feeds.models import Entitlement, Feed
from tests.support.exchange import Exchange
from tests.support.market_script import NOW, definition
from tests.support.tokens import make_token

LAB = frozenset({"lab"})
NOBODY = Access(restricted=LAB)
LATE = Access(restricted=LAB, granted=frozenset({"lab~15"}))
REAL_TIME = Access(restricted=LAB, granted=LAB)
KEYS = {"NVX": "main", "SEC": "lab", "SEC~15": "lab~15"}
"""What is listed, by key, and on which feed."""
CHANNELS = [Channel.TICKER, Channel.TRADES, Channel.STATUS]


def listed(key: str) -> Listing:
    return Listing(KEYS[key], definition(key), NOW)


def feed_status(feed: str) -> FeedStatus:
    return FeedStatus(feed, f"The {feed}", FeedState.RUNNING, 10.0, "", NOW)


def market() -> Replica:
    replica = Replica("e1", Board(), capacity=1000, ts=NOW)
    happen(replica, feed_status("main"), feed_status("lab"), *map(listed, KEYS))
    return replica


def happen(replica: Replica, *events: Event) -> None:
    replica.receive(Batch("e1", replica.sequence + 1, events), ts=NOW)


def reader(access: Access, replica: Replica, *symbols: str) -> Subscriber:
    subscriber = Subscriber(heartbeat_ms=5000, now=Moment(NOW, 0.0), access=access)
    for channel in CHANNELS:
        ask(subscriber, replica, channel=channel, symbols=symbols or ["*"])
    return subscriber


def ask(subscriber: Subscriber, replica: Replica, **params: object) -> list[str]:
    command = json.dumps({"method": "subscribe", "params": params, "id": 1})
    return subscriber.receive(command, replica, Moment(NOW, 0.0))


def heard(subscriber: Subscriber, replica: Replica, at_s: float = 1.0) -> str:
    return "\n".join(subscriber.frames(replica, Moment(NOW, at_s)))


def answers(subscriber: Subscriber, replica: Replica, **params: object) -> str:
    return "\n".join(ask(subscriber, replica, **params))


SOON, TWINS = ({ticks / 100 for ticks in span} for span in (range(500, 1000), range(1, 500)))


def ticks_of(key: str) -> st.SearchStrategy[int]:
    return st.integers(1, 499) if "~" in key else st.integers(500, 999)


events = st.sampled_from(sorted(KEYS)).flatmap(
    lambda key: st.one_of(
        st.builds(lambda bid: Quote(key, bid, bid + 1, 100, 100, NOW), ticks_of(key)),
        st.builds(lambda price: Trade(key, price, 7, Side.BUY, NOW), ticks_of(key)),
        st.builds(lambda phase: Status(key, phase, "", NOW), st.sampled_from(list(Phase))),
        st.just(Delisting(key, NOW)),
        st.just(listed(key)),
    )
)


def possible(script: list[Event]) -> Iterator[Event]:
    """Leave out what cannot happen to a symbol that is not there."""
    here = set(KEYS)
    for event in script:
        key = event.definition.symbol if isinstance(event, Listing) else event.symbol  # type: ignore[union-attr]
        if isinstance(event, Listing):
            here.add(key)
        elif key not in here:
            continue
        elif isinstance(event, Delisting):
            here.discard(key)
        yield event


# --- the market ------------------------------------------------------------------------------


@pytest.mark.slow
@given(st.lists(events, max_size=30))
def test_a_reader_without_entitlement_hears_nothing_in_any_market(
    script: list[Event],
) -> None:
    replica = market()
    stranger = reader(NOBODY, replica)
    named = reader(NOBODY, replica, "NVX", "SEC", "SEC~15")
    for step, event in enumerate(possible(script)):
        happen(replica, event)
        said = heard(stranger, replica, float(step + 1)) + heard(named, replica, float(step + 1))
        assert "SEC" not in said
        assert "lab" not in said


@pytest.mark.slow
@given(st.lists(events, max_size=30))
def test_a_delayed_reader_hears_only_of_the_twin(script: list[Event]) -> None:
    """In this market a twin's prices are negligible and those of the instrument are not."""
    replica = market()
    late, soon = reader(LATE, replica), reader(REAL_TIME, replica, "SEC")
    for step, event in enumerate(possible(script)):
        happen(replica, event)
        assert not prices_of("SEC", heard(late, replica, step + 1.0)) & SOON
        assert not prices_of("SEC", heard(soon, replica, step + 1.0)) & TWINS


def prices_of(symbol: str, frames: str) -> set[float]:
    """Return every price of a symbol in these frames."""
    found: set[float] = set()
    for frame in map(json.loads, frames.splitlines()):
        data = frame.get("data", [])
        entries = [data.get(symbol, {})] if isinstance(data, dict) else data
        mine = [entry for entry in entries if entry.get("s", symbol) == symbol]
        found |= {entry[key] for entry in mine for key in ("p", "b", "o", "h", "l") if key in entry}
    return found


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_snapshot_shows_what_the_access_allows(channel: Channel) -> None:
    replica = market()
    for key, price in (("SEC", 999), ("SEC~15", 111)):
        happen(replica, Trade(key, price, 7, Side.BUY, NOW))
    said = {
        access: answers(reader(access, replica), replica, channel=channel, symbols=["SEC"])
        for access in (NOBODY, LATE, REAL_TIME)
    }
    assert '"SEC":"unknown symbol"' in said[NOBODY] or channel is Channel.STATUS
    if channel is not Channel.STATUS:
        assert "9.99" not in said[NOBODY] + said[LATE]
        assert "1.11" not in said[NOBODY] + said[REAL_TIME]


def test_delayed_readers_hear_how_late_they_are() -> None:
    replica = market()
    fresh = Subscriber(heartbeat_ms=5000, now=Moment(NOW, 0.0), access=LATE)
    said = answers(fresh, replica, channel="status")
    (frame,) = [json.loads(line) for line in said.splitlines() if "snapshot" in line]
    delays = {entry["s"]: entry.get("delay") for entry in frame["data"] if "s" in entry}
    assert delays == {"NVX": None, "SEC": 15}


def phases_of(symbol: str, frames: str) -> list[str]:
    """Return the phases of a symbol in these frames, in order; `gone` is named as well."""
    decoded = [json.loads(frame) for frame in frames.splitlines()]
    statuses = [frame.get("data", []) for frame in decoded if frame.get("channel") == "status"]
    entries = [entry for data in statuses for entry in data if entry.get("s") == symbol]
    return [entry.get("ph", "gone") for entry in entries]


def test_a_delayed_reader_hears_of_a_halt_late() -> None:
    """It gets neither the present halt nor its reason, but those of the twin."""
    replica = market()
    late, soon = reader(LATE, replica), reader(REAL_TIME, replica)
    happen(replica, Status("SEC", Phase.HALTED, "news pending", NOW))
    said = heard(late, replica, 1.0)
    assert phases_of("SEC", said) == []
    assert "news pending" not in said
    assert phases_of("SEC", heard(soon, replica, 1.0)) == ["HALTED"]
    happen(replica, Status("SEC~15", Phase.HALTED, "news pending", NOW))
    assert phases_of("SEC", heard(late, replica, 2.0)) == ["HALTED"]
    assert phases_of("SEC", heard(soon, replica, 2.0)) == []
    happen(replica, Delisting("SEC", NOW))
    assert phases_of("SEC", heard(late, replica, 3.0)) == []
    assert phases_of("SEC", heard(soon, replica, 3.0)) == ["gone"]


def test_a_delayed_reader_that_comes_or_resumes_sees_the_phase_of_that_time() -> None:
    replica = market()
    happen(replica, Status("SEC~15", Phase.OPEN, "", NOW))
    before = replica.position
    happen(replica, Status("SEC", Phase.HALTED, "news pending", NOW))
    for access, phases, since_then in ((LATE, ["OPEN"], []), (REAL_TIME, ["HALTED"], ["HALTED"])):
        fresh, again = (
            Subscriber(heartbeat_ms=5000, now=Moment(NOW, 0.0), access=access) for _ in range(2)
        )
        assert phases_of("SEC", answers(fresh, replica, channel="status")) == phases
        since = str(access.to_reader(before))
        assert (
            phases_of("SEC", answers(again, replica, channel="status", since=since)) == since_then
        )


def test_a_twin_is_nothing_that_can_be_asked_for_by_its_key() -> None:
    replica = market()
    for access in (UNLIMITED, REAL_TIME, NOBODY):
        assert '"SEC~15":"unknown symbol"' in answers(
            reader(access, replica), replica, channel="ticker", symbols=["SEC~15"]
        )


def test_a_symbol_that_moves_to_a_hidden_feed_is_gone_for_who_had_it() -> None:
    replica = market()
    stranger = reader(NOBODY, replica, "NVX")
    happen(replica, Delisting("NVX", NOW))
    assert '"NVX":{"gone":true' in heard(stranger, replica)
    happen(replica, Listing("lab", definition("NVX"), NOW), Trade("NVX", 999, 7, Side.BUY, NOW))
    assert "9.99" not in heard(stranger, replica, 2.0)


def test_a_position_of_one_access_is_none_of_another() -> None:
    replica = market()
    happen(replica, Trade("SEC~15", 111, 7, Side.BUY, NOW))
    for channel in CHANNELS:
        for before, after in ((UNLIMITED, LATE), (REAL_TIME, LATE), (LATE, UNLIMITED)):
            since = str(before.to_reader(replica.position))
            fresh = Subscriber(heartbeat_ms=5000, now=Moment(NOW, 0.0), access=after)
            said = answers(fresh, replica, channel=channel, symbols=["NVX"], since=since)
            assert '"resumed":false' in said
        same = Subscriber(heartbeat_ms=5000, now=Moment(NOW, 0.0), access=LATE)
        since = str(LATE.to_reader(replica.position))
        assert '"resumed":true' in answers(
            same, replica, channel=channel, symbols=["NVX"], since=since
        )


def test_only_an_access_with_limits_marks_its_positions() -> None:
    marks = [
        access.mark
        for access in (
            Access(frozenset({"lab"})),
            Access(frozenset({"lab"}), frozenset({"lab"})),
            Access(frozenset({"lab"}), frozenset({"lab~15"})),
            Access(frozenset({"lab", "bonds"})),
        )
    ]
    assert len(set(marks)) == 4
    assert all(marks)
    assert UNLIMITED.mark == Access(granted=frozenset({"lab"})).mark == ""


def test_positions_of_an_access_are_read_back() -> None:
    position = Position("9f86d081", 118)
    for access in (UNLIMITED, NOBODY, LATE):
        text = str(access.to_reader(position))
        assert access.from_reader(ReaderPosition.parse(text)) == position
    assert str(UNLIMITED.to_reader(position)) == str(position)
    assert LATE.from_reader(ReaderPosition("9f86d081", 118)) == Position("", 118)
    assert UNLIMITED.from_reader(LATE.to_reader(position)) == Position("", 118)


async def test_pages_show_what_the_access_allows() -> None:
    exchange = Exchange()
    exchange.hub.replica = market()
    view = MarketDisplay(exchange.hub)
    symbols = {
        access: [row["symbol"] for row in view.rows(["NVX", "SEC"], access)]
        for access in (NOBODY, LATE, REAL_TIME)
    }
    assert symbols == {NOBODY: ["NVX"], LATE: ["NVX", "SEC"], REAL_TIME: ["NVX", "SEC"]}
    assert [row["delay"] for row in view.rows(["SEC"], LATE)] == [15]
    assert [entry["s"] for entry in view.catalogue(NOBODY)] == ["NVX"]
    assert [entry["s"] for entry in view.catalogue(LATE)] == ["NVX", "SEC"]
    assert [len(view.feeds(access)) for access in (NOBODY, LATE, REAL_TIME)] == [1, 2, 2]
    late = replace(feed_status("lab~15"), state=FeedState.PAUSED)
    happen(exchange.hub.replica, late)
    states = {
        access: [feed["state"] for feed in view.feeds(access)] for access in (LATE, REAL_TIME)
    }
    assert states == {LATE: ["RUNNING", "PAUSED"], REAL_TIME: ["RUNNING", "RUNNING"]}
    for access in (LATE, REAL_TIME):
        entries = map(json.loads, exchange.hub.replica.all_statuses(access))
        named = [(entry["feed"], entry["state"]) for entry in entries if "s" not in entry]
        assert named == list(zip(("main", "lab"), states[access], strict=True))


def test_a_delay_that_the_feed_does_not_know_yet_shows_nothing_of_now() -> None:
    """It shows no present prices, clock or state, and no prices of a shorter delay."""
    replica = market()
    happen(replica, replace(feed_status("lab~15"), ts_event=NOW - 15 * 60_000))
    happen(replica, Trade("SEC~15", 111, 7, Side.BUY, NOW), Trade("SEC", 999, 7, Side.BUY, NOW))
    for minutes in (5, 30):
        other = Access(restricted=LAB, granted=frozenset({f"lab~{minutes}"}))
        assert [status.feed for status in other.feeds_of(replica.board)] == ["main"]
        assert other.key_of("SEC", replica.board) is None
        fresh = reader(other, replica, "SEC")
        for channel in CHANNELS:
            said = answers(fresh, replica, channel=channel, symbols=["SEC"])
            assert "9.99" not in said
            assert "1.11" not in said
            assert "lab" not in said
        assert "lab" not in heard(fresh, replica)
    assert [status.feed for status in LATE.feeds_of(replica.board)] == ["main", "lab~15"]


# --- the rows --------------------------------------------------------------------------------


@pytest.fixture
def lab(db: None) -> Feed:
    return Feed.objects.create(slug="lab", name="Lab", is_restricted=True)


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_user("ada")


def entitle(user: User, feed: Feed, minutes: int) -> Entitlement:
    group = Group.objects.create(name=f"{feed.slug} {minutes}")
    user.groups.add(group)
    return Entitlement.objects.create(feed=feed, group=group, delay_minutes=minutes)


def test_where_nothing_is_restricted_everybody_sees_everything(
    ada: User, django_assert_num_queries
) -> None:
    Feed.objects.create(slug="main", name="Main")
    with django_assert_num_queries(1):
        assert access_of([ada.pk]) == {ada.pk: UNLIMITED}


def test_of_several_entitlements_the_soonest_counts(ada: User, lab: Feed) -> None:
    assert access_of([ada.pk])[ada.pk] == NOBODY
    entitle(ada, lab, 15)
    assert access_of([ada.pk])[ada.pk] == LATE
    entitle(ada, lab, 0)
    assert access_of([ada.pk])[ada.pk] == REAL_TIME
    entitle(ada, lab, 30)
    assert access_of([ada.pk])[ada.pk] == REAL_TIME


def test_superusers_see_everything_and_many_are_read_at_once(
    lab: Feed, django_assert_num_queries
) -> None:
    root = User.objects.create_superuser("root")
    people = [User.objects.create_user(f"user{number}") for number in range(20)]
    with django_assert_num_queries(3):
        access = access_of([root.pk, *(person.pk for person in people)])
    assert access.pop(root.pk) == UNLIMITED
    assert set(access.values()) == {NOBODY}


@pytest.mark.django_db(transaction=True)
def test_what_changes_an_access_ends_the_connections_that_have_it() -> None:
    ada = User.objects.create_user("ada")
    lab = Feed.objects.create(slug="lab", name="Lab", is_restricted=True)
    entitlement = entitle(ada, lab, 15)
    before = signed_in(ada)
    assert before.access == LATE
    assert revoked(before) == {}
    entitlement.delete()
    assert revoked(before) == {before: Close.ACCESS_CHANGED}
    assert signed_in(ada).access == NOBODY
    lab.is_restricted = False
    lab.save()
    assert signed_in(ada).access == UNLIMITED
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert revoked(before) == {before: Close.SIGNED_OUT}


@pytest.mark.django_db(transaction=True)
def test_a_token_that_ends_ends_its_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    identity = signed_in(User.objects.create_user("ada"))
    assert revoked(identity) == {}
    monkeypatch.setattr(time, "time", lambda: identity.until_s)
    assert revoked(identity) == {identity: Close.SIGNED_OUT}


def signed_in(user: User) -> Identity:
    """Return the identity of a request with a token of this user."""
    basic = b64encode(f"{user.username}:{make_token(user)}".encode())
    scope = {"headers": [(b"authorization", b"Basic " + basic)]}
    identity = async_to_sync(identify)(scope)
    assert isinstance(identity, Identity)
    return identity


def revoked(identity: Identity) -> dict[Identity, Close]:
    return async_to_sync(find_revoked)([identity])


def test_nobody_can_watch_what_he_may_not_see(ada: User, lab: Feed) -> None:
    lab.instruments.create(symbol="SEC", name="Secret", sector="S", reference_price=10)
    with pytest.raises(UnknownSymbol):
        add_to_watchlist(ada, "SEC")
    assert default_instruments(NOBODY) == []
    assert personal_of([ada.pk])[ada.pk].watchlist == ()
    entitle(ada, lab, 15)
    add_to_watchlist(ada, "SEC")
    assert [instrument.symbol for instrument in default_instruments(LATE)] == ["SEC"]
