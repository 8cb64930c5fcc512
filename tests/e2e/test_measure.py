"""The measures of the transport lab, in the browser, against plain reckoning."""

import math
import random
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import Open

pytestmark = pytest.mark.slow

HISTOGRAM = """async ([values, shares]) => {
  const {Histogram} = await import("/static/js/lab/measure/histogram.js");
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return shares.map((share) => histogram.quantile(share));
}"""
PERIOD = """async () => {
  const {Histogram} = await import("/static/js/lab/measure/histogram.js");
  const histogram = new Histogram();
  const empty = histogram.quantile(0.5);
  histogram.record(5, 100);
  const earlier = histogram.copy();
  histogram.record(500, 3);
  const rest = histogram.minus(earlier);
  return [empty, earlier.count, rest.count, rest.quantile(0.01), rest.quantile(1)];
}"""
EXTREMES = """async () => {
  const {Histogram} = await import("/static/js/lab/measure/histogram.js");
  return [-3, 0, 1e12, NaN].map((value) => {
    const histogram = new Histogram();
    histogram.record(value);
    return [histogram.count, histogram.quantile(0.5)];
  });
}"""
AGES = """async (steps) => {
  const {Ages} = await import("/static/js/lab/measure/ages.js");
  const ages = new Ages();
  for (const [act, ...args] of steps) ages[act](...args);
  return ages.area / ages.span_ms;
}"""
OFFSET = """async (samples) => {
  const {ClockOffset} = await import("/static/js/lab/measure/offset.js");
  const clock = new ClockOffset();
  const begin = [clock.offset_ms, clock.error_ms];
  for (const sample of samples) clock.hear(...sample);
  return [begin, clock.offset_ms, clock.error_ms];
}"""
TICKS = """async (cases) => {
  const {ticksOf} = await import("/static/js/lab/reader.js");
  const plain = ({happened_ms, weight}) => [happened_ms, weight];
  return cases.map(([entry, since]) => ticksOf(entry, since).map(plain));
}"""
PERIODS = """async () => {
  const {History, Ledger} = await import("/static/js/lab/measure/ledger.js");
  const ledger = new Ledger();
  const history = new History(3);
  ledger.sums.updates = 1000;
  history.begin(ledger);
  for (let second = 1; second <= 5; second += 1) {
    ledger.sums.updates += second;
    ledger.receipt.record(10 ** second);
    history.tick(ledger);
  }
  const {all, recent, last} = history.periods(ledger);
  return [all, recent, last].map(({sums, receipt}) => [sums.updates, receipt.count]);
}"""
CLAIMS = """async (figures) => {
  const {verdictsOf} = await import("/static/js/lab/measure/claims.js");
  return verdictsOf(figures).map(({holds}) => holds);
}"""
FLEET = """async ([users, figures]) => {
  const {fleetCost} = await import("/static/js/lab/measure/fleet.js");
  return fleetCost(users, figures);
}"""
SPENDING = """async (looks) => {
  const {Spending} = await import("/static/js/lab/measure/spending.js");
  const spending = new Spending();
  const outcome = looks.map((look) => spending.hear(look));
  return [outcome, spending.process_s, spending.owned_s, spending.span_ms];
}"""
FRAME_BYTES = """async (lengths) => {
  const {frameBytes} = await import("/static/js/lab/byte_count.js");
  return lengths.map((length) => frameBytes("x".repeat(length)));
}"""


@pytest.fixture
def page(open_page: Open) -> Page:
    return open_page("accounts/login/", user=None)


@pytest.mark.parametrize("spread", ["log", "even", "steps"])
def test_percentiles_are_right_within_a_hundredth(page: Page, spread: str) -> None:
    chance = random.Random(spread)
    draw = {
        "log": lambda: math.exp(chance.gauss(4, 2)) + 0.1,
        "even": lambda: chance.uniform(0.2, 900),
        "steps": lambda: chance.choice([1.0, 40.0, 80.0, 10_000.0]),
    }[spread]
    values = sorted(draw() for _ in range(5000))
    shares = [0.01, 0.5, 0.95, 0.99, 1]
    for share, outcome in zip(shares, page.evaluate(HISTOGRAM, [values, shares]), strict=True):
        exact = values[max(1, math.ceil(share * len(values))) - 1]
        assert outcome == pytest.approx(exact, rel=0.0125)


def test_a_period_is_the_difference_of_two_histograms(page: Page) -> None:
    empty, earlier, rest, least, most = page.evaluate(PERIOD)
    assert (empty, earlier, rest) == (None, 100, 3)
    assert least == most == pytest.approx(500, rel=0.0125)


def test_what_is_too_small_or_too_large_is_counted_at_the_ends(page: Page) -> None:
    low, zero, high, nothing = page.evaluate(EXTREMES)
    assert low == zero == nothing == [1, pytest.approx(0.1, rel=0.0125)]
    assert high == [1, pytest.approx(0.1 * 2**27, rel=0.0125)]


def test_the_age_of_information_is_the_mean_of_the_sawtooth(page: Page) -> None:
    """Updates of age 20 every 100 ms: the age goes from 20 to 120, so its mean is 70."""
    steps = [["hear", "NVX", at - 20, at] for at in range(1000, 2001, 100)]
    assert page.evaluate(AGES, steps) == pytest.approx(70)


def test_the_age_falls_only_with_something_newer(page: Page) -> None:
    steps = [["hear", "NVX", 1000, 1000], ["hear", "NVX", 900, 1050], ["count", 1100]]
    assert page.evaluate(AGES, steps) == pytest.approx(50)


def test_every_symbol_weighs_the_same_and_unseen_time_nothing(page: Page) -> None:
    steps = [
        ["hear", "NVX", 1000, 1000], ["hear", "ORB", 900, 1000], ["count", 1100],
        ["skip", 9000], ["hear", "NVX", 9000, 9000], ["hear", "ORB", 8900, 9000], ["count", 9100],
    ]  # fmt: skip
    assert page.evaluate(AGES, steps) == pytest.approx((50 + 150) / 2)


def test_the_clock_believes_the_shortest_way(page: Page) -> None:
    """The server is 5,000 ms ahead; the slow answers came back late and would say less."""
    samples = [[0, 5010, 100], [200, 5204, 208], [300, 5310, 400]]
    begin, offset, error = page.evaluate(OFFSET, samples)
    assert begin == [0, None]
    assert (offset, error) == (5000, 4)


def test_the_clock_forgets_old_samples(page: Page) -> None:
    samples = [[0, 1, 2]] + [[1000 * n, 1000 * n + 60, 1000 * n + 20] for n in range(1, 40)]
    assert page.evaluate(OFFSET, samples)[1:] == [50, 10]


def test_every_tick_of_an_entry_counts_once(page: Page) -> None:
    one, three, many, nothing = page.evaluate(
        TICKS,
        [
            [{"s": "NVX", "t": 1000, "n": 1}, 400],
            [{"s": "NVX", "t": 1000, "n": 3}, 400],
            [{"s": "NVX", "t": 1000, "n": 640}, 360],
            [{"s": "NVX", "n": 2, "gone": True}, 400],
        ],
    )
    assert one == [[1000, 1]]
    assert three == [[600, 1], [800, 1], [1000, 1]]
    assert len(many) == 32
    assert sum(weight for _, weight in many) == 640
    assert nothing == []


def test_the_last_seconds_are_told_apart_from_all(page: Page) -> None:
    assert page.evaluate(PERIODS) == [[15, 5], [3 + 4 + 5, 3], [5, 1]]


def figures(**changed: Any) -> dict[str, Any]:
    names = ("receipt_p50_ms", "bytes_per_update", "server_us_per_update", "requests_per_min")
    return dict.fromkeys((*names, "sent_per_s", "commands", "more_requests")) | changed


def test_claims_are_held_against_the_numbers(page: Page) -> None:
    good = {
        "websocket": figures(
            receipt_p50_ms=50, bytes_per_update=60, server_us_per_update=50, requests_per_min=1,
            sent_per_s=1, commands=2, more_requests=0,
        ),
        "sse": figures(receipt_p50_ms=55, commands=2, more_requests=1),
        "longpoll": figures(receipt_p50_ms=80, requests_per_min=600),
        "poll": figures(
            receipt_p50_ms=500, bytes_per_update=160, server_us_per_update=300,
            requests_per_min=60, sent_per_s=900,
        ),
    }  # fmt: skip
    assert page.evaluate(CLAIMS, good) == [True] * 6
    bad = {**good, "websocket": good["poll"], "poll": good["websocket"]}
    bad["websocket"] = {**bad["websocket"], "commands": 2, "more_requests": 5}
    bad["longpoll"] = figures(receipt_p50_ms=40)
    assert page.evaluate(CLAIMS, bad) == [False] * 6
    none = {key: figures() for key in good}
    assert page.evaluate(CLAIMS, none) == [None] * 6


def test_many_users_cost_what_the_formula_says(page: Page) -> None:
    one = {
        "updates_per_s": 20, "server_us_per_update": 100, "requests_per_min": 60,
        "received_per_s": 2000, "sent_per_s": 500,
    }  # fmt: skip
    outcome = page.evaluate(FLEET, [1000, one])
    assert outcome == pytest.approx({"cores": 2.0, "requests_per_s": 1000.0, "mbit_per_s": 20.0})
    lacking = page.evaluate(FLEET, [1000, {**one, "server_us_per_update": None}])
    assert lacking["cores"] is None


def test_another_process_spends_for_itself(page: Page) -> None:
    """A difference between the sums of two processes means nothing."""

    def look(process: str, ts: int, total: float, sse: float) -> dict[str, Any]:
        spent = {"sse": {"cpu_s": sse, "updates": 10 * ts}}
        return {"process": process, "ts": ts, "process_cpu_s": total, "transports": spent}

    looks = [look("a", 1, 1.0, 0.5), look("a", 3, 3.0, 1.0), look("b", 5, 90.0, 70.0)]
    outcome, process_s, owned_s, span_ms = page.evaluate(SPENDING, looks)
    assert outcome == [{}, {"sse": {"cpu_s": 0.5, "updates": 20}}, {}]
    assert (process_s, owned_s, span_ms) == (2.0, 0.5, 2)


def test_frames_of_a_socket_have_heads_of_2_4_or_10_bytes(page: Page) -> None:
    lengths = [0, 125, 126, 65_535, 65_536]
    assert page.evaluate(FRAME_BYTES, lengths) == [2, 127, 130, 65_539, 65_546]
