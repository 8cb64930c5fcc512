"""Hypothesis breaks lines, web processes, bus and feed in any order; every reader must still agree.

The first tier of the oracle: no process, no socket, no waiting. A failure is printed as the
shortest list of steps that shows it. Where CI is set the sequences are the same in every run, so
that a red run means a change of the code. Elsewhere each run tries others, and a failure is kept
and tried first.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from dashboard.wire.registry import Transport
from tests.oracle.machine import TOTALS, Market
from tests.oracle.world import make_small
from tests.support.long_runs import CALCULATES

STEPS = 20
FEW = 8


@CALCULATES
@pytest.mark.parametrize("sequences", [FEW, pytest.param(500, marks=pytest.mark.slow)])
def test_every_reader_agrees_with_the_engine_after_any_faults(
    sequences: int, monkeypatch: pytest.MonkeyPatch, record_property: Any
) -> None:
    make_small(monkeypatch)
    TOTALS.clear()
    run_state_machine_as_test(
        Market,
        settings=settings(
            max_examples=sequences, stateful_step_count=STEPS, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    record_property("figures", ", ".join(f"{count} {what}" for what, count in TOTALS.items()))
    assert TOTALS["sequences"] >= sequences
    counted = ["faults", "frames", "trades"]
    if sequences > FEW:
        counted.append("resumes")  # few sequences may have none
    assert min(TOTALS[what] for what in counted) > sequences / 4


@pytest.mark.parametrize("transport", list(Transport))
def test_rights_that_change_during_a_handshake_are_those_it_begins_with(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_small(monkeypatch)
    market = Market()
    try:
        market.begin(["nothing restricted"] * 4, [transport] * 4, [({"NVX"}, None, set())] * 4)
        market.sign_out_or_in(number=3)
        market.sign_out_or_in(number=3)
        market.change_access(number=3, kind="everything")
        market.nothing_is_wrong()
    finally:
        market.teardown()
