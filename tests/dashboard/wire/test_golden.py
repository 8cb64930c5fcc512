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
        """Note what is due now, and the board that makes of it."""
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
    one = Scenario()
    one.status.open(one.replica, None)
    one.happen(feed(FeedState.RUNNING), listing("NVX"), listing("ORB"))
    one.happen(*(Status(symbol, Phase.OPEN, "", NOW) for symbol in SYMBOLS[:2]))
    one.tell("status first")
    one.tell("snapshot without values", one.ticker.add(one.replica, SYMBOLS[:2]))
    one.happen(Quote("NVX", 10_120, 10_125, 300, 200, NOW + 1))
    one.happen(Trade("NVX", 10_125, 100, Side.BUY, NOW + 2), Trade("ORB", 7, 5, Side.SELL, NOW + 2))
    one.tell("merged quote and trade")
    one.tell("heartbeat", [encode_heartbeat(seq=one.replica.sequence + 3, ts=NOW)])
    one.happen(feed(FeedState.RUNNING, 300.0), feed(FeedState.RUNNING), feed(FeedState.PAUSED))
    for outbox in (one.ticker, one.status):
        outbox.place.raise_to(one.replica, one.replica.sequence)
    one.happen(Status("NVX", Phase.HALTED, 'a "quoted" <reason>', NOW + 3))
    one.happen(Status("NVX", Phase.OPEN, "", NOW + 4), feed(FeedState.RUNNING))
    one.tell("halted and back, distinct")
    one.happen(
        Trade("NVX", 10_130, 50, Side.BUY, NOW + 5), Trade("NVX", 10_110, 50, Side.BUY, NOW + 6)
    )
    one.happen(listing("QAL"), Status("QAL", Phase.OPEN, "", NOW + 6))
    one.tell("symbol added", one.ticker.add(one.replica, ["QAL"]))
    one.tell("its status")
    one.happen(Trade("ORB", 8, 5, Side.SELL, NOW + 7), Delisting("ORB", NOW + 7))
    one.tell("gone with its last receipt")
    one.happen(
        Listing("demo", definition("ORB", tick="0.0001"), NOW + 8),
        Trade("ORB", 9, 1, Side.BUY, NOW + 8),
    )
    one.tell("back on another grid")
    one.happen(*(Status("NVX", phase, "night", NOW + 9) for phase in (Phase.CLOSED, Phase.OPEN)))
    one.tell("a new trading session")
    one.happen(Quote("NVX", 10_000, 10_001, 1, 1, NOW + 10))
    one.ticker.take(one.replica)
    one.happen(Quote("NVX", 10_001, 10_002, 1, 1, NOW + 11))
    one.tell("a frame was lost: gap")
    one.tell("snapshot after the gap", one.ticker.add(one.replica, SYMBOLS))
    one.happen(FeedRemoval("demo", NOW))
    one.tell("feed removed")
    one.replica = Replica("e2", Board(), capacity=1000, ts=NOW)
    one.happen(feed(FeedState.RUNNING), listing("NVX"))
    one.tell("another epoch")
    return one.steps


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
    entries = [e for one in data for e in (one.values() if isinstance(one, dict) else one)]
    assert any(entry.get("gone") for entry in entries)
    assert {entry.get("ph") for entry in entries} >= {"OPEN", "HALTED", "CLOSED"}
    kinds = {(f["channel"], f.get("type")) for step in steps for f in step["frames"]}
    assert kinds == {
        ("status", "snapshot"), ("status", None), ("ticker", "snapshot"), ("ticker", None),
        ("heartbeat", None),
    }  # fmt: skip
