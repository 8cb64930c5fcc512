"""What is broken while readers read: lines, and the parts of a site; and when, by a seed."""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from random import Random
from typing import Final, NamedTuple

from tests.support.fault_proxy import FaultProxy
from tests.support.readers import for_seconds
from tests.support.shared_market import SharedMarket
from tests.support.waiting import wait_until

FROZEN_S: Final = 4.0
"""How long a part stands still: longer than the silence after which prices are stale."""
READ_S: Final = 1.0
"""In this time who reads from Redis has read what is there."""
EARLY: Final = 0.4
"""The share of a run in which web processes are ended; afterwards their memory can be watched."""


# --- lines ---


def mend(proxy: FaultProxy) -> None:
    """Be a good line again; what is half-open stays so."""
    proxy.mend()


def delay(proxy: FaultProxy) -> None:
    """Deliver everything a moment later."""
    proxy.delay_s = 0.2


def throttle(proxy: FaultProxy) -> None:
    """Deliver little in a second."""
    proxy.bytes_per_s = 8_000


def split(proxy: FaultProxy) -> None:
    """Deliver in small pieces."""
    proxy.piece_bytes = 7


def stall(proxy: FaultProxy) -> None:
    """Deliver nothing, and lose nothing, until it is mended."""
    proxy.stall()


def swallow(proxy: FaultProxy) -> None:
    """Make the open connections half-open."""
    proxy.swallow()


def cut(proxy: FaultProxy) -> None:
    """End the open connections for both sides."""
    proxy.cut()


LINE_FAULTS: Final = (delay, throttle, split, stall, swallow, cut)


# --- parts ---


def kill_feed(market: SharedMarket, _: Random) -> None:
    """End the feed by kill -9, and start it again."""
    market.feed.kill()
    market.feed.start()


def freeze_feed(market: SharedMarket, _: Random) -> None:
    """Let the feed stand still for a while."""
    with _standing_still(market.feed.process.send_signal):
        wait_until(for_seconds(FROZEN_S))


def kill_web(market: SharedMarket, chance: Random) -> None:
    """End a web process by kill -9, and start it again."""
    number = chance.randrange(len(market.webs))
    market.webs[number].kill()
    market.start_web(number)


def freeze_web(market: SharedMarket, chance: Random) -> None:
    """Let a web process stand still for a while."""
    with _standing_still(chance.choice(market.webs).process.send_signal):
        wait_until(for_seconds(FROZEN_S))


def kill_redis(market: SharedMarket, _: Random) -> None:
    """End Redis by kill -9, and start it again, empty."""
    market.redis.kill()
    market.redis.start()


def freeze_redis(market: SharedMarket, _: Random) -> None:
    """Let Redis stand still for a while."""
    with _standing_still(lambda sent: _send(market, sent)):
        wait_until(for_seconds(FROZEN_S))


def flush_redis(market: SharedMarket, chance: Random) -> None:
    """Delete everything in Redis while a web process stands still, which so loses batches.

    The tape is read from Redis as well, and must have them: the feed stands still until it has.
    """
    with _standing_still(chance.choice(market.webs).process.send_signal):
        wait_until(for_seconds(READ_S))
        with _standing_still(market.feed.process.send_signal):
            wait_until(for_seconds(READ_S))
            market.redis.client().flushall()


def cut_redis(market: SharedMarket, _: Random) -> None:
    """End the connections of all clients of Redis."""
    client = market.redis.client()
    for kind in ("normal", "pubsub"):
        client.execute_command("CLIENT", "KILL", "TYPE", kind)


def _send(market: SharedMarket, sent: signal.Signals) -> None:
    assert market.redis.process is not None
    market.redis.process.send_signal(sent)


@contextmanager
def _standing_still(send: Callable[[signal.Signals], object]) -> Iterator[None]:
    send(signal.SIGSTOP)
    try:
        yield
    finally:
        send(signal.SIGCONT)


PART_FAULTS: Final = (
    *(kill_feed, freeze_feed, kill_web, freeze_web),
    *(kill_redis, freeze_redis, flush_redis, cut_redis),
)


# --- when ---


class Moment(NamedTuple):
    """When (s after the begin) which fault begins."""

    at_s: float
    fault: str


def schedule(times: Mapping[str, int], seconds: float, chance: Random) -> list[Moment]:
    """Return so many moments of each fault, in order; those that end web processes come early."""
    moments = [
        Moment(chance.uniform(0, seconds * (EARLY if fault == kill_web.__name__ else 1)), fault)
        for fault, count in times.items()
        for _ in range(count)
    ]
    return sorted(moments)


def each(times: int) -> dict[str, int]:
    """Return that every fault happens so often."""
    return {fault.__name__: times for fault in (*LINE_FAULTS, *PART_FAULTS)}
