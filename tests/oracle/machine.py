"""A market, two web processes and four readers, and everything that can go wrong, as rules."""

import sys
from collections import Counter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dashboard.wire.personal import Personal
from dashboard.wire.registry import Transport
from tests.oracle.agreement import mend_and_agree
from tests.oracle.clients import Client
from tests.oracle.commands import RETRY_S
from tests.oracle.world import (
    ACCOUNTS,
    COMES_AND_GOES,
    DEADLINE_S,
    LISTED,
    OPEN,
    RESTRICTED,
    SWEEP_S,
    World,
)

SYMBOLS = (*LISTED[OPEN], *LISTED[RESTRICTED], COMES_AND_GOES)
INTERVALS = ("1s", "5s", "1m")
TOTALS: Counter[str] = Counter()
"""What all sequences of a run did: a run that did little proves little."""

symbols = st.sampled_from(SYMBOLS)
pauses = st.sampled_from([0.12, 0.25, 0.6])
readers = st.integers(0, 3)
processes = st.integers(0, 1)
kinds = st.sampled_from(list(ACCOUNTS))
transports = st.sampled_from([Transport.WEBSOCKET, *Transport])
prices = st.integers(9_000, 11_000)
some_symbols = st.sets(symbols, min_size=1, max_size=4) | st.just({"*"})
fields = st.none() | st.just(("p",)) | st.just(("b", "a", "ph"))
pairs = st.sets(st.tuples(symbols, st.sampled_from(INTERVALS)), max_size=2)


class Market(RuleBasedStateMachine):
    """Each rule is a thing that people, the market or a fault may do; at the end all must agree."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.clients: list[Client] = []
        TOTALS["sequences"] += 1

    @initialize(
        who=st.lists(kinds, min_size=4, max_size=4),
        over=st.lists(transports, min_size=4, max_size=4),
        wanted=st.lists(st.tuples(some_symbols, fields, pairs), min_size=4, max_size=4),
    )
    def begin(self, who: list[str], over: list[Transport], wanted: list[Any]) -> None:
        for number, kind in enumerate(who):
            self.world.rows.personal[number] = Personal((f"canary-{number}-0",), 0, ())
            names, keys, bars = wanted[number]
            self.join(number, kind, over[number], names, bars, keys)
        self.world.advance(0.3)

    def join(
        self, number: int, kind: str, transport: Transport, names: set[str], bars: set[Any],
        keys: tuple[str, ...] | None,
    ) -> Client:  # fmt: skip
        channels: dict[str, Any] = {"status": (), "ticker": names, "trades": names, "personal": ()}
        if bars:
            channels["bars"] = bars

        async def make() -> Client:
            return Client(self.world, number, kind, transport, fields=keys, **channels)

        client: Client = self.world.run(make())
        self.clients.append(client)
        return client

    # --- the market -------------------------------------------------------------------------
    @rule(symbol=symbols, kind=st.sampled_from(["quote", "trade"]), price=prices, seconds=pauses)
    def tick(self, symbol: str, kind: str, price: int, seconds: float) -> None:
        self.world.wanted.append((symbol, kind, price))
        self.world.advance(seconds)

    @rule(count=st.integers(3, 40), price=prices, picks=st.integers(1, 5), seconds=pauses)
    def many_ticks(self, count: int, price: int, picks: int, seconds: float) -> None:
        for number in range(count):
            kind = "trade" if number % 3 == 0 else "quote"
            name = SYMBOLS[number * picks % len(SYMBOLS)]
            self.world.wanted.append((name, kind, price + number * 7 % 90))
        self.world.advance(seconds)

    @rule(count=st.integers(1, 6), price=prices, symbol=symbols, seconds=pauses)
    def trades_of_one_symbol(self, count: int, price: int, symbol: str, seconds: float) -> None:
        for number in range(count):
            self.world.wanted.append((symbol, "trade", price + number))
        self.world.advance(seconds)

    def stir(self, names: set[str] | None, seconds: float = 0.35) -> None:
        """Let these symbols trade for a while, so that a rule shows what it changed."""
        for _ in range(3):
            for number, name in enumerate(sorted(SYMBOLS if names in (None, {"*"}) else names)):
                price = 9_500 + number + round(self.world.loop.time() * 10) % 400
                self.world.wanted += [(name, "quote", price), (name, "trade", price)]
            self.world.advance(seconds / 3)

    @rule(seconds=st.sampled_from([0.05, 0.1, 0.3, 1.0, 2.0, 4.0]))
    def wait(self, seconds: float) -> None:
        self.world.advance(seconds)

    @rule(symbol=st.sampled_from(LISTED[OPEN] + LISTED[RESTRICTED]), reason=st.sampled_from("ab"))
    def halt_or_resume(self, symbol: str, reason: str) -> None:
        feed = RESTRICTED if symbol in LISTED[RESTRICTED] else OPEN
        halts = dict(self.world.rows.plans[feed].halts)
        if halts.pop(symbol, None) is None:
            halts[symbol] = f"news {reason}"
        self.world.replan(feed, halts=halts)

    @rule(listed=st.booleans())
    def list_or_delist(self, listed: bool) -> None:
        self.world.list_more(listed=listed)

    @rule(feed=st.sampled_from([OPEN, RESTRICTED]), rate=st.integers(1, 300))
    def change_status(self, feed: str, rate: int) -> None:
        self.world.replan(feed, rate=rate)

    # --- faults of feed and bus -------------------------------------------------------------
    @rule(quiet=st.booleans())
    def stall_or_thaw_feed(self, quiet: bool) -> None:
        TOTALS["faults"] += 1
        if quiet:
            self.world.stall_feed()
        else:
            self.world.thaw_feed()

    @rule()
    def fail_over(self) -> None:
        TOTALS["faults"] += 1
        self.world.run(self._fail_over())

    async def _fail_over(self) -> None:
        self.world.thaw_feed()
        self.world.start_feed()

    @rule(number=readers)
    def fail_over_behind_a_back(self, number: int) -> None:
        """The new epoch has as many events as the reader knew when it comes back."""
        TOTALS["faults"] += 1
        self.clients[number].leave()
        self.world.run(self._fail_over())
        self.world.advance(0.12)
        for _ in range(4):
            self.stir(None, 0.06)

    @rule(number=processes, losses=st.integers(1, 3))
    def lose_batches(self, number: int, losses: int) -> None:
        TOTALS["faults"] += 1
        self.world.servers[number].wire.losses = losses

    @rule(number=processes)
    def repeat_a_batch(self, number: int) -> None:
        TOTALS["faults"] += 1
        self.world.servers[number].wire.repeats = 1

    @rule(number=processes, delay_s=st.sampled_from([0.0, 0.05, 0.3]))
    def slow_bus(self, number: int, delay_s: float) -> None:
        TOTALS["faults"] += 1
        self.world.servers[number].wire.delay_s = delay_s

    @rule(number=processes)
    def flush(self, number: int) -> None:
        TOTALS["faults"] += 1
        self.world.servers[number].wire.is_flushed = True

    @rule(number=processes, down=st.booleans())
    def break_or_mend_bus(self, number: int, down: bool) -> None:
        TOTALS["faults"] += 1
        self.world.servers[number].wire.is_down = down

    @rule(number=processes, kindly=st.booleans())
    def restart(self, number: int, kindly: bool) -> None:
        TOTALS["faults"] += 1
        self.world.restart(number, kindly=kindly)

    # --- faults of lines --------------------------------------------------------------------
    @rule(number=readers)
    def cut(self, number: int) -> None:
        TOTALS["faults"] += 1
        self.clients[number].leave()

    @rule(number=readers, how=st.sampled_from(["slow", "stalled", "half-open", "good"]))
    def worsen(self, number: int, how: str) -> None:
        TOTALS["faults"] += 1
        line = self.clients[number].line
        if line is None:
            return
        if how == "good":
            line.mend()
        else:
            line.worsen(
                delay_s=0.4 if how == "slow" else 0.0,
                stalls=how == "stalled", half_open=how == "half-open",
            )  # fmt: skip

    @rule(number=readers)
    def stall_for_long(self, number: int) -> None:
        """A reader that accepts nothing is cut after the deadline, not kept for ever."""
        TOTALS["faults"] += 1
        if (line := self.clients[number].line) is not None:
            line.worsen(stalls=True)
        for _ in range(6):
            self.stir(None, 0.6)

    @rule(number=readers, listed=st.booleans(), fails_over=st.booleans(), parts=st.integers(1, 4))
    def interrupt_a_snapshot(self, number: int, listed: bool, fails_over: bool, parts: int) -> None:
        """The line ends between the frames of a snapshot, and the next one has other things."""
        TOTALS["faults"] += 1
        client, slow_s = self.clients[number], 0.1
        client.leave()
        self.world.advance(RETRY_S + 0.01)
        if client.line is not None:
            client.line.worsen(delay_s=slow_s)
        self.world.advance(slow_s * 4 * parts)
        self.world.list_more(listed=listed)
        if fails_over:
            self.world.run(self._fail_over())
        client.leave()

    @rule(number=readers, count=st.integers(1, 2))
    def repeat_frames(self, number: int, count: int) -> None:
        TOTALS["faults"] += 1
        self.clients[number].doubles = count

    @rule(number=readers)
    def split_pieces(self, number: int) -> None:
        self.clients[number].splits = True

    @rule(number=readers, transport=transports, other=st.booleans())
    def move(self, number: int, transport: Transport, other: bool) -> None:
        TOTALS["faults"] += 1
        server = self.world.servers[(number + other) % 2]
        self.clients[number].move(transport, server)

    @rule(number=readers, keeps=st.booleans())
    def forget_position(self, number: int, keeps: bool) -> None:
        self.clients[number].wanted.keeps_position = keeps
        self.clients[number].leave()

    # --- commands ---------------------------------------------------------------------------
    @rule(number=readers, names=st.sets(symbols, min_size=1, max_size=2))
    def subscribe(self, number: int, names: set[str]) -> None:
        self.clients[number].want("ticker", names)
        self.clients[number].want("trades", names)
        self.stir(names)

    @rule(number=readers, names=st.none() | st.sets(symbols, min_size=1, max_size=2))
    def unsubscribe(self, number: int, names: set[str] | None) -> None:
        self.clients[number].drop("ticker", names)
        self.clients[number].drop("trades", names)
        self.stir(names)

    @rule(number=readers, more=pairs)
    def subscribe_bars(self, number: int, more: set[Any]) -> None:
        if more:
            self.clients[number].want("bars", more)

    @rule(number=readers, channel=st.sampled_from(["bars", "status"]))
    def unsubscribe_channel(self, number: int, channel: str) -> None:
        self.clients[number].drop(channel)
        self.world.replan(OPEN, reason=f"look {self.world.loop.time():.2f}")
        self.stir(None)

    @rule(number=readers)
    def subscribe_status(self, number: int) -> None:
        if "status" not in self.clients[number].wanted.channels:
            self.clients[number].want("status", ())

    @rule(number=readers, paused=st.booleans(), max_rate=st.none() | st.sampled_from([0.5, 2, 20]))
    def set_pace(self, number: int, paused: bool, max_rate: float | None) -> None:
        self.clients[number].set_pace(max_rate, paused=paused)
        for _ in range(3):
            self.stir(None)

    @rule(number=readers, max_rate=st.sampled_from([0.5, 1, 2]))
    def slow_down(self, number: int, max_rate: float) -> None:
        self.clients[number].set_pace(max_rate, paused=False)
        for _ in range(4):
            self.stir(None)

    @rule(number=readers, paint_ms=st.sampled_from([1, 60, 400]))
    def acknowledge(self, number: int, paint_ms: float) -> None:
        self.clients[number].acknowledge(paint_ms)

    # --- people -----------------------------------------------------------------------------
    @rule(number=readers)
    def notify(self, number: int) -> None:
        self.world.rows.notify(number, self.world.clock.now_ms())
        self.world.poke_people(number)

    @rule(number=readers)
    def read_notifications(self, number: int) -> None:
        self.world.rows.read(number)
        self.world.poke_people(number)

    @rule(number=readers)
    def sign_out_or_in(self, number: int) -> None:
        TOTALS["faults"] += 1
        client = self.clients[number]
        if client.may_read:
            client.sign_out()
            self.stir(None, 1.2)
        else:
            client.sign_in()

    @rule(number=readers, kind=kinds)
    def change_access(self, number: int, kind: str) -> None:
        TOTALS["faults"] += 1
        self.clients[number].change_access(kind)
        self.stir(None, 1.2)

    # --- what always holds ------------------------------------------------------------------
    @invariant()
    def nothing_is_wrong(self) -> None:
        wrong = self.world.wrong + self.world.tape.wrong
        for client in self.clients:
            wrong += client.audit.wrong
            if client.line is not None and client.line.blocked_for_s > DEADLINE_S + 2 * SWEEP_S:
                wrong.append(f"{client.audit.case.name} accepted nothing and was not cut")
        assert not wrong, "\n".join(wrong[:5])

    def teardown(self) -> None:
        try:
            if self.clients and sys.exc_info()[0] is None:
                mend_and_agree(self.world, self.clients)
                self.nothing_is_wrong()
        finally:
            count(self.clients)
            self.world.end()


def count(clients: list[Client]) -> None:
    """Add what these readers got to the totals."""
    for client in clients:
        audit = client.audit
        TOTALS["frames"] += audit.applied
        TOTALS["ticks"] += audit.ticker.ticks
        TOTALS["merged ticks"] += audit.ticker.merged
        TOTALS["trades"] += audit.trades.trades
        TOTALS["gap marks"] += audit.trades.gap_marks
        TOTALS["resumes"] += client.resumes
        TOTALS["snapshots"] += client.snapshots
