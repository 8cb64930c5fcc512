"""In which order frames go that are due together, and what a board of another epoch changes."""

import json

from dashboard.delivery.hub import Hub
from dashboard.wire.personal import Personal
from dashboard.wire.registry import Transport
from feeds.market.board import Board
from feeds.market.events import Batch, Phase, Position, Side, Status, Trade
from tests.support.exchange import EagerSocket, Exchange, HandClock, person, quote, subscribe
from tests.support.listener import Listener
from tests.support.market_script import NOW, listing


def kinds(texts: list[str]) -> list[tuple[str, str | None]]:
    frames = [json.loads(text) for text in texts]
    return [(frame["channel"], frame.get("type")) for frame in frames]


def test_status_goes_first_and_the_pace_last() -> None:
    listener = Listener()
    listener.happen(Batch("e1", 1, (listing("NVX"),)))
    for channel in ("bars", "depth", "trades", "ticker", "deck", "watchlist", "status"):
        listener.send("subscribe", channel=channel, symbols=["NVX"])
    listener.send("set", max_rate=2)
    halt = Status("NVX", Phase.HALTED, "news", NOW)
    trade = Trade("NVX", 7, 1, Side.BUY, NOW)
    listener.happen(Batch("e1", 2, (quote(1), trade, halt)))
    listener.subscriber.personal.offer(Personal(watchlist=("ORB",), unread=0, notices=()))
    listener.subscriber.deck.offer('{"channel":"deck","type":"snapshot"}')
    listener.texts.clear()
    listener.listen(5.0)
    assert kinds(listener.texts) == [
        ("status", None),
        ("watchlist", "snapshot"),
        ("deck", "snapshot"),
        ("ticker", None),
        ("trades", None),
        ("bars", None),
        ("depth", None),
        ("heartbeat", None),
        ("status", "pace"),
    ]
    listener.texts.clear()
    listener.listen(0.1)
    assert listener.texts == []


def hub_of(epoch: str) -> Hub:
    hub = Exchange(HandClock()).hub
    hub._receive(Batch(epoch, 1, (listing("NVX"), quote(1))))
    return hub


def test_another_board_ends_no_silence_and_goes_to_readers_the_general_way() -> None:
    hub = hub_of("e1")
    connection = hub.join(person(), Transport.WEBSOCKET, EagerSocket())
    subscribe(connection, symbols=["NVX"])
    connection.take_all()
    connection.prices = connection._subscriber.prices
    before, hub.replica.stale_ms = hub.replica, 7
    hub._begin("e2", Board())
    assert (hub.replica.position, hub.replica.stale_ms) == (Position("e2", 0), 7)
    assert (hub.replica.former, connection.prices) == (before, None)
    hub._receive(Batch("e2", 1, (listing("NVX"),)))
    assert hub.replica.stale_ms is None


def test_only_a_process_that_has_heard_nothing_dates_the_silence_by_the_newest_tick() -> None:
    board = hub_of("e1").replica.board
    fresh, running = Exchange(HandClock()).hub, hub_of("e1")
    heard_ms = running._heard.wall_ms
    for hub in (fresh, running):
        hub._begin("e2", board.copy())
    assert (fresh._heard.wall_ms, fresh._heard.mono_s) == (NOW, 100.0)
    assert running._heard.wall_ms == heard_ms != NOW


def test_an_account_is_full_by_its_own_readers_only_and_a_hub_by_all() -> None:
    hub = hub_of("e1")
    assert (hub.is_closing, hub.readers.total()) == (False, 0)
    for user_id in (1, 1, 2):
        hub.join(person(user_id), Transport.SSE, EagerSocket())
    assert (hub.readers, hub._connections_of) == ({Transport.SSE: 3}, {1: 2, 2: 1})


def test_prices_go_the_general_way_while_rows_or_the_deck_wait() -> None:
    listener = Listener()
    subscriber = listener.subscriber
    listener.happen(Batch("e1", 1, (listing("NVX"),)))
    listener.send("subscribe", channel="ticker", symbols=["NVX"])
    for offer in (
        lambda: subscriber.personal.offer(Personal(watchlist=(), unread=0, notices=())),
        lambda: subscriber.deck.offer('{"channel":"deck","type":"snapshot"}'),
    ):
        assert subscriber.prices is not None
        offer()
        assert subscriber.prices is None
        listener.listen(0.1)
    assert subscriber.prices is not None
