"""How real the market looks at every rate: uv run python -m tests.benchmarks.realism

It makes days of the default demo on a virtual clock, for some rates and seeds, and prints what the
certificate says of each fact: the least and the greatest value of all seeds, and the verdicts. With
--at and --of it also judges fewer days and fewer instruments of the same tapes, so that the spread
of a value can be held against both. Everything takes two hours on two cores. With --keep the days
are stored, and a second run only judges them.
"""

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from feeds.realism.days import DayState, pack_day, unpack_day
from feeds.realism.judging import DAYS_NEEDED, Certificate, Verdict, certificate_of
from feeds.realism.statistics import FACTS
from feeds.simulator.demo_exchange import definitions
from tests.support.realism_days import collected, default_plan, seen_days

RATES = [20.0, 50.0, 200.0, 500.0, 2_000.0]
SEEDS = list(range(1, 9))


class Case(NamedTuple):
    """A tape: its rate and seed, and how much is made of it."""

    rate: float
    seed: int
    days: int
    instruments: int
    minutes: int


def days_of(case: Case, keep: Path | None) -> dict[int, DayState]:
    """Return the days of a tape; those that were kept are read."""
    name = f"{case.rate:g}-{case.seed}-{case.days}-{case.instruments}-{case.minutes}"
    if keep is not None and (keep / name).is_dir():
        return {int(file.name): unpack_day(file.read_bytes()) for file in (keep / name).iterdir()}
    plan = default_plan(case.seed, case.rate, instruments=case.instruments, minutes=case.minutes)
    days = seen_days(plan, case.days, minutes=case.minutes)
    if keep is not None:
        (keep / name).mkdir(parents=True)
        for number, state in days.items():
            (keep / name / str(number)).write_bytes(pack_day(state))
    return days


def part_of(days: dict[int, DayState], first: int, instruments: int) -> dict[int, DayState]:
    """Return the first days and the first instruments of the exchange only."""
    symbols = {company.symbol for company in definitions(instruments)}
    found = {}
    for number in sorted(days)[:first]:
        trades = {symbol: of for symbol, of in days[number].trades.items() if symbol in symbols}
        found[number] = replace(days[number], trades=trades)
    return found


def judged(case: Case, keep: Path | None, parts: list[tuple[int, int]]) -> list[Certificate]:
    """Return what the certificate says of each part of a tape: days and instruments."""
    days = days_of(case, keep)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = [certificate_of(collected(part_of(days, *part)), has_rate=True) for part in parts]
    print(f"made {case.rate:g} ticks/s, seed {case.seed}", file=sys.stderr, flush=True)
    return [certificate._replace(market=None) for certificate in found]


def lines(certificates: list[Certificate]) -> Iterator[str]:
    """Yield a line for each fact: the spread of its values, its band and its verdicts."""
    for place, fact in enumerate(FACTS):
        findings = [certificate.findings[place] for certificate in certificates]
        columns = zip(*(finding.values for finding in findings), strict=True)
        spread = ", ".join(f"{min(values):.3g} to {max(values):.3g}" for values in columns)
        counts = ", ".join(
            f"{count} {verdict}"
            for verdict in Verdict
            if (count := sum(finding.verdict is verdict for finding in findings))
        )
        yield f"| {fact.number} | {fact.name} | {spread} | {fact.band} | {counts} |"


def arguments() -> Namespace:
    """Return what was asked for."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rates", type=float, nargs="+", default=RATES)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--days", type=int, default=DAYS_NEEDED)
    parser.add_argument("--minutes", type=int, default=30, help="length of a day")
    parser.add_argument("--instruments", type=int, default=60, help="of the whole feed")
    parser.add_argument("--at", type=int, nargs="+", help="judge after so many days as well")
    parser.add_argument("--of", type=int, nargs="+", help="judge so many instruments as well")
    parser.add_argument("--keep", type=Path, help="a folder for the days")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--json", action="store_true", help="every value of every tape")
    return parser.parse_args()


def main() -> int:
    """Print the tables; return 1 if any verdict is outside its band."""
    asked = arguments()
    parts = list(product(sorted({*(asked.at or ()), asked.days}), sorted({*(asked.of or ()), 32})))
    cases = [
        Case(rate, seed, asked.days, asked.instruments, asked.minutes)
        for seed, rate in product(asked.seeds, asked.rates)
    ]
    with ProcessPoolExecutor(asked.processes) as pool:
        jobs = [(case, pool.submit(judged, case, asked.keep, parts)) for case in cases]
        found = {case: job.result() for case, job in jobs}
    is_outside = False
    for rate, (place, part) in product(asked.rates, enumerate(parts)):
        certificates = [found[case][place] for case in cases if case.rate == rate]
        is_outside |= any(item.verdict is Verdict.OUT for item in certificates)
        size = f"{len(certificates)} seeds, {part[0]} days, {part[1]} instruments"
        print(f"\n{rate:g} ticks/s, {size}\n")
        if asked.json:
            print(json.dumps([item._asdict() for item in certificates], default=str))
            continue
        print("| # | fact | values of all seeds | band | verdicts |\n|---|---|---|---|---|")
        print("\n".join(lines(certificates)), flush=True)
    return int(is_outside)


if __name__ == "__main__":
    sys.exit(main())
