"""The memory that a server may have runs short while readers come."""

import re
import selectors
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from threading import Event, Thread
from typing import Final
from urllib.request import urlopen

from dashboard.servers.limits import MIB
from tests.attacks.figures import as_mib
from tests.attacks.registry import Outcome, attack
from tests.attacks.targets import ServerToStart, nothing_yet
from tests.support.memory import memory
from tests.support.mixed_readers import ROOM
from tests.support.raw import SUBSCRIBE, basic, frame, open_socket
from tests.support.served import Served, serve
from tests.support.waiting import PATIENCE_S, wait_until

FIRST_MARK: Final = 0.9
BELOW_MIB: Final = 4
"""So much may come before rates are lowered: some hundred readers."""
MOST: Final = 1500
AT_ONCE: Final = 10
QUIET: Final = {"MARKET_PING_S": "300", "MARKET_SEND_DEADLINE_S": "60"}
"""The readers are bare: they answer no ping."""
NEWS: Final = b"memory is short"
REFUSED: Final = "503 with Retry-After"
NO_DEPTH: Final = "rates and readers are given up; depth is not, as all readers share its texts"


class Draining(Thread):
    """Reads what comes on many sockets; `slowed` are those that were told why they get less."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.slowed: set[socket.socket] = set()
        self.bytes = 0
        self._ended = Event()
        self._selector = selectors.DefaultSelector()

    def add(self, tcp: socket.socket) -> None:
        """Read from a socket, too."""
        self._selector.register(tcp, selectors.EVENT_READ)

    def run(self) -> None:
        """Read until the end is asked for."""
        while not self._ended.is_set():
            for key, _ in self._selector.select(0.2):
                self._read(key.fileobj)

    def end(self) -> None:
        """Read no more, and close every socket."""
        self._ended.set()
        self.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()
        self._selector.close()

    def _read(self, tcp: socket.socket) -> None:
        data = b""
        with suppress(OSError):
            data = tcp.recv(65_536)
        if not data:
            self._selector.unregister(tcp)
            tcp.close()
        self.bytes += len(data)
        if NEWS in data:
            self.slowed.add(tcp)


@attack(
    "memory of the machine runs short",
    expected="depth, then rates, then new readers are given up before the process is killed",
    source="fault: memory pressure",
    at=nothing_yet,
    test="tests/sockets/test_memory_short.py",
)
def short_of_memory(to_start: ServerToStart) -> Outcome:
    with serve(to_start.folder, "--server", to_start.server) as served:
        begun = memory(served)
    limit_mib = round((begun / MIB + BELOW_MIB) / FIRST_MARK)
    settings = ROOM | QUIET | {"MARKET_MEMORY_LIMIT_MIB": str(limit_mib)}
    with (
        serve(to_start.folder, "--server", to_start.server, **settings) as served,
        _draining() as readers,
    ):
        steps = [0]
        while steps[-1] < 2 and served.holdings()["connections"] < MOST:
            for _ in range(AT_ONCE):
                tcp = open_socket(served)
                tcp.sendall(frame(1, SUBSCRIBE))
                readers.add(tcp)
            steps.append(_saving(served))
        return _outcome(served, readers, steps, limit_mib * MIB)


def _outcome(served: Served, readers: Draining, steps: list[int], limit: int) -> Outcome:
    """Look at who goes on, and how somebody new is answered."""
    connected, answer, before = served.holdings()["connections"], _poll(served), readers.bytes
    wait_until(lambda: readers.bytes > before and len(readers.slowed) >= connected // 2)
    used = memory(served)
    text = (
        f"limit {limit // MIB} MiB: slower with {_first(steps, 1)} readers, full with {connected} "
        f"and {as_mib(used)}; {answer} to new ones; {len(readers.slowed)} were told why"
    )
    is_as_built = 1 in steps and steps[-1] == 2 and used <= limit and answer == REFUSED
    return Outcome(text, is_met=False, reason=NO_DEPTH if is_as_built else "")


def _first(steps: list[int], step: int) -> int:
    """Return how many readers there were when a step was seen first."""
    return AT_ONCE * next((number for number, now in enumerate(steps) if now >= step), 0)


def _saving(served: Served) -> int:
    with urlopen(f"{served.url}metrics", timeout=PATIENCE_S) as answer:
        found = re.search(r"^market_memory_saving (\d)", answer.read().decode(), re.MULTILINE)
    assert found is not None
    return int(found[1])


def _poll(served: Served) -> str:
    with closing(HTTPConnection(served.host, timeout=PATIENCE_S)) as line:
        line.request("GET", "/poll/v1/?channels=status", headers={"Authorization": basic(served)})
        answer = line.getresponse()
        return f"{answer.status} with{'' if answer.headers['Retry-After'] else 'out'} Retry-After"


@contextmanager
def _draining() -> Iterator[Draining]:
    readers = Draining()
    readers.start()
    try:
        yield readers
    finally:
        readers.end()
