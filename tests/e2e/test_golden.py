"""The browser's board folds the golden frames as the Python reader does."""

import json

import pytest

from tests.e2e.conftest import Open
from tests.support.places import GOLDEN

pytestmark = pytest.mark.slow

FRAMES = GOLDEN / "frames.json"
FOLD = """async (steps) => {
  const {Board, Gap} = await import("/static/js/market/board.js");
  const {readFrame} = await import("/static/js/wire/frames.js");
  const board = new Board();
  const plain = ({s, ...fields}) => fields;
  return steps.map(({frames}) => {
    let gaps = 0;
    for (const frame of frames) if (board.apply(readFrame(frame)) instanceof Gap) gaps += 1;
    const symbols = ["NVX", "ORB", "QAL"];
    return {
      gaps,
      rows: Object.fromEntries([...board.rows].map(([symbol, row]) => [symbol, plain(row)])),
      feeds: Object.fromEntries(board.feeds),
      instruments: Object.fromEntries(board.instruments),
      positions: {ticker: board.position("ticker"), status: board.position("status")},
      ticks: Object.fromEntries(symbols.map((s) => [s, board.ticksOf(s)]).filter(([, n]) => n)),
    };
  });
}"""


def test_the_twin_of_the_board_is_its_equal(open_page: Open) -> None:
    steps = json.loads(FRAMES.read_text())
    outcome = open_page("accounts/login/", user=None).evaluate(FOLD, steps)
    for step, seen in zip(steps, outcome, strict=True):
        board = step["board"]
        seen["positions"] = {name: at for name, at in seen["positions"].items() if at}
        assert seen == {"gaps": step["gaps"]} | board, step["name"]


BARS = GOLDEN / "bars.json"
FOLD_BARS = """async (steps) => {
  const {Bars} = await import("/static/js/market/bars.js");
  const {readFrame} = await import("/static/js/wire/frames.js");
  const bars = new Bars();
  return steps.map((step) => {
    for (const frame of step.frames) bars.apply(readFrame(frame));
    const names = Object.keys(step.bars);
    const outcome = Object.fromEntries(names.map((name) => [name, bars.of(name)]));
    return {bars: outcome, position: bars.position(names)};
  });
}"""
LAY = """async () => {
  const {Bars} = await import("/static/js/market/bars.js");
  const {readFrame} = await import("/static/js/wire/frames.js");
  const bar = (t) => ({s: "A", iv: "1m", t, o: 1, h: 1, l: 1, c: 1, v: 1, n: 1});
  const head = {channel: "bars", seq: 5, ts: 1};
  const bars = new Bars();
  const gaps = [bars.apply(readFrame({...head, from: 3, data: []})).gap];
  bars.apply(readFrame({...head, type: "snapshot", epoch: "e", data: [{...bar(50), v: 9}]}));
  bars.lay("A@1m", [bar(40), bar(50), bar(60)]);
  const laid = bars.of("A@1m").map(({t, v}) => [t, v]);
  gaps.push(bars.apply(readFrame({...head, from: 4, seq: 6, data: []})).gap);
  const junk = [{...bar(1), o: "1"}, {s: "A", iv: "1m"}, {iv: "1m", none: true}, null];
  const read = junk.map((entry) => readFrame({...head, from: 3, data: [entry]}));
  bars.lay("B@1m", Array.from({length: 1500}, (_, at) => bar(at)));
  const size = bars.of("B@1m").length;
  return {gaps, laid, read, size, isWhole: bars.isWhole, unknown: bars.position(["C@1m"])};
}"""


def test_the_twin_of_the_bars_is_its_equal(open_page: Open) -> None:
    steps = json.loads(BARS.read_text())
    outcome = open_page("accounts/login/", user=None).evaluate(FOLD_BARS, steps)
    for step, seen in zip(steps, outcome, strict=True):
        assert seen == {"bars": step["bars"], "position": step["position"]}, step["name"]


def test_older_bars_lie_under_those_that_were_told(open_page: Open) -> None:
    outcome = open_page("accounts/login/", user=None).evaluate(LAY)
    assert outcome == {
        "gaps": [True, True],
        "laid": [[40, 1], [50, 9]],
        "read": [None] * 4,
        "size": 1000,
        "isWhole": False,
        "unknown": None,
    }
