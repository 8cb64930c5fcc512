"""The browser's board folds the golden frames as the Python reader does."""

import json
from pathlib import Path

from tests.e2e.conftest import Open

GOLDEN = Path(__file__).parents[1] / "golden" / "frames.json"
FOLD = """async (steps) => {
  const {Board, Gap} = await import("/static/js/market/board.js");
  const {readFrame} = await import("/static/js/wire.js");
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
    steps = json.loads(GOLDEN.read_text())
    told = open_page("accounts/login/", user=None).evaluate(FOLD, steps)
    for step, seen in zip(steps, told, strict=True):
        board = step["board"]
        seen["positions"] = {name: at for name, at in seen["positions"].items() if at}
        assert seen == {"gaps": step["gaps"]} | board, step["name"]
