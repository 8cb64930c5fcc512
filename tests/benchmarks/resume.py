"""How soon all readers are back after their sockets were cut, and what they ask of the database.

    uv run python -m tests.benchmarks.resume --clients 1000

Each reader is another person with another token, and connects again at once, without a back-off. It
is back with the first update after the position at which it stood. What the server asks for the
market is taken out: its statements in 12 s in which nobody came or went.
"""

import asyncio
import time
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from msgspec.structs import replace

from dashboard.loadtest.clients import Client, catalogue, client_of
from dashboard.loadtest.plan import Plan, Tally
from tests.support.served import Served, serve
from tests.support.waiting import rest

SERVERS: Final = ("uvicorn", "daphne")
LOOK_S: Final = 0.01
REST_S: Final = 12.0
"""The market looks at all its rows every 10 s."""
MOST_S: Final = 60.0
AT_ONCE: Final = 50
"""Readers that connect at the same time in the beginning, which is not measured."""
PEOPLE: Final = """
import django
django.setup()
from django.contrib.auth.models import Group, User
from pathlib import Path
from tests.support.tokens import make_token
groups = User.objects.get(username="viewer").groups.all()
lines = []
for number in range({count}):
    user = User.objects.create(username=f"reader{{number}}")
    user.groups.set(groups)
    lines.append(f"{{user.username}} {{make_token(user)}}")
Path({file!r}).write_text("\\n".join(lines))
"""


class Comeback(NamedTuple):
    """Seconds until half, 99 of 100 and all readers were back, and what did not go well."""

    half_s: float
    most_s: float
    all_s: float
    snapshots: int
    gaps: int
    statements: Counter[str]


class Returner:
    """A reader that connects again whenever its socket ends."""

    def __init__(self, plan: Plan, symbols: list[str]) -> None:
        self._plan, self._symbols = plan, symbols
        self.tally = Tally()
        self.tally.is_measuring = True
        self.opened = asyncio.Event()
        self._client: Client | None = None

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            self._client = client_of(self._plan, self.tally, self._symbols)
            try:
                await self._client.read(self.opened)
            except (OSError, asyncio.IncompleteReadError):
                self.tally.reconnects += 1
            finally:
                self._client.close()


async def come_back(served: Served, plan: Plan, people: list[tuple[str, str]]) -> Comeback:
    """Open a socket for each person, cut them all, and wait until all are back."""
    symbols = (await catalogue(plan))[: plan.symbols]
    readers = [Returner(replace(plan, user=name, token=token), symbols) for name, token in people]
    tasks = []
    for first in range(0, len(readers), AT_ONCE):
        batch = readers[first : first + AT_ONCE]
        tasks += [asyncio.create_task(reader.run()) for reader in batch]
        await asyncio.gather(*(reader.opened.wait() for reader in batch))
    try:
        await asyncio.to_thread(served.statements)
        await rest(REST_S)
        usual = Counter(await asyncio.to_thread(served.statements))
        return await _cut(served, readers, usual)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _cut(served: Served, readers: list[Returner], usual: Counter[str]) -> Comeback:
    for reader in readers:
        reader.tally.snapshots = reader.tally.gaps = 0
    began_s = time.monotonic()
    await asyncio.to_thread(served.end_sockets)
    stood = [reader.tally.sequence for reader in readers]
    back: list[float] = []
    waiting = set(range(len(readers)))
    while waiting and time.monotonic() - began_s < MOST_S:
        await rest(LOOK_S)
        now_s = time.monotonic() - began_s
        came = {at for at in waiting if readers[at].tally.sequence > stood[at]}
        waiting -= came
        back += [now_s] * len(came)
    if waiting:
        raise SystemExit(f"{len(waiting)} readers did not come back in {MOST_S:.0f} s")
    found = Counter(await asyncio.to_thread(served.statements))
    return Comeback(
        back[len(back) // 2],
        back[len(back) * 99 // 100],
        back[-1],
        sum(reader.tally.snapshots for reader in readers),
        sum(reader.tally.gaps for reader in readers),
        found - usual,
    )


def measure(server: str, clients: int, symbols: int) -> Comeback:
    """Cut so many readers of a server, and return how they came back."""
    limits = {"MARKET_MAX_SUBSCRIBERS": str(clients + 10)}
    flags = ("--server", server, "--instruments", "500", "--rate", "2000")
    with TemporaryDirectory() as folder, serve(Path(folder), *flags, **limits) as served:
        file = Path(folder) / "people"
        served.run(PEOPLE.format(count=clients, file=str(file)))
        people = [(name, token) for name, token in map(str.split, file.read_text().splitlines())]
        plan = Plan(
            url=served.url, user="viewer", token=served.token,
            clients=clients, symbols=symbols, seconds=0, warmup_s=0,
        )  # fmt: skip
        return asyncio.run(come_back(served, plan, people))


def main() -> None:
    """Print the figures of each server, and the statements that the readers caused."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--symbols", type=int, default=20, help="of each client")
    parser.add_argument("--server", choices=SERVERS)
    options = parser.parse_args()
    for server in [options.server] if options.server else SERVERS:
        found = measure(server, options.clients, options.symbols)
        print(
            f"{server}: half back in {found.half_s:.2f} s, 99 % in {found.most_s:.2f} s, all in "
            f"{found.all_s:.2f} s; {found.snapshots} snapshots, {found.gaps} gaps; "
            f"{found.statements.total()} statements",
            flush=True,
        )
        for text, count in found.statements.most_common():
            print(f"  {count} x {text}", flush=True)


if __name__ == "__main__":
    main()
