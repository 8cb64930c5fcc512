"""One seed, one tape: in another process, cut into other steps, on any machine."""

import subprocess
import sys
from datetime import date

import pytest

from feeds.engine.virtual_clock import demo_plan, tape_of
from feeds.market.fingerprint import Fingerprint
from feeds.plan.calendars import EXCHANGES, Calendar
from tests.support.places import ROOT

SECONDS = 30
GOLDEN = "f7d368f5e510de9a69adcae0f60e4171561c1cc1ad15898e28b89d6010b3c957"
"""Of seed 1; when the market is changed on purpose, `manage.py market_tape` tells the new one."""


def fingerprint(*, seed: int = 1, batch_ms: int = 1_000) -> str:
    days = Calendar(EXCHANGES["XNYS"], date(2026, 1, 5))
    plan = demo_plan(days, seed=seed, rate=200.0, instruments=60)
    found = Fingerprint()
    for batch in tape_of(plan, SECONDS, batch_ms=batch_ms):
        found.add(batch.events)
    return found.hex()


@pytest.mark.parametrize("batch_ms", [370, pytest.param(1_000, marks=pytest.mark.slow)])
def test_the_tape_is_golden_however_it_is_cut(batch_ms: int) -> None:
    assert fingerprint(batch_ms=batch_ms) == GOLDEN


@pytest.mark.slow
def test_another_seed_is_another_tape() -> None:
    assert fingerprint(seed=2) != GOLDEN


@pytest.mark.slow
def test_the_command_in_another_process_tells_the_same() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "market_tape", "--seconds", str(SECONDS), "--hash"],
        cwd=ROOT, capture_output=True, check=True, timeout=60, text=True,
    )  # fmt: skip
    assert done.stdout.split() == [GOLDEN]


@pytest.mark.slow
def test_a_wrong_option_is_one_clear_line() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "market_tape", "--rate", "nan"],
        cwd=ROOT, capture_output=True, check=False, timeout=60, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: rate was")
    assert len(done.stderr.splitlines()) == 1
