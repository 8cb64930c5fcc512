"""What a reader says over a WebSocket, what the server answers, and the pace that was asked for."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from feeds.market.events import Position
from tests.oracle.check import Frame
from tests.oracle.wanted_channels import PERSONAL
from tests.oracle.world import ACCOUNTS, CAPACITY

if TYPE_CHECKING:
    from tests.oracle.clients import Client

RETRY_S = 0.3
SLACK_FRAMES = 3
"""So many frames more than the rate says may come: answers bring some, whatever the pace."""


class Asked(NamedTuple):
    """A command that waits for its answer.

    `may_resume` says that the server certainly still knew the position, `is_known` that it is of
    the server's epoch and of this access.
    """

    method: str
    params: dict[str, Any]
    names: set[Any] | None = None
    may_resume: bool = False
    is_known: bool = False


class Pace:
    """The pace that a reader asked for; the server has to keep it once it has confirmed it."""

    def __init__(self) -> None:
        self.is_paused = False
        self.max_rate: float | None = None
        self.begin_again()

    def begin_again(self) -> None:
        """Note that the connection is new: nothing is confirmed."""
        self._is_pause_confirmed = False
        self._rate: float | None = None
        self._since_s = 0.0
        self._frames = 0

    def confirm(self, rate: float | None, now_s: float, *, paused: bool) -> None:
        """Note the server's answer to a change; frames that came before it had the former rate."""
        self._rate = self._rate if rate is None else rate
        self._since_s, self._frames, self._is_pause_confirmed = now_s, 0, paused

    def let_pass(self) -> None:
        """Note an answer that brings what was due, whatever the pace."""
        self._is_pause_confirmed = False

    def break_by(self, frame: Frame, now_s: float, *, is_mending: bool) -> str | None:
        """Take a frame; return what is wrong with its time."""
        name = frame.get("channel")
        if name not in ("ticker", "bars", "trades") or "from" not in frame:
            return None
        if self.is_paused and self._is_pause_confirmed:
            return f"a frame of {name} came while paused"
        if name != "ticker" or self._rate is None:
            return None
        self._frames += 1
        passed_s = now_s - self._since_s
        if self._frames <= passed_s * self._rate + SLACK_FRAMES or is_mending:
            return None
        return f"{self._frames} frames in {passed_s} s, wanted {self._rate}"


class Commands:
    """One connection's commands and answers.

    `mending` are the channels with a gap that are asked for again, `mended` those that ever were.
    """

    def __init__(self, client: "Client") -> None:
        self.mending: set[str] = set()
        self.mended: set[str] = set()
        self._client = client
        self._asked: dict[int, Asked] = {}
        self._number = 0

    # --- said -------------------------------------------------------------------------------
    def send(self, asked: Asked) -> None:
        line = self._client.line
        if line is None or line.is_half_open:
            return
        self._number += 1
        self._asked[self._number] = asked
        text = {"method": asked.method, "params": asked.params, "id": self._number}
        line.inbox.put_nowait({"type": "websocket.receive", "text": json.dumps(text)})

    def subscribe_all(self) -> None:
        """Ask for everything that is wanted, each channel from where the reader stands."""
        wanted, pace = self._client.wanted, self._client.pace
        for channel in wanted.asked():
            self.subscribe(channel, wanted.channels[channel], wanted.since(channel))
        if pace.is_paused or pace.max_rate is not None:
            self.set_pace()

    def subscribe(self, channel: str, names: Iterable[Any], since: str | None = None) -> None:
        if channel == PERSONAL:
            self._subscribe_personal()
            return
        params: dict[str, Any] = {"channel": channel}
        if channel != "status":
            params["symbols"] = list(map(written, names))
        if channel == "ticker" and self._client.fields is not None:
            params["fields"] = self._client.fields
        if since is not None:
            params["since"] = since
        is_known = self._is_of_present_epoch(since)
        self.send(Asked("subscribe", params, set(names), self._may_resume(since), is_known))

    def _subscribe_personal(self) -> None:
        wanted = self._client.wanted
        newest = max(wanted.reader.notices, default=0)
        known = {"since": str(newest), "unread": wanted.reader.unread}
        asked = known if wanted.knows_notices else {}
        self.send(Asked("subscribe", {"channel": "notifications", **asked}))
        self.send(Asked("subscribe", {"channel": "watchlist"}))

    def unsubscribe(self, channel: str, names: set[Any] | None) -> None:
        params: dict[str, Any] = {"channel": channel}
        if names is not None:
            params["symbols"] = list(map(written, names))
        self.send(Asked("unsubscribe", params, names))

    def mend(self, channel: str) -> None:
        """Ask for a channel again: a frame is missing."""
        wanted = self._client.wanted
        if channel in wanted.channels:
            self.mending.add(channel)
            self.mended.add(channel)
            self.subscribe(channel, wanted.channels[channel], wanted.since(channel))

    def set_pace(self) -> None:
        pace = self._client.pace
        rate = {} if pace.max_rate is None else {"max_rate": pace.max_rate}
        self.send(Asked("set", {"paused": pace.is_paused} | rate))

    def _may_resume(self, since: str | None) -> bool:
        """Say whether the server certainly still knows a position."""
        server = self._client.server
        if since is None or not self._is_of_present_epoch(since):
            return False
        sequence, replica = Position.parse(since).sequence, server.hub.replica
        return sequence >= max(server.wire.begun_at, replica.sequence - CAPACITY + 1)

    def _is_of_present_epoch(self, since: str | None) -> bool:
        client = self._client
        epoch = client.server.hub.replica.epoch + ACCOUNTS[client.kind][0].mark
        return since is not None and Position.parse(since).epoch == epoch

    # --- answered ---------------------------------------------------------------------------
    def take_answer(self, frame: Frame) -> None:
        asked = self._asked.pop(frame["id"], None) if frame["id"] is not None else None
        if not frame["success"]:
            self._take_refusal(asked, frame["error"])
        elif asked is None:  # a request's answer, which names what was rejected
            self._reject(frame["result"])
        elif asked.method == "subscribe" and asked.names is not None:
            self._take_opening(asked, asked.names, frame["result"])
        elif asked.method == "unsubscribe":
            self._client.wanted.end(asked.params["channel"], asked.names)
        elif asked.method == "set":
            rate, now_s = asked.params.get("max_rate"), self._client.world.loop.time()
            self._client.pace.confirm(rate, now_s, paused=frame["result"]["paused"])

    def _take_refusal(self, asked: Asked | None, error: Frame) -> None:
        client = self._client
        if error["name"] == "unavailable":
            client.world.loop.call_later(RETRY_S, client.leave)
        else:
            client.audit.case.complain(f"{asked} was refused: {error}")

    def _take_opening(self, asked: Asked, names: set[Any], result: Frame) -> None:
        client, channel = self._client, result["channel"]
        self.mending.discard(channel)
        names = names - self._reject(result)
        since, is_resumed = asked.params.get("since"), bool(result.get("resumed"))
        # Only prices are always resumed; and a channel that mends is open already.
        is_sure = channel == "ticker" and channel not in self.mended and asked.may_resume
        if is_sure and self._may_resume(since) and not is_resumed:
            client.audit.case.complain(f"{since} was not resumed, though it is known")
        if is_resumed and not (asked.is_known or self._is_of_present_epoch(since)):
            client.audit.case.complain(f"{since} was resumed, but is of another epoch or access")
        client.pace.let_pass()
        client.resumes += is_resumed
        if channel == "trades" and channel in self.mended and not is_resumed:
            # The snapshot answers for the place that was asked from, and more came meanwhile.
            client.audit.let_trades_come_again()
        client.wanted.begin(channel, since, names)

    def _reject(self, result: Frame) -> set[Any]:
        channel, rejected = result["channel"], result.get("rejected", {})
        names = {tuple(name.split("@")) if channel == "bars" else name for name in rejected}
        self._client.wanted.reject(channel, names, is_request=not self._client.is_socket)
        return names


def written(name: Any) -> str:
    """Return a name as the wire has it: a symbol, or a symbol and an interval."""
    return name if isinstance(name, str) else "@".join(name)
