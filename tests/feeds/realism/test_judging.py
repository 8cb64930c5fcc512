"""A verdict needs enough of a market; what is missing is said in words."""

import numpy as np
import pytest
from msgspec.structs import replace

import feeds.realism.judging as judging
from feeds.realism.collector import TradeCollector
from feeds.realism.days import DayFacts
from feeds.realism.judging import DEMANDS, Demand, Verdict, certificate_of
from feeds.realism.sample import MarketSample, SymbolTrades
from feeds.realism.statistics import FACTS, Fact

SECTORS = ("Technology", "Energy", "Finance", "Health")
MINUTES = 60


def one_day(density):
    """Return the trades of a symbol, at equal distances."""
    samples = np.arange(0, MINUTES * 12, round(12 / density))
    minutes, counts = np.unique(samples // 12, return_counts=True)
    prices = 100.0 + samples % 7
    return SymbolTrades(samples, prices, minutes, 100.0 * counts, counts.astype(float))


class Seen:
    """A collector of a market that is already there: its days, their facts and rates."""

    def __init__(self, days=15, symbols=16, density=2.0, rates=None, sectors=None):
        self.rates = rates or [200.0] * days
        self.trades = [one_day(density)] * symbols
        self.sectors = sectors or [SECTORS[place % 4] for place in range(symbols)]
        self.symbols = symbols

    def facts(self):
        return {day: DayFacts(1, 2, True, rate, rate, rate) for day, rate in enumerate(self.rates)}

    def whole_days(self):
        return list(range(len(self.rates)))

    def sample(self, days):
        return MarketSample([self.trades for _ in days], self.sectors, MINUTES)


@pytest.fixture(autouse=True)
def quick_facts(monkeypatch):
    """Measure nothing, so that only what is missing decides."""
    quick = tuple(fact._replace(measure=lambda market: ((1.0,), True)) for fact in FACTS)
    monkeypatch.setattr(judging, "FACTS", quick)


def missing(seen, *, has_rate=True):
    found = certificate_of(seen, has_rate=has_rate)
    for finding in found.findings:
        assert (finding.verdict is Verdict.UNKNOWN) is bool(finding.missing)
    return {finding.number: finding.missing for finding in found.findings}


def test_enough_of_everything_is_judged():
    found = certificate_of(Seen(), has_rate=True)
    assert found.verdict is Verdict.IN
    assert found.count(Verdict.IN) == len(FACTS) == len(DEMANDS)


def test_the_worst_verdict_is_that_of_the_certificate(monkeypatch):
    def certificate(*verdicts):
        findings = [judging.Finding(1, "", (), "", verdict) for verdict in verdicts]
        return judging.Certificate(1, 1, tuple(findings), ())

    assert certificate(Verdict.IN, Verdict.OUT, Verdict.UNKNOWN).verdict is Verdict.OUT
    assert certificate(Verdict.IN, Verdict.UNKNOWN).verdict is Verdict.UNKNOWN
    assert certificate(Verdict.IN, Verdict.IN).verdict is Verdict.IN


def test_too_few_days_are_counted_for_each_fact():
    said = missing(Seen(days=9))
    assert said[1] == "needs 1 more day"
    assert said[2] == "needs 6 more days"
    assert said[9] == ""


def test_too_few_instruments_and_sectors_are_said():
    assert missing(Seen(symbols=15))[1] == "needs 1 more instrument"
    assert missing(Seen(symbols=8, days=9))[1] == "needs 1 more day and 8 more instruments"
    lone = [SECTORS[0]] * 15 + [SECTORS[1]]
    said = missing(Seen(sectors=lone))
    assert said[10] == said[11] == "needs two sectors with two instruments each"
    assert said[1] == ""


@pytest.mark.parametrize("rate", [0.1, 8.0, 19.9, 2_000.5, 10_000.0])
def test_a_rate_outside_of_the_range_cannot_be_judged(rate):
    said = set(missing(Seen(rates=[rate] * 15)).values())
    assert said == {f"works from 20 to 2,000 ticks/s; this feed makes {rate:,.6g}"}


@pytest.mark.parametrize("rate", [20.0, 50.0, 2_000.0])
def test_rates_at_the_ends_of_the_range_are_judged(rate):
    assert set(missing(Seen(rates=[rate] * 15)).values()) == {""}


def test_a_feed_without_a_rate_of_its_own_is_judged_whatever_the_rate_in_its_row():
    assert set(missing(Seen(rates=[8.0] * 15), has_rate=False).values()) == {""}


def test_days_at_another_rate_do_not_count():
    found = certificate_of(Seen(rates=[200.0] * 9 + [240.0] * 4 + [500.0] * 2), has_rate=True)
    assert found.days == 2
    assert found.remarks == ("13 days left out: made at another rate",)
    assert certificate_of(Seen(rates=[200.0] * 9 + [240.0] * 6), has_rate=True).days == 15


@pytest.mark.parametrize("rates", [[0.0] * 15, [0.0] * 9 + [200.0] * 6, [200.0] * 9 + [0.0] * 6])
def test_days_without_a_rate_count(rates):
    assert certificate_of(Seen(rates=rates), has_rate=True).days == 15


def test_a_rate_that_is_a_quarter_higher_is_the_same_market():
    assert certificate_of(Seen(rates=[250.0] * 9 + [200.0] * 6), has_rate=True).days == 15
    assert certificate_of(Seen(rates=[251.0] * 9 + [200.0] * 6), has_rate=True).days == 6


def test_a_fact_that_is_not_met_is_outside_and_has_its_values(monkeypatch):
    first, *others = judging.FACTS
    wrong = first._replace(measure=lambda market: ((0.5, 7.0), False))
    monkeypatch.setattr(judging, "FACTS", (wrong, *others))
    found = certificate_of(Seen(), has_rate=True)
    assert found.findings[0][:5] == (1, first.name, (0.5, 7.0), first.band, Verdict.OUT)
    assert (found.verdict, found.count(Verdict.OUT)) == (Verdict.OUT, 1)


def test_the_instruments_are_those_that_were_looked_at():
    seen = Seen()
    seen.symbols = 99
    assert certificate_of(seen, has_rate=True).symbols == 16
    seen.whole_days = list
    assert certificate_of(seen, has_rate=True).symbols == 99


@pytest.mark.parametrize(("close_ms", "said"), [(None, ()), (5, ("1 day left out",))])
def test_the_newest_day_is_left_out_in_silence_while_it_goes_on(close_ms, said):
    seen = Seen(days=5)
    facts = seen.facts()
    seen.facts = lambda: facts | {4: replace(facts[4], close_ms=close_ms)}
    seen.whole_days = lambda: [0, 1, 2, 3]
    remarks = certificate_of(seen, has_rate=True).remarks
    assert tuple(remark.split(":")[0] for remark in remarks) == said


def test_a_day_whose_rate_changed_does_not_count():
    seen = Seen()
    facts = seen.facts()
    seen.facts = lambda: facts | {3: replace(facts[3], greatest_rate=900.0)}
    assert certificate_of(seen, has_rate=True).days == 14


def test_trades_that_are_too_rare_cannot_be_judged():
    (said,) = set(missing(Seen(density=0.05)).values())
    assert said.startswith("needs 0.2 trades per instrument and minute; this feed makes 0.05")


def test_a_market_round_the_clock_has_no_u_to_judge(monkeypatch):
    monkeypatch.setattr("feeds.realism.sample.ROUND_THE_CLOCK", MINUTES)
    said = missing(Seen())
    assert said[9] == "needs an open and a close; this feed trades round the clock"
    assert said[1] == ""


def test_without_a_day_every_fact_waits():
    said = missing(TradeCollector({"NVX": "Technology"}, tells_hours=True))
    assert said[1] == "needs 10 whole days"
    assert said[2] == "needs 15 whole days"


def test_days_that_are_no_whole_days_are_counted():
    seen = Seen(days=5)
    seen.whole_days = lambda: [1, 2, 3, 4]
    (remark,) = certificate_of(seen, has_rate=True).remarks
    assert remark.startswith("1 day left out: not seen from open to close")


def test_every_fact_has_its_demand():
    assert DEMANDS.keys() == {fact.number for fact in FACTS}
    assert all(isinstance(fact, Fact) for fact in FACTS)
    assert all(isinstance(demand, Demand) for demand in DEMANDS.values())
