"""Says of each fact whether a market is in its band, outside it, or cannot be judged yet.

Pure. Must not know how anything is measured. What a verdict rests on was found by sweeps of the
simulated market (`tests/benchmarks/realism.py`): with less, chance decides.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from feeds.realism.collector import TradeCollector
from feeds.realism.days import DayFacts
from feeds.realism.sample import MarketSample
from feeds.realism.statistics import FACTS, Fact

LEAST_RATE: Final = 20.0
GREATEST_RATE: Final = 2_000.0
"""The target rates of a simulated feed, in ticks/s, for which the bands hold."""
RATE_SLACK: Final = 1.25
"""Days at another rate than the newest, by more than this factor, are another market."""
LEAST_DENSITY: Final = 0.2
"""Trades of an instrument in a minute. The default demo has 0.5 at 20 ticks/s."""


class Verdict(StrEnum):
    """What can be said about a fact."""

    IN = "in the band"
    OUT = "outside the band"
    UNKNOWN = "cannot judge yet"


class Demand(NamedTuple):
    """The least that a verdict rests on; `pairs` asks for two sectors of two instruments each."""

    days: int
    instruments: int
    pairs: bool = False
    hours: bool = False


DEMANDS: Final = {fact.number: Demand(10, 16) for fact in FACTS} | {
    2: Demand(15, 16),
    3: Demand(15, 16),
    9: Demand(5, 16, hours=True),
    10: Demand(10, 16, pairs=True),
    11: Demand(10, 16, pairs=True),
    12: Demand(5, 16),
}
"""By the number of the fact."""
DAYS_NEEDED: Final = max(demand.days for demand in DEMANDS.values())
"""With so many whole days every fact is judged."""


class Finding(NamedTuple):
    """A fact of real markets: what was measured, the band, and the verdict.

    `missing` says in words what a verdict still needs, "" if there is one.
    """

    number: int
    name: str
    values: tuple[float, ...]
    band: str
    verdict: Verdict
    missing: str = ""


class Certificate(NamedTuple):
    """What is said about a market, and what it rests on.

    `days` and `symbols` are those that were looked at. `remarks` say which days were not, and why.
    `market` is None without a whole day.
    """

    days: int
    symbols: int
    findings: tuple[Finding, ...]
    remarks: tuple[str, ...]
    market: MarketSample | None = None

    @property
    def verdict(self) -> Verdict:
        """Return the worst verdict; what cannot be judged is worse than what is in the band."""
        found = {finding.verdict for finding in self.findings}
        return next(
            (verdict for verdict in (Verdict.OUT, Verdict.UNKNOWN) if verdict in found), Verdict.IN
        )

    def count(self, verdict: Verdict) -> int:
        """Return how many findings have a verdict."""
        return sum(finding.verdict is verdict for finding in self.findings)


def certificate_of(watch: TradeCollector, *, has_rate: bool) -> Certificate:
    """Judge the whole days that were collected; `has_rate` if the feed makes a rate of its own."""
    facts = watch.facts()
    whole = watch.whole_days()
    days = [day for day in whole if not has_rate or _is_same_rate(facts[day], _newest(facts))]
    remarks = _remarks(facts, whole, days)
    try:
        market = watch.sample(days) if days else None
    except ValueError:
        market = None
    trouble = _trouble_of(_newest(facts), market) if has_rate else _trouble_of(None, market)
    findings = tuple(_finding(fact, market, trouble) for fact in FACTS)
    symbols = watch.symbols if market is None else len(market.sectors)
    return Certificate(len(days), symbols, findings, remarks, market)


def _newest(facts: Mapping[int, DayFacts]) -> DayFacts | None:
    """Return what was told of the newest day that has a rate."""
    rated = [day for day, fact in facts.items() if fact.greatest_rate]
    return facts[max(rated)] if rated else None


def _is_same_rate(fact: DayFacts, newest: DayFacts | None) -> bool:
    """Say whether a day had one rate, and that of the newest day; days without a rate pass."""
    if newest is None or not fact.greatest_rate:
        return True
    rates = fact.least_rate, fact.greatest_rate, newest.last_rate
    return max(rates) <= RATE_SLACK * min(rates)


def _remarks(facts: Mapping[int, DayFacts], whole: list[int], days: list[int]) -> tuple[str, ...]:
    """Return why days that were seen are left out."""
    # The newest day is usually still going on.
    is_going_on = bool(facts) and facts[max(facts)].close_ms is None and max(facts) not in whole
    parts, others = len(facts) - len(whole) - is_going_on, len(whole) - len(days)
    remarks = []
    if parts:
        remarks.append(
            f"{_count(parts, 'day')} left out: not seen from open to close, with a long silence, "
            "or of another length (an early close)"
        )
    if others:
        remarks.append(f"{_count(others, 'day')} left out: made at another rate")
    return tuple(remarks)


def _trouble_of(newest: DayFacts | None, market: MarketSample | None) -> str:
    """Return what makes any verdict impossible, "" if nothing does."""
    rate = 0.0 if newest is None else newest.last_rate
    if rate and not LEAST_RATE <= rate <= GREATEST_RATE:
        bounds = f"{LEAST_RATE:g} to {GREATEST_RATE:,.0f} ticks/s"
        return f"works from {bounds}; this feed makes {rate:,.6g}"
    if market is not None and market.density < LEAST_DENSITY:
        return (
            f"needs {LEAST_DENSITY:g} trades per instrument and minute; "
            f"this feed makes {market.density:.2g}"
        )
    return ""


def _finding(fact: Fact, market: MarketSample | None, trouble: str) -> Finding:
    missing = trouble or _missing(DEMANDS[fact.number], market)
    values, is_in = ((), False) if market is None else fact.measure(market)
    verdict = Verdict.UNKNOWN if missing else Verdict.IN if is_in else Verdict.OUT
    return Finding(fact.number, fact.name, values, fact.band, verdict, missing)


def _missing(demand: Demand, market: MarketSample | None) -> str:
    """Return what a verdict still needs: "needs 3 more days"; "" if nothing."""
    days, instruments = (0, 0) if market is None else (market.days, len(market.sectors))
    wants = []
    if days < demand.days:
        wants.append(_count(demand.days - days, "more day" if days else "whole day"))
    if market is not None and instruments < demand.instruments:
        wants.append(_count(demand.instruments - instruments, "more instrument"))
    if market is not None and demand.pairs and not market.has_pairs:
        wants.append("two sectors with two instruments each")
    if market is not None and demand.hours and not market.has_hours:
        return "needs an open and a close; this feed trades round the clock"
    return f"needs {' and '.join(wants)}" if wants else ""


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
