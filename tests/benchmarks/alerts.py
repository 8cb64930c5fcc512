"""What judging costs: 10,000 alerts of all kinds on 500 instruments, at 2,000 ticks a second.

It measures CPU time of the judge alone, with batches of 40 ms as the runner makes them, after a
warm-up. `uv run python -m tests.benchmarks.alerts --alerts 10000 --rate 2000 --seconds 60`
"""

import argparse
import random
import time
from collections.abc import Iterator
from decimal import Decimal

from dashboard.alerts.judge import Judge
from dashboard.alerts.rules import MOVES, PRICES, Condition, Frequency, Kind, Match, Rule
from feeds.market.events import Batch, Event, Phase, Quote, Side, Status, Trade
from tests.support.market_script import NOW, listing

INSTRUMENTS = 500
FLUSH_MS = 40
GOAL = 0.10
"""Share of a core."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=2_000)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    chance = random.Random(1)
    keys = [f"S{number:03}" for number in range(INSTRUMENTS)]
    judge = Judge()
    opening = [*map(listing, keys), *(Status(key, Phase.OPEN, "", NOW, 1) for key in keys)]
    judge.take(Batch("e", 1, tuple(opening)), NOW)
    judge.replace(rule(id, chance, keys) for id in range(options.alerts))
    batches = list(ticks(chance, keys, options.rate, options.seconds + 10))
    warm = 10_000 // FLUSH_MS
    firings = 0
    for batch, now_ms in batches[:warm]:
        judge.take(batch, now_ms)
    began_s = time.process_time()
    for batch, now_ms in batches[warm:]:
        firings += len(judge.take(batch, now_ms))
        judge.changes()
    share = (time.process_time() - began_s) / options.seconds
    print(f"{options.alerts} alerts, {options.rate} ticks/s, {firings} firings")
    print(f"{share:.1%} of a core, {1e6 * share / options.rate:.1f} us per tick, goal {GOAL:.0%}")


def rule(id: int, chance: random.Random, keys: list[str]) -> Rule:
    """Return a rule of one to three conditions near the price, as people make them."""
    conditions = tuple(condition(chance) for _ in range(chance.choice((1, 1, 1, 2, 3))))
    return Rule(
        id=id,
        revision=1,
        keys=(chance.choice(keys),),
        conditions=conditions,
        match=chance.choice(list(Match)),
        frequency=chance.choice(list(Frequency)),
        cooldown_ms=60_000,
        hysteresis=Decimal("0.001"),
    )


def condition(chance: random.Random) -> Condition:
    kind = chance.choice(list(Kind))
    value = chance.uniform(90, 110) if kind in PRICES else chance.uniform(0.5, 5)
    window_s = chance.choice((60, 300, 900, 3600)) if kind in MOVES else 0
    return Condition(kind, Decimal(f"{value:.2f}"), window_s)


def ticks(
    chance: random.Random, keys: list[str], rate: int, seconds: int
) -> Iterator[tuple[Batch, int]]:
    """Yield batches of a random walk: two of three ticks are quotes."""
    prices = dict.fromkeys(keys, 10_000)
    sequence, now_ms = 2 * len(keys), NOW
    for _ in range(seconds * 1000 // FLUSH_MS):
        now_ms += FLUSH_MS
        events: list[Event] = []
        for _ in range(rate * FLUSH_MS // 1000):
            key = chance.choice(keys)
            prices[key] = price = max(2, prices[key] + chance.randint(-3, 3))
            if chance.random() < 2 / 3:
                events.append(Quote(key, price - 1, price + 1, 100, 100, now_ms))
            else:
                events.append(Trade(key, price, chance.randint(1, 500), Side.BUY, now_ms))
        batch = Batch("e", sequence + 1, tuple(events))
        sequence = batch.last
        yield batch, now_ms


if __name__ == "__main__":
    main()
