"""One reader on changing transports loses nothing and gets nothing twice, on both servers."""

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from dashboard.servers.serving import SERVERS
from dashboard.wire.registry import Transport
from tests.support.readers import Traveller, for_seconds, for_ticks
from tests.support.redis_server import RedisServer
from tests.support.served import Served, operate_feed, serve
from tests.support.shared_market import shared_market
from tests.support.waiting import PATIENCE_S

pytestmark = [pytest.mark.slow, pytest.mark.shared]

LEG_S = 0.4
LEGS = 16


@pytest.fixture(scope="module", params=SERVERS)
def busy(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A server at 2,000 ticks/s."""
    folder = tmp_path_factory.mktemp(request.param)
    flags = ("--server", request.param, "--instruments", "200", "--rate", "2000")
    with serve(folder, *flags, MARKET_REQUESTS_PER_S="1000", MARKET_HEARTBEAT_MS="500") as served:
        yield served


def test_changing_transports_loses_and_doubles_nothing(busy: Served) -> None:
    """A witness on one socket says what there was; the traveller changes 16 times."""
    symbols = list(busy.board()["rows"])[:20]
    witness, traveller = Traveller(symbols, busy.token), Traveller(symbols, busy.token)
    meeting: list[str] = []

    def watch() -> None:
        witness.read(
            Transport.WEBSOCKET,
            busy.host,
            lambda: bool(meeting) and witness.stands_at(meeting[0]),
        )

    thread = Thread(target=watch)
    thread.start()
    for transport in itertools.islice(itertools.cycle(Transport), LEGS):
        traveller.read(transport, busy.host, for_a_leg(traveller, transport))
    meeting.append(busy.board()["position"])
    traveller.read(Transport.WEBSOCKET, busy.host, lambda: traveller.stands_at(meeting[0]))
    thread.join()
    assert traveller.gaps == witness.gaps == 0
    assert set(traveller.resumed[3:]) == {True}
    first = max(witness.trades[0], traveller.trades[0])
    received, truth = ([i for i in reader.trades if i >= first] for reader in (traveller, witness))
    shared = min(len(received), len(truth))
    assert shared > 100
    assert received[:shared] == truth[:shared]
    assert traveller.trades == sorted(set(traveller.trades))


def for_answers_and_ticks(traveller: Traveller) -> Callable[[], bool]:
    """Say yes once all three subscriptions were answered and 20 ticks came; either may be first."""
    has_ticks, end = for_ticks(traveller, 20), len(traveller.resumed) + 3
    return lambda: has_ticks() and len(traveller.resumed) >= end


def for_a_leg(traveller: Traveller, transport: Transport) -> Callable[[], bool]:
    """Say yes after a while in which ticks came, on a socket also the answers to subscriptions."""
    is_answered = transport is Transport.WEBSOCKET
    has_read = for_answers_and_ticks(traveller) if is_answered else for_ticks(traveller, 20)
    is_over = for_seconds(LEG_S)
    return lambda: is_over() and has_read()


def ride_to_the_end(traveller: Traveller, served: Served) -> int:
    """Read until the server ends the socket, which it is made to do on the way; return the code."""
    has_read, asked = for_answers_and_ticks(traveller), []

    def end_once() -> bool:
        if has_read() and not asked:
            asked.append(served.end_sockets())
        return False

    with pytest.raises(ConnectionClosed) as ended:
        traveller.read(Transport.WEBSOCKET, served.host, end_once)
    assert ended.value.rcvd is not None
    return ended.value.rcvd.code


def test_a_reader_ended_with_1000_goes_on_where_it_stood(busy: Served) -> None:
    """Trap 35: a server or a proxy ends what is too old for it; the market goes on meanwhile."""
    traveller = Traveller(list(busy.board()["rows"])[:20], busy.token)
    assert [ride_to_the_end(traveller, busy) for _ in range(3)] == [1000] * 3
    traveller.read(Transport.WEBSOCKET, busy.host, for_answers_and_ticks(traveller))
    assert traveller.resumed == [False] * 3 + [True] * 9
    assert traveller.gaps == 0
    assert traveller.trades == sorted(set(traveller.trades))


def test_no_socket_is_too_old(busy: Served) -> None:
    """Trap 35: Daphne would end it with 1000 after a day."""
    with connect(busy.socket_url, compression=None) as socket:
        assert json.loads(socket.recv(timeout=PATIENCE_S))["type"] == "welcome"
        busy.age_sockets()
        socket.send('{"method":"ping","id":"still here"}')
        assert json.loads(socket.recv(timeout=PATIENCE_S))["id"] == "still here"


def test_a_reader_moves_between_processes_on_any_transport(
    tmp_path: Path, redis: RedisServer, eventually: Callable[..., None]
) -> None:
    """One web process on Daphne, one on uvicorn; every leg is on the other one."""
    settings = {"MARKET_REQUESTS_PER_S": "1000", "MARKET_HEARTBEAT_MS": "500"}
    with shared_market(tmp_path, redis, "--rate", "1000", **settings) as market:
        first = market.webs[0]
        eventually(lambda: all(len(web.board()["rows"]) == 60 for web in market.webs))
        traveller = Traveller(list(first.board()["rows"])[:20], first.token)
        for number, transport in enumerate(itertools.islice(itertools.cycle(Transport), 13)):
            host = market.webs[number % 2].host
            traveller.read(transport, host, for_a_leg(traveller, transport))
        assert traveller.gaps == 0
        assert set(traveller.resumed[3:]) == {True}
        assert len(traveller.trades) > 100
        assert traveller.trades == sorted(set(traveller.trades))


def test_a_redis_that_stops_and_comes_back_empty_closes_no_socket(
    tmp_path: Path, redis: RedisServer, eventually: Callable[..., None]
) -> None:
    """Prices are stale meanwhile; afterwards every board is again that of the feed."""
    settings = {"MARKET_HEARTBEAT_MS": "500"}
    with shared_market(tmp_path, redis, "--rate", "400", **settings) as market:
        first = market.webs[0]
        eventually(lambda: all(len(web.board()["rows"]) == 60 for web in market.webs))
        symbols, goal = list(first.board()["rows"])[:20], []
        travellers = [Traveller(symbols, web.token) for web in market.webs]

        def read(traveller: Traveller, web: Served) -> None:
            until = lambda: bool(goal) and traveller.stands_at(goal[0])
            traveller.read(Transport.WEBSOCKET, web.host, until)

        threads = [
            Thread(target=read, args=pair) for pair in zip(travellers, market.webs, strict=True)
        ]
        for thread in threads:
            thread.start()
        eventually(lambda: all(t.trades for t in travellers))
        redis.kill()
        eventually(lambda: all(t.reader.stale_ms for t in travellers))
        redis.start()
        eventually(lambda: not any(t.reader.stale_ms for t in travellers), 10)
        operate_feed(first, "pause_feed")
        paused = lambda t: t.reader.feeds["demo"]["state"] == "PAUSED"
        eventually(lambda: all(paused(traveller) for traveller in travellers))
        eventually(lambda: first.board() == market.webs[1].board())
        goal.append(first.board()["position"])
        for thread in threads:
            thread.join(30)
        rows = {symbol: first.board()["rows"][symbol] for symbol in symbols}
        assert [t.reader.rows for t in travellers] == [rows, rows]
        assert [t.gaps for t in travellers] == [0, 0]
        assert travellers[0].trades == sorted(set(travellers[0].trades))
