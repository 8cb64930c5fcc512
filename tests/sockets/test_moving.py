"""One reader on changing transports loses nothing and is told nothing twice, on both servers."""

import itertools
from collections.abc import Iterator
from threading import Thread

import pytest

from dashboard.servers.listening import SERVERS
from dashboard.wire.registry import Transport
from tests.readers import Traveller, for_seconds
from tests.served import Served, serve

LEG_S = 0.7
LEGS = 24


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
    """A witness on one socket says what there was; the traveller changes 24 times."""
    symbols = list(busy.board()["rows"])[:20]
    witness, traveller = Traveller(symbols, busy.token), Traveller(symbols, busy.token)
    meeting: list[str] = []

    def watch() -> None:
        witness.ride(
            Transport.WEBSOCKET,
            busy.host,
            lambda: bool(meeting) and witness.stands_at(meeting[0]),
        )

    thread = Thread(target=watch)
    thread.start()
    for transport in itertools.islice(itertools.cycle(Transport), LEGS):
        traveller.ride(transport, busy.host, for_seconds(LEG_S))
    meeting.append(busy.board()["position"])
    traveller.ride(Transport.WEBSOCKET, busy.host, lambda: traveller.stands_at(meeting[0]))
    thread.join()
    assert traveller.gaps == witness.gaps == 0
    assert set(traveller.resumed[3:]) == {True}
    first = max(witness.trades[0], traveller.trades[0])
    told, truth = ([i for i in one.trades if i >= first] for one in (traveller, witness))
    shared = min(len(told), len(truth))
    assert shared > 100
    assert told[:shared] == truth[:shared]
    assert traveller.trades == sorted(set(traveller.trades))
