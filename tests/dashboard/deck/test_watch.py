"""The channel of operators: who gets it, what it says, and that it never queues."""

import asyncio
import json

import msgspec
import pytest
from django.contrib.auth.models import Permission, User
from msgspec.structs import replace

from dashboard.deck import watch
from dashboard.deck.report import WINDOW_S, Reporter
from dashboard.deck.watch import Deck
from dashboard.delivery.outboxes.deck import DeckOutbox
from dashboard.people.access import Rights
from dashboard.people.identity import Identity, find_revoked
from dashboard.people.selectors import rights_of
from dashboard.process.refusal_reasons import RefusalReason
from dashboard.wire.registry import Close, Error, Transport
from dashboard.wire.schemas.deck import DeckSnapshot
from feeds.market.events import FeedState, FeedStatus, Phase, Quote, Status
from tests.support.exchange import EagerSocket, Exchange, quote, subscribe
from tests.support.market_script import NOW, listing
from tests.support.waiting import until

OPERATOR = Rights(operates=True, sees_people=True, is_staff=True)


def take(exchange, rights=OPERATOR, user_id=1):
    """Take a connection that reads the deck; return it and the answer to that."""
    identity = Identity(user_id, f"user{user_id}", 0, None, rights=rights)
    connection = exchange.hub.join(identity, Transport.WEBSOCKET, EagerSocket())
    subscribe(connection, "deck")
    return connection, json.loads(connection.take()[0])


def frames_of(connection):
    return [json.loads(frame) for frame in connection.take() if '"channel":"deck"' in frame]


async def test_only_operators_are_accepted(exchange: Exchange) -> None:
    connection, answer = take(exchange, Rights())
    assert answer["error"]["code"] == Error.FORBIDDEN
    assert not connection.wants_deck
    Deck(exchange.hub, process="p").look()
    assert frames_of(connection) == []


async def test_an_operator_who_did_not_ask_for_the_deck_gets_none(exchange: Exchange) -> None:
    identity = Identity(1, "user1", 0, None, rights=OPERATOR)
    connection = exchange.hub.join(identity, Transport.WEBSOCKET, EagerSocket())
    Deck(exchange.hub, process="p").look()
    assert not connection.wants_deck
    assert frames_of(connection) == []


async def test_an_operator_sees_feeds_process_and_people(exchange: Exchange) -> None:
    await exchange.settle()
    connection, answer = take(exchange)
    assert answer["success"]
    Deck(exchange.hub, process="p").look()
    [frame] = connection.take()
    snapshot = msgspec.json.decode(frame, type=DeckSnapshot)
    assert [feed.feed for feed in snapshot.feeds] == sorted(exchange.hub.replica.board.feeds)
    assert snapshot.process.readers[Transport.WEBSOCKET] == 1
    assert [(person.id, person.user) for person in snapshot.people] == [(connection.key, "user1")]


async def test_a_rate_does_not_span_two_tapes(exchange: Exchange, monkeypatch) -> None:
    await exchange.settle()
    reporter = Reporter(exchange.hub, process="p")
    reporter.sample()
    exchange.hub.traffic.frames += 1_000
    reporter.sample()
    assert reporter._per_s("frames") > 0
    monkeypatch.setattr(exchange.hub.replica, "epoch", "e2")
    reporter.sample()
    assert reporter._per_s("frames") == 0


async def test_it_says_how_many_ticks_a_change_of_prices_stands_for(exchange: Exchange) -> None:
    """It counts those who read now and those who have left."""
    clock = exchange.hub.clock = HandClock()
    reader, _ = take(exchange)
    subscribe(reader, "ticker", symbols=["NVX", "ORB"])
    reader.take()
    reporter = Reporter(exchange.hub, process="p")

    async def seconds_until_sent(*quotes: Quote) -> float | None:
        clock.at_s += 1
        await exchange.happen(*quotes)
        await exchange.settle()
        reader.take()
        reporter.sample()
        frame = reporter.encode(with_people=False)
        return msgspec.json.decode(frame, type=DeckSnapshot).process.conflation

    assert await seconds_until_sent() is None
    assert await seconds_until_sent(*map(quote, (1, 2, 3, 4)), quote(1, "ORB")) == 2.5
    assert await seconds_until_sent(quote(9)) == 2.0
    exchange.hub.leave(reader)
    assert await seconds_until_sent() == 2.0


class HandClock:
    """A clock that moves when told; unlike a real one it stands while things happen."""

    def __init__(self) -> None:
        self.at_s = 0.0

    def monotonic(self) -> float:
        return self.at_s

    def now_ms(self) -> int:
        return NOW + round(self.at_s * 1000)


async def test_rates_are_of_the_last_seconds(exchange: Exchange) -> None:
    """Ticks of the first second are forgotten when they are older than the window."""
    clock = exchange.hub.clock = HandClock()
    reporter = Reporter(exchange.hub, process="p")
    status = FeedStatus("demo", "Demo", FeedState.RUNNING, 10.0, "", NOW)
    await exchange.happen(status, listing("KLM"), Status("ORB", Phase.HALTED, "news", NOW))
    await exchange.settle()
    rates = []
    for ticks in (0, 100, *(10 for _ in range(round(WINDOW_S)))):
        await exchange.happen(*(quote(bid) for bid in range(1, ticks + 1)))
        await exchange.settle()
        reporter.sample()
        frame = json.loads(reporter.encode(with_people=True))
        rates.append(frame["feeds"][0]["rate"])
        clock.at_s += 1
    assert rates[:3] == [0, 100, 55]
    assert rates[-1] == 10
    [feed] = frame["feeds"]
    assert (feed["target"], feed["halted"], feed["instruments"]) == (10, 1, 3)
    assert feed["age_ms"] == (clock.at_s - 1) * 1000


async def test_the_process_says_what_it_sent_cut_and_refused(exchange: Exchange) -> None:
    """What was sent has rates over the last seconds; the rest has sums since the start."""
    await exchange.settle()
    clock = exchange.hub.clock = HandClock()
    connection, _ = take(exchange)
    subscribe(connection, "ticker", symbols=["NVX"])
    connection.take()
    reporter, traffic = Reporter(exchange.hub, process="p"), exchange.hub.traffic
    reporter.sample()
    traffic.cuts, traffic.overruns = 3, 2
    traffic.refusals.update({RefusalReason.FULL: 4, RefusalReason.STOPPING: 1})
    clock.at_s = 2.0
    await exchange.happen(quote(7))
    await exchange.settle()
    [update] = connection.take()
    traffic.send(["ab"])
    reporter.sample()
    process = msgspec.json.decode(reporter.encode(with_people=False), type=DeckSnapshot).process
    assert (process.cuts, process.overruns, process.refused) == (3, 2, 5)
    assert (process.frames, process.updates) == (1.0, 0.5)
    assert process.bytes == round((len(update) + 2) / 2, 1)
    assert process.lag_ms == 2000
    assert (process.process, process.stale) == ("p", None)


async def test_a_person_is_shown_with_symbols_pace_and_distance(exchange: Exchange) -> None:
    await exchange.settle()
    exchange.hub.clock = HandClock()
    reader, _ = take(exchange)
    everything, _ = take(exchange, user_id=2)
    subscribe(reader, "ticker", symbols=["NVX", "ORB"])
    subscribe(everything, "ticker", symbols=["*"])
    for connection in (reader, everything):
        connection.take()
    await exchange.happen(quote(1), quote(2), quote(3))
    await exchange.settle()
    everything.take()
    reporter = Reporter(exchange.hub, process="p")
    reporter.sample()
    people = msgspec.json.decode(reporter.encode(with_people=True), type=DeckSnapshot).people
    assert people is not None
    assert [(person.user_id, person.symbols, person.behind) for person in people] == [
        (1, 2, 3),
        (2, None, 0),
    ]
    assert {(person.pace, person.reason, person.since) for person in people} == {(10.0, "", NOW)}
    assert {person.transport for person in people} == {Transport.WEBSOCKET}


async def test_nobody_is_behind_with_symbols_that_they_do_not_read(exchange: Exchange) -> None:
    await exchange.settle()
    exchange.hub.clock = HandClock()
    reader, _ = take(exchange)
    for channel in ("ticker", "trades"):
        subscribe(reader, channel, symbols=["NVX"])
    reader.take()
    for number in (1, 2, 3):
        others = [replace(quote(number), symbol="ORB") for _ in range(500)]
        await exchange.happen(*others)
        await exchange.settle()
        assert reader.behind == 0
    await exchange.happen(quote(1), *others, quote(2))
    await exchange.settle()
    assert reader.behind == 2
    reader.take()
    subscribe(reader, "ticker", symbols=["ORB"])
    assert reader.behind == 0


async def test_nobody_hears_again_before_a_second_unless_a_state_changed(
    exchange: Exchange,
) -> None:
    clock = exchange.hub.clock = HandClock()
    connection, _ = take(exchange)
    deck = Deck(exchange.hub, process="p")
    looks = []
    for _ in range(9):
        deck.look()
        looks.append(len(frames_of(connection)))
        clock.at_s += 0.125
    assert looks == [1, *[0] * 7, 1]
    await exchange.happen(Status("NVX", Phase.HALTED, "news", NOW))
    await exchange.settle()
    deck.look()
    assert len(frames_of(connection)) == 1


class CountingDeck(Deck):
    looks = 0

    def look(self) -> None:
        self.looks += 1
        super().look()


async def test_it_looks_only_while_somebody_reads(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK_S", 0.001)
    read, unread = (
        CountingDeck(exchange.hub, process="p"),
        CountingDeck(Exchange().hub, process="p"),
    )
    first, _ = take(exchange)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(deck.run()) for deck in (read, unread)]
        await until(lambda: read.looks > 5)
        assert unread.looks == 1
        second, _ = take(exchange, user_id=2)
        exchange.hub.leave(first)
        seen = read.looks
        await until(lambda: read.looks > seen + 5)
        exchange.hub.leave(second)
        # One look more, which forgets the readers.
        await until(lambda: not read._readers)
        seen = read.looks
        take(exchange)
        await until(lambda: read.looks > seen + 5)
        for task in running:
            task.cancel()


async def test_people_are_only_shown_to_who_may_see_them(exchange: Exchange) -> None:
    connection, _ = take(exchange, Rights(operates=True))
    Deck(exchange.hub, process="p").look()
    [frame] = frames_of(connection)
    assert (frame["people"], frame["connections"]) == (None, 1)


async def test_what_was_not_taken_is_replaced() -> None:
    outbox = DeckOutbox()
    outbox.open()
    outbox.offer("old")
    outbox.offer("new")
    assert outbox.take() == ["new"]
    assert outbox.take() == []


async def test_one_connection_or_all_of_a_user_are_ended(exchange: Exchange) -> None:
    mine, _ = take(exchange)
    other, _ = take(exchange)
    third, _ = take(exchange, user_id=2)
    exchange.hub.disconnect(1, mine.key)
    assert [connection.closed for connection in (mine, other)] == [
        Close.DISCONNECTED,
        None,
    ]
    exchange.hub.disconnect(1, "")
    assert other.closed is Close.DISCONNECTED
    assert third.closed is None
    exchange.hub.disconnect(1, third.key)
    assert third.closed is None, "a key of somebody else's connection ends nothing"


@pytest.mark.django_db
def test_rights_come_from_permissions_of_the_staff() -> None:
    user = User.objects.create_user("ada", is_staff=True)
    assert rights_of(user) == Rights(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["run_feed", "view_user"]))
    user = User.objects.get()
    assert rights_of(user) == OPERATOR
    user.is_staff = False
    assert rights_of(user) == Rights()


@pytest.mark.django_db(transaction=True)
async def test_an_operator_who_loses_the_right_is_ended() -> None:
    user = await User.objects.acreate(username="ada", is_staff=True, password="x")
    run = await Permission.objects.aget(codename="run_feed")
    await user.user_permissions.aadd(run)
    rights = Rights(operates=True, is_staff=True)
    identity = Identity(user.pk, "ada", hash("x"), None, rights=rights)
    assert await find_revoked([identity]) == {}
    await user.user_permissions.aclear()
    assert await find_revoked([identity]) == {identity: Close.ACCESS_CHANGED}
