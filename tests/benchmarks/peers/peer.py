"""What the benchmark of delivery knows of a server, whichever it is."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.benchmarks.peers.processes import Cores
from tests.benchmarks.readers.wires import Wire


class Work(NamedTuple):
    """Who reads what of which market, and for how long. `pace` is frames a second of a reader.

    `rate` is in ticks/s while it is measured. The project takes the mean of a day, `daily_rate`.
    """

    clients: int
    symbols: int
    instruments: int
    rate: float
    seconds: float
    daily_rate: float = 0.0
    warmup_s: float = 3.0
    pace: float = 10.0


class Bench(NamedTuple):
    """What a server needs to run: cores, a folder, and who ends what was started for it."""

    cores: Cores
    folder: Path
    stack: ExitStack


def do_nothing() -> None:
    """Begin what has begun by itself."""


@dataclass
class Running:
    """A server that runs.

    `process` is the number of its process, `others` those of helpers by their names. `begin` makes
    the ticks begin once all readers are there. A server that is only drained has no wire: each of
    its frames has `frame_bytes` and `frame_updates`.
    """

    port: int
    process: int
    wire: Wire | None
    symbols: list[str]
    others: dict[str, int] = field(default_factory=dict)
    begin: Callable[[], None] = do_nothing
    frame_bytes: int = 0
    frame_updates: int = 0


Start = Callable[[Work, Bench], Running]


class Peer(NamedTuple):
    """A server of the comparison.

    One that does not conflate sends each tick by itself. For such a server the greatest rate of
    ticks is looked for that it bears.
    """

    start: Start
    conflates: bool
    text: str


@contextmanager
def running_peer(peer: Peer, work: Work, cores: Cores) -> Iterator[Running]:
    """Run a server with all that it needs."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder, ExitStack() as stack:
        yield peer.start(work, Bench(cores, Path(folder), stack))


def made_up_symbols(instruments: int) -> list[str]:
    """Return the symbols of the markets that the peers make."""
    return [f"S{number:04}" for number in range(instruments)]
