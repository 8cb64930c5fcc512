"""The third tier of the oracle: many readers for long, while every line and part is broken.

A feed, a Redis and web processes of their own; lean readers on all transports behind bad lines, of
whom some come and go. What each applies is compared with the tape as the feed wrote it to the bus.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import psutil

from tests.oracle.check import Kind
from tests.oracle.crowd import Crowd, LeanReader
from tests.oracle.ending import position_at_the_end
from tests.oracle.faults import LINE_FAULTS, PART_FAULTS, Moment, each, mend, schedule
from tests.oracle.recorder import Recorder
from tests.oracle.report import MOST_PROBLEMS, Memory, Report, memory_of
from tests.oracle.tape import Account, EngineTape
from tests.support.fault_proxy import FaultProxy, fault_proxy
from tests.support.flatness import Sample
from tests.support.mixed_readers import ROOM, Habits
from tests.support.redis_server import running_redis
from tests.support.shared_market import SharedMarket, shared_market
from tests.support.waiting import rest, until, wait_until

MIB: Final = 2**20
MINUTE_S: Final = 60.0
TAPE_S: Final = 0.1
LOOK_S: Final = 10.0
OPEN_S: Final = 300.0
"""A busy machine takes minutes to let hundreds of readers in."""
ARRIVE_S: Final = 180.0
"""A long-poll that waits to its end is answered twice in a minute."""
BROKEN_S: Final = (2.0, 8.0)
"""How long a line stays bad."""
READERS_OF_LINE: Final = 25
MOST_OF_EACH: Final = 2
"""Problems of one reader that are shown: others follow from the first."""
WATCHED: Final = 0.6
"""The share of a run after which memory must be flat: web processes were started again before."""
SHARE_OF_LINES: Final = 1 / 4
"""The share of the lines that a fault of lines concerns."""
SETTINGS: Final = ROOM | {
    "MARKET_HEARTBEAT_MS": "2000", "MARKET_PING_S": "2", "MARKET_SEND_DEADLINE_S": "5",
    "MARKET_TAPE_EVENTS": "5000",
}  # fmt: skip
"""The tape is short, so that it is full soon: from then on memory must be flat."""
HEAD: Final = (
    "minute  lines open   ticks  frames  faults  skipped doubled wrong  marks  readers' CPU  MiB"
)


class Plan(NamedTuple):
    """What a run is: `plant` names what the web processes do wrong on purpose, if anything."""

    servers: Sequence[str]
    readers: int
    minutes: float
    seed: int
    times: int = 5
    instruments: int = 60
    rate: float = 60.0
    symbols: int = 5
    frames_per_s: float = 1.0
    plant: str = ""


class Breaker:
    """Breaks lines and parts when the schedule says so; `done` counts what it broke."""

    def __init__(self, market: SharedMarket, lines: Sequence[FaultProxy], chance: Random) -> None:
        self.done: Counter[str] = Counter()
        self.mended_s = time.monotonic()
        self._market = market
        self._lines = lines
        self._chance = chance
        self._part = asyncio.Lock()
        self._line_faults = {fault.__name__: fault for fault in LINE_FAULTS}
        self._part_faults = {fault.__name__: fault for fault in PART_FAULTS}

    async def run(self, moments: Sequence[Moment], begun_s: float) -> None:
        """Break what is due until everything was broken and is good again."""
        async with asyncio.TaskGroup() as tasks:
            for moment in moments:
                await rest(max(0.0, begun_s + moment.at_s - time.monotonic()))
                tasks.create_task(self._break(moment.fault))
        for line in self._lines:
            mend(line)

    async def _break(self, name: str) -> None:
        if name in self._part_faults:
            # One part at a time: what one process does while two others are away is another test.
            async with self._part:
                await asyncio.to_thread(self._part_faults[name], self._market, self._chance)
        else:
            lines = self._chance.sample(
                self._lines, max(1, round(SHARE_OF_LINES * len(self._lines)))
            )
            for line in lines:
                mend(line)
                self._line_faults[name](line)
            await rest(self._chance.uniform(*BROKEN_S))
            for line in lines:
                mend(line)
        self.done[name] += 1


class Watch:
    """Looks at the memory of the processes and at what the readers spend."""

    def __init__(self, market: SharedMarket) -> None:
        self._market = market
        self._begun_s = time.monotonic()
        self._samples: dict[str, list[Sample]] = defaultdict(list)
        self._minute = (self._begun_s, time.process_time())
        self.busiest = 0.0

    def look(self) -> None:
        """Take the memory of all that live."""
        for name, pid in self._processes().items():
            with suppress(psutil.Error):
                bytes_now = psutil.Process(pid).memory_info().rss
                self._samples[name].append((time.monotonic() - self._begun_s, bytes_now / MIB))

    def end_minute(self) -> float:
        """Return which share of a core the readers took since the last minute ended."""
        (since_s, spent_s), now = self._minute, (time.monotonic(), time.process_time())
        self._minute = now
        share = (now[1] - spent_s) / max(0.001, now[0] - since_s)
        self.busiest = max(self.busiest, share)
        return share

    def newest(self) -> str:
        """Return the memory of the processes now."""
        return " ".join(f"{samples[-1][1]:.0f}" for samples in self._samples.values())

    def memory(self, seconds: float) -> dict[str, Memory]:
        """Judge the memory of each process while none is ended any more."""
        since_s = WATCHED * seconds
        warm = {
            name: [sample for sample in samples if sample[0] >= since_s]
            for name, samples in self._samples.items()
        }
        return {name: memory_of(samples) for name, samples in warm.items() if len(samples) > 1}

    def _processes(self) -> dict[str, int]:
        return {
            f"{server} {number}": web.process.pid
            for number, (server, web) in enumerate(
                zip(self._market.servers, self._market.webs, strict=True), 1
            )
        }


class Run:
    """One run while it goes on."""

    def __init__(
        self, plan: Plan, market: SharedMarket, tape: EngineTape, recorder: Recorder,
        lines: Sequence[FaultProxy], say: Callable[[str], None],
    ) -> None:  # fmt: skip
        chance = Random(plan.seed)
        account = Account(1, dict.fromkeys(tape.epochs[tape.newest].feeds, 0))
        readers = [LeanReader(f"reader {n}", tape, account) for n in range(plan.readers)]
        habits = Habits(symbols=plan.symbols, stream_rate=plan.frames_per_s)
        urls = [f"http://{line.host}/" for line in lines]
        self.crowd = Crowd(market.webs[0], readers, habits, plan.seed, urls)
        self._plan = plan
        self._market = market
        self._tape = tape
        self._recorder = recorder
        self._breaker = Breaker(market, lines, chance)
        self._moments = schedule(each(plan.times), plan.minutes * MINUTE_S, chance)
        self._watch = Watch(market)
        self._say = say

    async def run(self) -> Report:
        """Let everybody read while everything breaks; then everybody must agree."""
        async with asyncio.TaskGroup() as tasks:
            following = tasks.create_task(self._follow())
            reading = tasks.create_task(self.crowd.read())
            await until(lambda: self.crowd.are_all_fed, OPEN_S)
            begun_s = time.monotonic()
            watching = tasks.create_task(self._report(begun_s))
            await self._breaker.run(self._moments, begun_s)
            await rest(max(0.0, begun_s + self._plan.minutes * MINUTE_S - time.monotonic()))
            arrived_s, away = await self._arrive()
            for task in (watching, reading, following):
                task.cancel()
        self._follow_now()
        return self._found(arrived_s, away)

    async def _arrive(self) -> tuple[float, list[str]]:
        """Stop the market; return how long the last reader took to be there, and who is not."""
        target = await asyncio.to_thread(position_at_the_end, self._market)
        await until(lambda: self._recorder.reaches(target))
        self.crowd.aim(target)
        begun_s = time.monotonic()
        with suppress(TimeoutError):
            await until(lambda: not self.crowd.who_is_away(), ARRIVE_S)
        return time.monotonic() - begun_s, self.crowd.who_is_away()

    async def _follow(self) -> None:
        while True:
            await rest(TAPE_S)
            self._follow_now()

    def _follow_now(self) -> None:
        self.crowd.take(self._tape, self._recorder.take())

    async def _report(self, begun_s: float) -> None:
        """Look at the memory often, and print a line each minute."""
        self._say(HEAD)
        while True:
            minute = (time.monotonic() - begun_s) / MINUTE_S
            self._watch.look()
            share = self._watch.end_minute()
            counts = self._counts()
            self._say(
                f"{minute:6.1f}  {self.crowd.open:10} {self._ticks():7} {self._frames():7}"
                f"  {self._breaker.done.total():6}  {counts[Kind.SKIPPED]:7} "
                f"{counts[Kind.DOUBLED]:7} {counts[Kind.WRONG]:5}  {self._marks():5}"
                f"  {share:12.0%}  {self._watch.newest()}"
            )
            for _ in range(round(MINUTE_S / LOOK_S)):
                await rest(LOOK_S)
                self._watch.look()

    def _counts(self) -> Counter[Kind]:
        total: Counter[Kind] = Counter()
        for reader in self.crowd.lean:
            total += reader.audit.case.counts + reader.notebook.counts
        return total

    def _ticks(self) -> int:
        epochs = self._tape.epochs.values()
        return sum(
            len(instrument.ticks.sequences)
            for epoch in epochs
            for instrument in epoch.instruments.values()
        )

    def _frames(self) -> int:
        return sum(reader.audit.applied for reader in self.crowd.lean)

    def _marks(self) -> int:
        return sum(reader.audit.trades.gap_marks for reader in self.crowd.lean)

    def _found(self, arrived_s: float, away: list[str]) -> Report:
        readers, plan, counts = self.crowd.lean, self._plan, self._counts()
        texts = self._tape.wrong[:MOST_OF_EACH] + [f"{name} did not arrive" for name in away]
        for reader in readers:
            behind = reader.audit.behind()
            own = [*reader.notebook.missing, *reader.audit.wrong, *behind]
            texts += own[:MOST_OF_EACH]
        return Report(
            servers=list(plan.servers),
            readers=plan.readers,
            minutes=plan.minutes,
            seed=plan.seed,
            ticks=self._ticks(),
            epochs=len(self._tape.epochs),
            frames=self._frames(),
            applied=sum(reader.audit.ticker.ticks for reader in readers),
            trades=sum(reader.audit.trades.trades for reader in readers),
            skipped=counts[Kind.SKIPPED],
            doubled=counts[Kind.DOUBLED],
            wrong=counts[Kind.WRONG],
            marks=self._marks(),
            refused=sum(reader.notebook.refused for reader in readers),
            lines=self.crowd.visits,
            faults=dict(sorted(self._breaker.done.items())),
            arrived_s=arrived_s,
            memory=self._watch.memory(plan.minutes * MINUTE_S),
            busiest=self._watch.busiest,
            problems=texts[:MOST_PROBLEMS],
        )


def run_long(plan: Plan, say: Callable[[str], None]) -> Report:
    """Run the readers of a plan; `say` gets a line each minute."""
    flags = ("--instruments", str(plan.instruments), "--rate", str(plan.rate))
    settings = SETTINGS | ({"CENSUS_PLANT": plan.plant} if plan.plant else {})
    reports: list[Report] = []
    try:
        with TemporaryDirectory() as folder, ExitStack() as stack:
            redis = stack.enter_context(running_redis(Path(folder)))
            market = stack.enter_context(
                shared_market(Path(folder), redis, *flags, servers=plan.servers, **settings)
            )
            tape, recorder = EngineTape(), Recorder(redis)
            stack.callback(recorder.stop)
            wait_until(lambda: _begins(tape, recorder) and all(_has_rows(market)))
            count = max(2, plan.readers // READERS_OF_LINE // len(market.webs))
            lines = [
                stack.enter_context(fault_proxy(web.port))
                for web in market.webs for _ in range(count)
            ]  # fmt: skip
            reports.append(asyncio.run(Run(plan, market, tape, recorder, lines, say).run()))
    except AssertionError as error:  # a log has a traceback, or a process did not end well
        if not reports:
            raise
        reports[0].problems.append(f"at the end: {str(error)[-500:]}")
    return reports[0]


def _begins(tape: EngineTape, recorder: Recorder) -> bool:
    for batch in recorder.take():
        tape.take(batch, 0)
    return bool(tape.newest) and bool(tape.epochs[tape.newest].feeds)


def _has_rows(market: SharedMarket) -> list[bool]:
    return [bool(web.board()["rows"]) for web in market.webs]
