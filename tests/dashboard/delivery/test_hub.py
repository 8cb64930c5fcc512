"""The hub keeps every connection as the bus and the rows say, and gives connections back."""

import asyncio
import json
from collections.abc import Collection

import pytest
from django.db import OperationalError

from dashboard.delivery import hub
from dashboard.delivery.connection import Connection
from dashboard.delivery.saving import Saving
from dashboard.exceptions import ConnectionClosed, HubClosing, HubFull, TooManyConnections
from dashboard.loadtest.reader import Reader
from dashboard.people.identity import Identity
from dashboard.process.refusal_reasons import RefusalReason
from dashboard.wire.personal import Notice, Personal
from dashboard.wire.registry import Close
from feeds.bus.interface import Attachment
from feeds.bus.memory import READER_BATCHES, MemoryBus
from feeds.exceptions import BusDown
from feeds.market.events import Batch
from tests.support.exchange import Exchange, HandClock, person, quote, subscribe
from tests.support.market_script import NOW, listing
from tests.support.waiting import until


async def read(connection: Connection, reader: Reader | None = None) -> list[dict]:
    async with asyncio.timeout(5):
        frames = [json.loads(frame) for frame in await connection.frames()]
    for frame in frames if reader else ():
        reader.apply(frame)
    return frames


async def read_until(connection: Connection, reader: Reader, sequence: int) -> None:
    while reader.positions.get("ticker") is None or reader.positions["ticker"].sequence < sequence:
        await read(connection, reader)


async def test_a_connection_gets_a_snapshot_and_what_happens_after_it(exchange: Exchange) -> None:
    await exchange.settle()
    connection, reader = exchange.join(), Reader()
    subscribe(connection, symbols=["NVX"])
    for bid in range(10, 20):
        await exchange.happen(quote(bid))
    await read_until(connection, reader, exchange.sequence)
    assert reader.rows["NVX"]["b"] == 0.19


async def test_connections_are_limited_and_given_back(exchange: Exchange) -> None:
    connections = [exchange.join() for _ in range(10)]
    with pytest.raises(HubFull, match="limit is 10"):
        exchange.join()
    exchange.hub.leave(connections[0])
    exchange.hub.leave(connections[0])
    assert exchange.join() in exchange.hub.connections
    assert len(exchange.hub.connections) == 10


async def test_one_account_has_so_many_connections_and_others_have_theirs(
    exchange: Exchange,
) -> None:
    exchange.hub._connections_per_user = 3
    mine = [exchange.join(1) for _ in range(3)]
    with pytest.raises(TooManyConnections, match="limit is 3 connections of one account"):
        exchange.join(1)
    exchange.join(2)
    exchange.hub.leave(mine[0])
    exchange.join(1)


async def test_a_batch_that_cannot_be_applied_is_a_lost_one(exchange: Exchange) -> None:
    """The hub begins again from a board instead of ending its part."""
    await exchange.settle()
    before = exchange.hub.replica
    attachment = exchange.bus._attachments[0]
    attachment.offer(Batch("e1", exchange.sequence + 1, (quote(10, "NOBODY"),)))
    async with asyncio.timeout(5):
        while exchange.hub.replica is before:
            await asyncio.sleep(0)
    await exchange.happen(quote(11))
    await exchange.settle()
    assert len(exchange.bus._attachments) == 1


async def test_a_process_that_begins_in_a_silence_says_how_long_it_lasts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub, "SILENCE_S", 0.0)
    exchange = Exchange()
    await exchange.happen(listing("NVX"), quote(10))
    running = asyncio.ensure_future(exchange.hub.run())
    await until(lambda: exchange.hub.replica.stale_ms is not None and exchange.hub.replica.epoch)
    assert exchange.hub.replica.stale_ms == NOW
    running.cancel()


async def test_only_revoked_connections_are_ended(exchange: Exchange) -> None:
    mine, other = exchange.join(1), exchange.join(2)
    exchange.rows.revoked[person(1)] = Close.SIGNED_OUT
    with pytest.raises(ConnectionClosed) as closed:
        await read(mine)
    assert closed.value.code == Close.SIGNED_OUT
    assert other.closed is None


async def test_a_locked_database_ends_nobody_and_stops_nothing(exchange: Exchange) -> None:
    exchange.rows.is_locked = True
    connection, reader = exchange.join(), Reader()
    await exchange.settle()
    subscribe(connection, symbols=["NVX"])
    await exchange.happen(quote(10))
    await read_until(connection, reader, exchange.sequence)
    exchange.rows.is_locked = False
    exchange.rows.revoked[person()] = Close.SIGNED_OUT
    with pytest.raises(ConnectionClosed):
        await read(connection)


async def test_personal_rows_reach_only_their_owner(exchange: Exchange) -> None:
    notice = Notice(id=7, title="secret", body="", level="info", t=NOW, read=False)
    exchange.rows.personal = {
        1: Personal(watchlist=("NVX",), unread=1, notices=(notice,)),
        2: Personal(watchlist=("ORB",), unread=0, notices=()),
    }
    readers = {1: Reader(), 2: Reader()}
    for user_id, reader in readers.items():
        connection = exchange.join(user_id)
        subscribe(connection, "notifications")
        subscribe(connection, "watchlist")
        while not reader.watchlist:
            await read(connection, reader)
    assert [reader.watchlist for reader in readers.values()] == [["NVX"], ["ORB"]]
    assert [list(reader.notices) for reader in readers.values()] == [[7], []]


async def test_a_poke_reads_once_for_all_and_only_for_those_here(exchange: Exchange) -> None:
    exchange.rows.personal = {1: Personal(watchlist=("NVX",), unread=0, notices=())}
    connections = [exchange.join(1) for _ in range(3)]
    for connection in connections:
        subscribe(connection, "watchlist")
    for connection in connections:
        while (await read(connection))[-1].get("channel") != "watchlist":
            pass
    reads = exchange.rows.reads
    exchange.rows.personal = {1: Personal(watchlist=("ORB",), unread=0, notices=())}
    exchange.hub.poke_people([1, 99])
    for connection in connections:
        assert (await read(connection))[-1]["data"] == ["ORB"]
    assert exchange.rows.reads == reads + 1
    exchange.hub.poke_people([99])
    await asyncio.sleep(0)
    assert exchange.rows.reads == reads + 1


async def test_a_lost_poke_only_delays(exchange: Exchange) -> None:
    exchange.hub._recheck_s = 0.01
    exchange.rows.personal = {1: Personal(watchlist=("NVX",), unread=0, notices=())}
    connection, reader = exchange.join(1), Reader()
    subscribe(connection, "watchlist")
    while not reader.watchlist:
        await read(connection, reader)
    exchange.rows.personal = {1: Personal(watchlist=("ORB",), unread=0, notices=())}
    await read(connection, reader)
    assert reader.watchlist == ["ORB"]


async def test_a_new_epoch_reaches_every_connection_as_a_snapshot(exchange: Exchange) -> None:
    await exchange.settle()
    connection, reader = exchange.join(), Reader()
    subscribe(connection, symbols=["NVX"])
    await read(connection, reader)
    exchange.sequence = 0
    await exchange.happen(listing("NVX"), quote(77), epoch="e2")
    while reader.positions["ticker"].epoch != "e2":
        await read(connection, reader)
    await read_until(connection, reader, 2)
    assert reader.rows["NVX"]["b"] == 0.77


async def test_a_hub_that_was_overrun_begins_again_and_loses_no_receipt(exchange: Exchange) -> None:
    await exchange.settle()
    connection, reader = exchange.join(), Reader()
    subscribe(connection, symbols=["NVX"])
    await read(connection, reader)
    for bid in range(1, READER_BATCHES + 50):
        await exchange.happen(quote(bid))
    await read_until(connection, reader, exchange.sequence)
    assert reader.rows["NVX"]["b"] == (READER_BATCHES + 49) / 100
    assert reader.ticks["NVX"] == READER_BATCHES + 49
    assert exchange.hub.traffic.overruns == 1


async def test_a_restart_reaches_every_connection(exchange: Exchange) -> None:
    connection = exchange.join()

    async def leave_when_asked() -> None:
        with pytest.raises(ConnectionClosed):
            await connection.frames()
        exchange.hub.leave(connection)

    leaving = asyncio.ensure_future(leave_when_asked())
    await exchange.hub.close_all(Close.RESTART, within_s=5)
    await leaving
    assert not exchange.hub.connections


async def test_a_process_without_readers_stops_at_once() -> None:
    await asyncio.wait_for(Exchange().hub.close_all(Close.RESTART, within_s=60), 5)


async def test_a_process_stops_when_its_last_reader_has_left() -> None:
    exchange = Exchange()
    connections = [exchange.join(), exchange.join()]
    closing = asyncio.ensure_future(exchange.hub.close_all(Close.RESTART, within_s=60))
    for connection in connections:
        await turn()
        assert not closing.done()
        exchange.hub.leave(connection)
    await asyncio.wait_for(closing, 5)
    assert [connection.closed for connection in connections] == [Close.RESTART] * 2
    assert exchange.hub.is_closing is True


async def test_every_refusal_is_counted_by_its_reason() -> None:
    exchange = Exchange()
    hub, counted = exchange.hub, exchange.hub.traffic.refusals
    mine = exchange.join(1)
    hub._connections_per_user = 1
    with pytest.raises(TooManyConnections):
        exchange.join(1)
    hub.save(Saving.READERS)
    with pytest.raises(HubFull, match="memory is short"):
        exchange.join(2)
    hub._max_connections = 1
    with pytest.raises(HubFull, match="limit is 1 subscribers"):
        exchange.join(2)
    hub.leave(mine)
    await hub.close_all(Close.RESTART, within_s=0)
    for _ in range(2):
        with pytest.raises(HubClosing, match="the server restarts"):
            exchange.join(2)
    assert counted == {
        RefusalReason.ACCOUNT_FULL: 1,
        RefusalReason.NO_MEMORY: 1,
        RefusalReason.FULL: 1,
        RefusalReason.STOPPING: 2,
    }
    assert hub.traffic.refused == 5


class AbsentBus(MemoryBus):
    """A bus that is away when it is asked for the first times."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.asked = 0
        self._failures = failures

    async def attach(self) -> Attachment:
        self.asked += 1
        await asyncio.sleep(0)
        if self.asked <= self._failures:
            raise BusDown("no route")
        return await super().attach()


async def test_a_bus_that_is_away_is_asked_seldom_and_named_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    exchange = Exchange()
    bus = exchange.bus = exchange.hub._bus = AbsentBus(failures=5)
    await exchange.happen(listing("NVX"))
    following = asyncio.ensure_future(exchange.hub._follow_bus())
    await turn()
    assert bus.asked == 1
    following.cancel()
    monkeypatch.setattr(hub, "RETRY_S", 0.001)
    following = asyncio.ensure_future(exchange.hub._follow_bus())
    await until(lambda: exchange.hub.replica.epoch)
    assert bus.asked == 6
    assert caplog.text.count("bus cannot be read reason=no route") == 2  # once for each
    following.cancel()


async def test_personal_rows_that_cannot_be_read_are_tried_again_but_seldom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exchange, asked = Exchange(), list[set[int]]()
    exchange.rows.personal = {1: Personal(watchlist=("NVX",), unread=0, notices=())}

    async def read_personal(user_ids: Collection[int]) -> dict[int, Personal]:
        asked.append(set(user_ids))
        await asyncio.sleep(0)
        if len(asked) <= 3:
            raise OperationalError("locked")
        return await exchange.rows.read_personal(user_ids)

    exchange.hub._read_personal = read_personal
    connection, reader = exchange.join(1), Reader()
    subscribe(connection, "watchlist")
    following = asyncio.ensure_future(exchange.hub._follow_people())
    await turn()
    assert asked == [{1}]
    following.cancel()
    monkeypatch.setattr(hub, "RETRY_S", 0.001)
    exchange.hub.poke_people([1])
    following = asyncio.ensure_future(exchange.hub._follow_people())
    while not reader.watchlist:
        await read(connection, reader)
    assert asked == [{1}] * 4
    following.cancel()


async def test_accounts_are_read_only_while_somebody_is_connected() -> None:
    exchange, asked = Exchange(sweep_s=0), list[Collection[Identity]]()

    async def find_revoked(identities: Collection[Identity]) -> dict[Identity, Close]:
        asked.append(identities)
        return {}

    exchange.hub._find_revoked = find_revoked
    sweeping = asyncio.ensure_future(exchange.hub._sweep())
    await turn()
    assert asked == []
    exchange.join(1)
    await turn()
    assert asked[-1] == {person(1)}
    sweeping.cancel()


async def test_how_late_the_loop_woke_is_measured_and_never_negative(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub, "LOOK_S", 0.125)
    monkeypatch.setattr(hub.asyncio, "sleep", lambda _, sleep=asyncio.sleep: sleep(0))
    clock = HandClock()
    exchange = Exchange(clock)
    lags = exchange.hub.traffic.lags
    pulsing = asyncio.ensure_future(exchange.hub._pulse())
    await turn()
    assert (lags.count > 1, lags.sum) == (True, 0)  # the clock stands, so it woke early
    clock.now_s += 1
    await turn()
    assert lags.sum == 875
    pulsing.cancel()


async def turn() -> None:
    """Let whatever is due in the loop happen."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_answers_nobody_takes_end_the_connection(exchange: Exchange) -> None:
    await exchange.settle()
    await exchange.happen(*(listing(f"S{number}") for number in range(900)))
    await exchange.settle()
    connection = exchange.join()
    for _ in range(30):
        subscribe(connection, symbols=["*"])
    assert connection.closed is Close.TOO_SLOW
