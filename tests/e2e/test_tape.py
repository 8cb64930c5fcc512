"""The tape of trades in the browser, and what its panel says, without a page or a server."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.test_link import bare

pytestmark = pytest.mark.slow

__all__ = ["bare"]

FOLD = """async ([symbols, steps]) => {
  const {Tape} = await import("/static/js/market/tape.js");
  const {readFrame} = await import("/static/js/wire/frames.js");
  const tape = new Tape();
  tape.want(symbols);
  const accepted = steps.map((step) => {
    if (Array.isArray(step)) tape.want(step);
    else if (step.seq === undefined) tape.follow(step.follows);
    else if (step.channel === "heartbeat") tape.raise(step.seq);
    else return tape.apply(readFrame(step));
  });
  const lines = tape.lines.map(({trade}) => trade && trade.s + trade.i);
  return {accepted, lines, position: tape.position};
}"""
NOTE = """async (known) => {
  const {tradesNote} = await import("/static/js/screen/trades/note.js");
  return tradesNote(known);
}"""


def trades(*names: str) -> list[dict[str, Any]]:
    """Return entries of the wire: "A7" is the trade 7 of A."""
    entry = {"p": 1.5, "q": 100, "side": "BUY", "ms": 0}
    return [{**entry, "s": name[0], "i": int(name[1:])} for name in names]


def snapshot(seq: int, *names: str, epoch: str = "e", **more: Any) -> dict[str, Any]:
    head = {"channel": "trades", "type": "snapshot", "epoch": epoch, "seq": seq, "ts": 1}
    return head | more | {"data": trades(*names)}


def update(since: int, seq: int, *names: str) -> dict[str, Any]:
    return {"channel": "trades", "from": since, "seq": seq, "ts": 1, "data": trades(*names)}


def heartbeat(seq: int) -> dict[str, Any]:
    return {"channel": "heartbeat", "seq": seq}


def fold(page: Page, *steps: Any, symbols: str = "AB") -> dict[str, Any]:
    outcome: dict[str, Any] = page.evaluate(FOLD, [list(symbols), list(steps)])
    return outcome


def test_trades_stand_in_order_each_once(bare: Page) -> None:
    outcome = fold(
        bare, snapshot(9, "A3", "B7"), update(9, 12, "A11", "A12"), snapshot(12, "B7", "B10")
    )
    assert outcome["lines"] == ["A3", "B7", "B10", "A11", "A12"]
    assert outcome["position"] == "e:12"


def test_what_does_not_follow_is_refused_until_it_does(bare: Page) -> None:
    outcome = fold(
        bare, snapshot(9, "A9"), update(10, 12, "A12"), heartbeat(13), update(9, 13, "A10", "A12")
    )
    assert outcome["accepted"] == [True, False, None, True]
    assert outcome["lines"] == ["A9", "A10", "A12"]


def test_a_mark_stands_where_trades_are_missing(bare: Page) -> None:
    """Before it what was known, after it what a snapshot with a gap told; it is set once."""
    lost = snapshot(80, "A75", "A80", gap=True)
    outcome = fold(bare, snapshot(9, "A9"), lost, update(80, 81, "B81"))
    assert outcome["lines"] == ["A9", None, "A75", "A80", "B81"]
    assert fold(bare, snapshot(9, "A9"), lost, lost)["lines"].count(None) == 2
    assert fold(bare, snapshot(9, "A9", gap=True))["lines"] == ["A9"]


def test_another_epoch_counts_anew(bare: Page) -> None:
    outcome = fold(bare, snapshot(9, "A9"), snapshot(2, "A2", epoch="f"), update(2, 9, "A9"))
    assert outcome["lines"] == ["A9", None, "A2", "A9"]
    assert outcome["position"] == "f:9"


def test_a_sign_of_life_counts_once_the_server_has_answered(bare: Page) -> None:
    again = [{"follows": False}, heartbeat(30)]
    assert fold(bare, snapshot(9), heartbeat(12))["position"] == "e:12"
    assert fold(bare, snapshot(9), *again)["position"] == "e:9"
    assert fold(bare, snapshot(9), *again, {"follows": True}, heartbeat(31))["position"] == "e:31"


def test_only_wanted_symbols_are_kept_and_only_the_newest(bare: Page) -> None:
    many = [f"A{at}" for at in range(10, 400)]
    outcome = fold(bare, snapshot(9, "A8", "C9"), update(9, 399, *many), symbols="A")
    assert outcome["lines"] == [f"A{at}" for at in range(200, 400)]
    assert fold(bare, snapshot(9, "A8", "B9"), ["B"])["lines"] == ["B9"]


def test_a_symbol_that_joins_begins_where_the_tape_does(bare: Page) -> None:
    outcome = fold(bare, snapshot(9, "A5", "A9"), snapshot(9, "B3", "B7"))
    assert outcome["lines"] == ["A5", "B7", "A9"]


def test_before_its_snapshot_an_update_is_of_what_was_wanted_before(bare: Page) -> None:
    outcome = fold(bare, update(7, 8, "A8"), snapshot(9, "A9"))
    assert (outcome["accepted"], outcome["lines"]) == ([True, True], ["A9"])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, ""),
        ({"hasBegun": False, "isEmpty": True}, "Waiting for trades"),
        ({"isEmpty": True}, "No trades yet"),
        ({"isEmpty": True, "symbol": "NVX"}, "No trades of NVX yet"),
        ({"isNothingWatched": True}, "the watchlist is empty"),
        ({"connection": "paused"}, "Paused"),
        ({"connection": "stale", "asOf_ms": 0}, "Newest trade: "),
        ({"connection": "reconnecting"}, "the connection is lost"),
    ],
)
def test_the_panel_says_why_nothing_moves(bare: Page, changed: dict[str, Any], said: str) -> None:
    known = {"connection": "live", "hasBegun": True, "isEmpty": False, "symbol": None}
    known |= {"isNothingWatched": False, "asOf_ms": None}
    text = bare.evaluate(NOTE, known | changed)
    assert said in text
    assert bool(text) == bool(said)
