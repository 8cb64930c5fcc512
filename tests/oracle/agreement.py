"""The end of a sequence: every fault ends, and every reader must soon agree with the engine."""

import gc
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

from dashboard.delivery.replica import Replica
from dashboard.wire.registry import Transport
from tests.oracle.clients import Client
from tests.oracle.world import Server, World

AGREE_S = 14.0
FAST_RATE = 20
READER_BYTES = 128 * 1024
STREAMS = (Transport.WEBSOCKET, Transport.SSE)
SHARED: Any = (type, Replica)
"""What readers share, and no reader is charged for."""


def mend_and_agree(world: World, clients: Sequence[Client]) -> None:
    """End every fault; then everybody agrees within a bounded time, and nobody is forgotten."""
    world.run(_mend(world, clients))
    for client in clients:
        client.wanted.keeps_position, client.doubles = True, 0
        client.set_pace(None if client.pace.max_rate is None else FAST_RATE, paused=False)
    end_s = world.loop.time() + AGREE_S
    while world.loop.time() < end_s and not _agree(world, clients):
        world.advance(0.5)
        for client in clients:
            client.acknowledge(1)
    for client in clients:
        _check_reader(world, client)
    for server in world.servers:
        _check_server(server, clients)


async def _mend(world: World, clients: Sequence[Client]) -> None:
    world.mend()
    for client in clients:
        client.sign_in()
        if client.line is not None:
            client.line.mend()


def _agree(world: World, clients: Sequence[Client]) -> bool:
    readers = Counter(client.server for client in clients if client.transport in STREAMS)
    return all(_agrees(world, client) for client in clients) and all(
        len(_streams(server)) == readers[server] for server in world.servers
    )


def _agrees(world: World, client: Client) -> bool:
    is_unread_known = client.reader.unread == world.rows.personal[client.user_id].unread
    is_live = client.line is not None and client.reader.stale_ms is None
    return is_live and is_unread_known and not client.audit.behind()


def _check_reader(world: World, client: Client) -> None:
    name, reader = client.audit.case.name, client.reader
    assert not client.audit.behind(), "\n".join(client.audit.behind())
    assert reader.stale_ms is None, f"{name} still hears of silence"
    mine = world.rows.personal[client.user_id]
    assert tuple(reader.watchlist) == mine.watchlist, f"{name}: watchlist"
    assert reader.unread == mine.unread, f"{name}: {reader.unread} unread"
    shown = {notice.id: notice.read for notice in mine.notices}
    known = {number: entry["read"] for number, entry in reader.notices.items()}
    assert shown.items() <= known.items(), f"{name} knows {known}, the rows have {shown}"


def _check_server(server: Server, clients: Sequence[Client]) -> None:
    """Nothing is kept of those who left, and no reader costs much."""
    streams = _streams(server)
    live = [c for c in clients if c.server is server and c.transport in STREAMS]
    assert len(streams) == len(live), f"{len(streams)} connections of {len(live)} readers"
    for connection in streams:
        size = _size_of(connection, server.hub)
        assert size < READER_BYTES, f"a reader costs {size} bytes"


def _streams(server: Server) -> list[Any]:
    return [each for each in server.hub.connections if each.transport in STREAMS]


def _size_of(connection: object, *shared: object) -> int:
    """Return the bytes that only this reader costs: what it refers to and others do not."""
    seen: dict[int, object] = {}
    rest: list[object] = [connection]
    while rest:
        thing = rest.pop()
        is_shared = thing in shared or isinstance(thing, SHARED) or callable(thing)
        if id(thing) in seen or (is_shared and thing is not connection):
            continue
        seen[id(thing)] = thing
        rest += gc.get_referents(thing)
    return sum(map(sys.getsizeof, seen.values()))
