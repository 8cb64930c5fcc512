"""Real processes behind bad lines: what each reader applied is what the feed said.

The second tier of the oracle. Both servers, all transports, a feed and a Redis of the tests' own.
The truth is the tape as the feed wrote it to the bus.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from dashboard.wire.registry import Transport
from tests.oracle.audit import ReaderAudit
from tests.oracle.bad_line_readers import BadLineReader
from tests.oracle.ending import position_at_the_end
from tests.oracle.faults import LINE_FAULTS, mend
from tests.oracle.recorder import Recorder
from tests.oracle.tape import Account, EngineTape
from tests.support.fault_proxy import FaultProxy, fault_proxy
from tests.support.readers import for_seconds
from tests.support.redis_server import RedisServer
from tests.support.shared_market import SharedMarket, shared_market
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

SEED = 7
STEPS, STEP_S = 24, 0.8
FAIL_OVER_AT = STEPS // 2
SETTINGS = {
    "MARKET_HEARTBEAT_MS": "500", "MARKET_PING_S": "2", "MARKET_SEND_DEADLINE_S": "3",
    "MARKET_REQUESTS_PER_S": "1000", "MARKET_CONNECTIONS_PER_USER": "1000",
}  # fmt: skip


FAULTS = (*LINE_FAULTS, mend)


@pytest.fixture
def market(tmp_path: Path, redis: RedisServer) -> Iterator[SharedMarket]:
    """A web process on each kind of server, and a feed."""
    flags = ("--instruments", "20", "--rate", "200")
    with shared_market(tmp_path, redis, *flags, **SETTINGS) as market:
        yield market


def test_what_readers_applied_is_what_the_feed_said(
    market: SharedMarket, redis: RedisServer, record_property: Any
) -> None:
    recorder = Recorder(redis)
    for web in market.webs:
        wait_until(lambda web=web: web.board()["rows"])
    target: list[str] = []
    with ExitStack() as stack:
        readers = [
            BadLineReader(symbols, web.token, transport, stack.enter_context(fault_proxy(web.port)))
            for web in market.webs
            for transport in Transport
            for symbols in (["*"], list(web.board()["rows"])[:5])
        ]
        threads = [
            Thread(target=reader.read_until, args=(has_arrived(target),)) for reader in readers
        ]
        for thread in threads:
            thread.start()
        figures = break_everything(market, [reader.proxy for reader in readers])
        target.append(position_at_the_end(market))
        start_s = time.monotonic()
        for thread in threads:
            thread.join(60)
        figures["ms until all had arrived"] = round(1000 * (time.monotonic() - start_s))
        assert not any(thread.is_alive() for thread in threads)
    wait_until(lambda: recorder.reaches(target[0]))
    recorder.stop()
    audits = compare(recorder, readers)
    figures["lines"] = sum(reader.notebook.lines for reader in readers)
    figures["frames"] = sum(audit.applied for audit in audits)
    figures["ticks"] = sum(audit.ticker.ticks for audit in audits)
    figures["trades"] = sum(audit.trades.trades for audit in audits)
    record_property("figures", ", ".join(f"{count} {what}" for what, count in figures.items()))
    assert [reader.failure for reader in readers if reader.failure] == []
    assert [text for reader in readers for text in reader.notebook.missing] == []
    assert [text for audit in audits for text in audit.wrong + audit.behind()] == []
    assert min(audit.applied for audit in audits) > 20


def has_arrived(target: list[str]) -> Callable[[BadLineReader], bool]:
    """Return whether a reader stands at the target, or was answered twice since there is one."""
    seen: dict[BadLineReader, int] = {}

    def ask(reader: BadLineReader) -> bool:
        if not target:
            return False
        first = seen.setdefault(reader, reader.answers)
        return reader.stands_at(target[0]) or reader.answers >= first + 2

    return ask


def break_everything(market: SharedMarket, proxies: list[FaultProxy]) -> Counter[str]:
    """Change some lines at every step, kill the feed on the way; then everything is good again."""
    chance, done = random.Random(SEED), Counter[str]()
    for step in range(STEPS):
        for proxy in chance.sample(proxies, len(proxies) // 4):
            fault = chance.choice(FAULTS)
            done[fault.__name__] += 1
            proxy.mend()
            fault(proxy)
        if step == FAIL_OVER_AT:
            market.feed.kill()
            market.feed.start()
        wait_until(for_seconds(STEP_S))
    for proxy in proxies:
        proxy.mend()
    return done


def compare(recorder: Recorder, readers: list[BadLineReader]) -> list[ReaderAudit]:
    """Compare the notes of every reader with the tape; everybody here sees everything."""
    tape = EngineTape()
    for batch in recorder.take():
        tape.take(batch, 0)
    assert tape.wrong == []
    assert len(tape.epochs) == 2
    account = Account(1, dict.fromkeys(tape.epochs[tape.newest].feeds, 0))
    return [
        reader.audit(ReaderAudit(tape, account, f"{reader.transport} {reader.symbols}"))
        for reader in readers
    ]
