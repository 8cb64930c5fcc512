"""A subscriber without a transport, and everything it was sent."""

import json
from typing import Any

from dashboard.delivery.replica import Replica
from dashboard.delivery.subscriber import Subscriber
from dashboard.people.access import Rights
from feeds.clock import Moment
from feeds.market.board import Board
from feeds.market.events import Batch
from tests.support.market_script import NOW


class Listener:
    """A subscriber that wants everything, and the texts of all frames and answers it was sent."""

    def __init__(self, epoch: str = "e1") -> None:
        self.replica = Replica(epoch, Board(), capacity=100, ts=NOW)
        self.now_s = 0.0
        self.trouble = ""
        self.subscriber = Subscriber(
            heartbeat_ms=5000,
            now=self.now,
            rights=Rights(operates=True, is_staff=True),
            read_trouble=lambda: self.trouble,
        )
        self.texts = [self.subscriber.welcome(self.replica, self.now)]

    @property
    def now(self) -> Moment:
        return Moment(wall_ms=NOW + int(self.now_s * 1000), mono_s=self.now_s)

    def send(self, method: str, id: int | None = 1, **params: Any) -> None:
        text = json.dumps({"method": method, "params": params, "id": id})
        self.texts += self.subscriber.receive(text, self.replica, self.now)

    def happen(self, batch: Batch) -> None:
        self.replica.receive(batch, ts=NOW + 20)

    def listen(self, wait_s: float = 1.0) -> None:
        self.now_s += wait_s
        self.texts += self.subscriber.frames(self.replica, self.now)
