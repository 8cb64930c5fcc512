"""The long run of the oracle: its schedule, report and readers; and that it finds faults."""

from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.wire.registry import Transport
from feeds.market.events import Batch
from tests.attacks.long_runs import MINUTES, READERS, TIMES, outcome_of
from tests.oracle.audit import ReaderAudit
from tests.oracle.check import Kind
from tests.oracle.crowd import LeanReader
from tests.oracle.faults import EARLY, each, kill_web, schedule
from tests.oracle.long_run import Plan, run_long
from tests.oracle.notebook import Notebook
from tests.oracle.report import BUSY, Memory, Report, memory_of
from tests.oracle.tape import Account, EngineTape
from tests.support.planted_frames import EVERY, PLANTS, with_plant

FLAT = Memory(100.0, 101.0, 1.0, 5.0)


def report(**changes: Any) -> Report:
    """Return a report in which nothing is wrong, but for the changes."""
    found: dict[str, Any] = {
        **dict.fromkeys(("ticks", "epochs", "frames", "applied", "trades", "lines"), 9),
        **dict.fromkeys(("skipped", "doubled", "wrong", "marks", "refused"), 0),
        "servers": ["daphne"], "readers": READERS, "minutes": float(MINUTES), "seed": 1,
        "faults": each(TIMES), "arrived_s": 1.0, "memory": {"daphne 1": FLAT}, "busiest": 0.5,
        "problems": [],
    }  # fmt: skip
    return Report(**(found | changes))


# --- the schedule ---


@given(times=st.integers(1, 9), seconds=st.floats(1, 4000), seed=st.integers(0, 99))
def test_each_fault_happens_as_often_as_asked(times: int, seconds: float, seed: int) -> None:
    moments = schedule(each(times), seconds, Random(seed))
    assert Counter(moment.fault for moment in moments) == each(times)
    assert moments == sorted(moments)
    assert all(0 <= moment.at_s <= seconds for moment in moments)
    ends = [moment.at_s for moment in moments if moment.fault == kill_web.__name__]
    assert max(ends) <= EARLY * seconds
    assert moments == schedule(each(times), seconds, Random(seed))


# --- the report ---


def test_a_run_without_faults_is_fine() -> None:
    assert report().is_fine
    assert outcome_of(report()).is_met
    assert "nothing is wrong" in "\n".join(report().describe())


@pytest.mark.parametrize(
    "changes",
    [
        {"skipped": 1}, {"doubled": 1}, {"wrong": 1}, {"problems": ["reader 1 did not arrive"]},
        {"memory": {"daphne 1": Memory(100.0, 200.0, 100.0, 5.0)}},
    ],
)  # fmt: skip
def test_anything_wrong_is_wrong(changes: dict[str, Any]) -> None:
    assert not report(**changes).is_fine
    assert not outcome_of(report(**changes)).is_met
    assert "SOMETHING IS WRONG" in "\n".join(report(**changes).describe())


@pytest.mark.parametrize(
    "changes",
    [{"readers": READERS - 1}, {"minutes": MINUTES - 1}, {"faults": each(TIMES - 1)}],
)
def test_a_smaller_run_does_not_meet_the_row(changes: dict[str, Any]) -> None:
    outcome = outcome_of(report(**changes))
    assert report(**changes).is_fine
    assert not outcome.is_met
    assert outcome.reason == "a smaller run than that"


def test_readers_that_were_the_limit_are_named() -> None:
    assert "THE READERS WERE THE LIMIT" not in "\n".join(report(busiest=BUSY).describe())
    assert "THE READERS WERE THE LIMIT" in "\n".join(report(busiest=BUSY + 0.01).describe())


def test_memory_that_grows_is_not_flat() -> None:
    flat = [(10.0 * step, 100.0 + step % 2) for step in range(200)]
    grows = [(10.0 * step, 100.0 + 0.1 * step) for step in range(200)]
    assert memory_of(flat).is_flat
    assert not memory_of(grows).is_flat
    assert (memory_of(grows).begin, round(memory_of(grows).growth)) == (100.0, 36)


def test_memory_that_was_watched_for_a_moment_is_not_judged() -> None:
    grows = memory_of([(10.0 * step, 100.0 + 5 * step) for step in range(20)])
    assert grows.is_flat
    assert "too shortly" in grows.verdict


# --- readers ---


def snapshot(channel: str, seq: int) -> dict[str, Any]:
    """Return an empty snapshot."""
    data: Any = {} if channel == "ticker" else []
    return {
        "channel": channel, "type": "snapshot", "epoch": "e", "seq": seq, "ts": 1, "data": data,
    }  # fmt: skip


def update(since: int, seq: int) -> dict[str, Any]:
    """Return an empty update of prices."""
    return {"channel": "ticker", "from": since, "seq": seq, "ts": 1, "data": {}}


@pytest.mark.parametrize(
    ("frame", "kind"), [(update(12, 14), Kind.SKIPPED), (update(8, 10), Kind.DOUBLED)]
)
def test_a_frame_that_does_not_follow_is_counted(frame: dict[str, Any], kind: Kind) -> None:
    notebook = Notebook("reader 1", print)
    notebook.begin_line(["A"], is_socket=False)
    notebook.take(snapshot("ticker", 8))
    notebook.take(update(8, 10))
    with pytest.raises(ConnectionError, match="missing"):
        notebook.take(frame)
    assert notebook.counts == {kind: 1}
    assert "reader 1 line 1" in notebook.missing[0]


def test_a_lean_reader_asks_for_what_it_lacks_and_goes_on_from_where_it_stands() -> None:
    tape = EngineTape()
    tape.take(Batch("e", 1, ()), 0)
    reader = LeanReader("reader 1", tape, Account(1, {}))
    assert all(params["since"] is None for params in reader.subscriptions(["A"], 2.0))
    assert "ticker_since" not in reader.question(["A"])
    reader.notebook.take(snapshot("ticker", 0))
    assert reader.question(["A", "B"]) == {
        "channels": "status,ticker,trades", "symbols": "A,B", "ticker_since": "e:0",
    }  # fmt: skip
    asked = {params["channel"]: params for params in reader.subscriptions(["A"], 2.0)}
    assert asked["ticker"] == {
        "channel": "ticker", "symbols": ["A"], "since": "e:0", "max_rate": 2.0,
    }  # fmt: skip
    assert asked["status"] == {"channel": "status", "since": None}


def test_what_a_server_does_not_resume_is_counted_as_said() -> None:
    notes: list[Any] = []
    notebook = Notebook("reader 1", notes.append)
    notebook.take(snapshot("ticker", 8))
    notebook.begin_line(["A"], is_socket=True)
    notebook.take({"success": True, "result": {"channel": "ticker", "resumed": False}})
    notebook.take({"success": True, "result": {"channel": "status", "resumed": False}})
    assert notebook.refused == 1  # of status it had no position
    assert ReaderAudit.begin_line in notes


# --- what is planted is found ---


async def test_one_of_many_updates_is_planted() -> None:
    text = '{"channel":"ticker","from":1,"seq":2,"ts":3,"data":{"A":{"v":70}}}'
    sent: dict[str, list[str]] = {}
    for plant in ("", *PLANTS):
        texts = sent.setdefault(plant, [])

        async def keep(message: dict[str, Any], texts: list[str] = texts) -> None:
            texts.append(message["text"])

        async def application(scope: Any, receive: Any, send: Any) -> None:
            for _ in range(EVERY):
                await send({"type": "websocket.send", "text": text})

        await with_plant(application, plant)({"type": "websocket"}, None, keep)
    assert {plant: len(texts) for plant, texts in sent.items()} == {
        "": EVERY, "skipped": EVERY - 1, "doubled": EVERY + 1, "changed": EVERY,
    }  # fmt: skip
    assert sent["changed"][-1] == text.replace("70", "1")


@pytest.mark.slow
def test_a_small_run_finds_nothing_wrong() -> None:
    """Every fault once, within half a minute."""
    plan = Plan(("daphne", "uvicorn"), readers=16, minutes=0.5, seed=3, times=1)
    found = run_long(plan, print)
    assert found.problems == []
    assert (found.skipped, found.doubled, found.wrong) == (0, 0, 0)
    assert found.faults == each(1)
    assert found.frames > found.readers * len(Transport)
    assert found.ticks > 100


@pytest.mark.slow
def test_a_fault_of_delivery_is_found() -> None:
    """`--plant` tries the others."""
    plan = Plan(("uvicorn",), readers=24, minutes=0.2, seed=3, times=0, frames_per_s=5)
    found = run_long(plan._replace(plant="skipped"), print)
    assert not found.is_fine
    assert found.skipped > 0
    assert found.doubled == 0
