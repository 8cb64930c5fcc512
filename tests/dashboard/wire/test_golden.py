"""The frames of one scripted market, kept in a file that the browser's twin reads too.

`pytest tests/dashboard/wire/test_golden.py --update-golden` writes the file anew after a change
that is meant; tests/e2e folds the same frames in static/js/market/board.js.
"""

import json
from copy import deepcopy
from typing import Any

import msgspec

from dashboard.delivery.outboxes.market import StatusOutbox, TickerOutbox
from dashboard.delivery.replica import Replica
from dashboard.loadtest.reader import Gap, Reader
from dashboard.wire.frames import encode_heartbeat
from feeds.market.board import Board
from feeds.market.events import (
    Batch,
    Delisting,
    Event,
    FeedRemoval,
    FeedState,
    FeedStatus,
    Listing,
    Phase,
    Quote,
    Side,
    Status,
    Trade,
)
from tests.support.market_script import NOW, definition, listing
from tests.support.places import GOLDEN

FRAMES = GOLDEN / "frames.json"
SYMBOLS = ("NVX", "ORB", "QAL")


class Scenario:
    """One reader of a market that does everything a market can do."""

    def __init__(self) -> None:
        self.replica = Replica("e1", Board(), capacity=1000, ts=NOW)
        self.ticker, self.status, self.reader = TickerOutbox(), StatusOutbox(), Reader()
        self.steps: list[dict[str, Any]] = []

    def happen(self, *events: Event) -> None:
        batch = Batch(self.replica.epoch, self.replica.sequence + 1, events)
        self.replica.receive(batch, ts=NOW + 20)

    def tell(self, name: str, frames: list[str] | None = None) -> None:
        """Note what is due now, and the board that follows from it."""
        if frames is None:
            frames = self.status.take(self.replica) + self.ticker.take(self.replica)
        gaps = 0
        for frame in frames:
            try:
                self.reader.apply(json.loads(frame))
            except Gap:
                gaps += 1
        read = [json.loads(frame) for frame in frames]
        self.steps.append({"name": name, "frames": read, "gaps": gaps, "board": self._board()})

    def _board(self) -> dict[str, Any]:
        reader = deepcopy(self.reader)
        return {
            "rows": reader.rows,
            "feeds": reader.feeds,
            "instruments": reader.instruments,
            "positions": {channel: str(at) for channel, at in reader.positions.items()},
            "ticks": {symbol: count for symbol, count in reader.ticks.items() if count},
        }


def feed(state: FeedState, rate: float = 200.0) -> FeedStatus:
    return FeedStatus("demo", "Demo", state, rate, "", NOW)


def play() -> list[dict[str, Any]]:
    scenario = Scenario()
    scenario.status.open(scenario.replica, None)
    scenario.happen(feed(FeedState.RUNNING), listing("NVX"), listing("ORB"))
    scenario.happen(*(Status(symbol, Phase.OPEN, "", NOW) for symbol in SYMBOLS[:2]))
    scenario.tell("status first")
    scenario.tell("snapshot without values", scenario.ticker.add(scenario.replica, SYMBOLS[:2]))
    scenario.happen(Quote("NVX", 10_120, 10_125, 300, 200, NOW + 1))
    scenario.happen(
        Trade("NVX", 10_125, 100, Side.BUY, NOW + 2), Trade("ORB", 7, 5, Side.SELL, NOW + 2)
    )
    scenario.tell("merged quote and trade")
    scenario.tell("heartbeat", [encode_heartbeat(seq=scenario.replica.sequence + 3, ts=NOW)])
    scenario.happen(feed(FeedState.RUNNING, 300.0), feed(FeedState.RUNNING), feed(FeedState.PAUSED))
    for outbox in (scenario.ticker, scenario.status):
        outbox.place.raise_to(scenario.replica, scenario.replica.sequence)
    scenario.happen(Status("NVX", Phase.HALTED, 'a "quoted" <reason>', NOW + 3))
    scenario.happen(Status("NVX", Phase.OPEN, "", NOW + 4), feed(FeedState.RUNNING))
    scenario.tell("halted and back, distinct")
    scenario.happen(
        Trade("NVX", 10_130, 50, Side.BUY, NOW + 5), Trade("NVX", 10_110, 50, Side.BUY, NOW + 6)
    )
    scenario.happen(listing("QAL"), Status("QAL", Phase.OPEN, "", NOW + 6))
    scenario.tell("symbol added", scenario.ticker.add(scenario.replica, ["QAL"]))
    scenario.tell("its status")
    scenario.happen(Trade("ORB", 8, 5, Side.SELL, NOW + 7), Delisting("ORB", NOW + 7))
    scenario.tell("gone with its last receipt")
    scenario.happen(
        Listing("demo", definition("ORB", tick="0.0001"), NOW + 8),
        Trade("ORB", 9, 1, Side.BUY, NOW + 8),
    )
    scenario.tell("back on another grid")
    scenario.happen(
        *(Status("NVX", phase, "night", NOW + 9) for phase in (Phase.CLOSED, Phase.OPEN))
    )
    scenario.tell("a new trading session")
    scenario.happen(Quote("NVX", 10_000, 10_001, 1, 1, NOW + 10))
    scenario.ticker.take(scenario.replica)
    scenario.happen(Quote("NVX", 10_001, 10_002, 1, 1, NOW + 11))
    scenario.tell("a frame was lost: gap")
    scenario.tell("snapshot after the gap", scenario.ticker.add(scenario.replica, SYMBOLS))
    scenario.happen(FeedRemoval("demo", NOW))
    scenario.tell("feed removed")
    scenario.replica = Replica("e2", Board(), capacity=1000, ts=NOW)
    scenario.happen(feed(FeedState.RUNNING), listing("NVX"))
    scenario.tell("another epoch")
    return scenario.steps


def test_the_golden_frames_are_what_the_market_says(pytestconfig: Any) -> None:
    steps = json.loads(msgspec.json.encode(play()))
    if pytestconfig.getoption("--update-golden"):
        FRAMES.write_text(json.dumps(steps, indent=1, ensure_ascii=False) + "\n")
    assert steps == json.loads(FRAMES.read_text())


def test_the_script_does_everything_a_market_can_do() -> None:
    """A golden file that leaves out a kind of frame would hold nothing together there."""
    steps = play()
    assert sum(step["gaps"] for step in steps) == 1
    data = [frame["data"] for step in steps for frame in step["frames"] if "data" in frame]
    entries = [
        entry for part in data for entry in (part.values() if isinstance(part, dict) else part)
    ]
    assert any(entry.get("gone") for entry in entries)
    assert {entry.get("ph") for entry in entries} >= {"OPEN", "HALTED", "CLOSED"}
    kinds = {(f["channel"], f.get("type")) for step in steps for f in step["frames"]}
    assert kinds == {
        ("status", "snapshot"), ("status", None), ("ticker", "snapshot"), ("ticker", None),
        ("heartbeat", None),
    }  # fmt: skip
