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


def test_the_twin_of_the_bars_is_its_equal(open_page: Open) -> None:
    steps = json.loads(BARS.read_text())
    outcome = open_page("accounts/login/", user=None).evaluate(FOLD_BARS, steps)
    for step, seen in zip(steps, outcome, strict=True):
        assert seen == {"bars": step["bars"], "position": step["position"]}, step["name"]


DEPTH = GOLDEN / "depth.json"
FOLD_BOOKS = """async (steps) => {
  const {Books} = await import("/static/js/market/books.js");
  const {readFrame} = await import("/static/js/wire/frames.js");
  const books = new Books();
  return steps.map((step) => {
    for (const frame of step.frames) books.apply(readFrame(frame));
    const names = Object.keys(step.books);
    const outcome = Object.fromEntries(names.map((name) => {
      const {s, ...book} = books.of(name);
      return [s, book];
    }));
    return {books: outcome, position: books.position(names)};
  });
}"""


def test_the_twin_of_the_books_is_its_equal(open_page: Open) -> None:
    steps = json.loads(DEPTH.read_text())
    outcome = open_page("accounts/login/", user=None).evaluate(FOLD_BOOKS, steps)
    for step, seen in zip(steps, outcome, strict=True):
        assert seen == {"books": step["books"], "position": step["position"]}, step["name"]


TRADES = GOLDEN / "trades.json"
FOLD_TRADES = """async (steps) => {
  const {Tape} = await import("/static/js/market/tape.js");
  const {readFrame} = await import("/static/js/wire/frames.js");
  const tape = new Tape();
  tape.want(["NVX", "ORB"]);
  return steps.map(({frames}) => {
    for (const frame of frames) tape.apply(readFrame(frame));
    return {trades: tape.lines.map(({trade}) => trade), position: tape.position};
  });
}"""


def test_the_twin_of_the_tape_is_its_equal(open_page: Open) -> None:
    steps = json.loads(TRADES.read_text())
    outcome = open_page("accounts/login/", user=None).evaluate(FOLD_TRADES, steps)
    for step, seen in zip(steps, outcome, strict=True):
        assert seen == {"trades": step["trades"], "position": step["position"]}, step["name"]
