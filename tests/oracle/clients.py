"""Readers as programs and browsers are: they fold frames, come back, and go on where they stand."""

import json
from collections.abc import Iterable
from typing import Any

from dashboard.loadtest.reader import Gap, Reader
from dashboard.people.identity import Identity
from dashboard.wire.registry import Close, Transport
from feeds.market.events import Position
from tests.oracle.audit import ReaderAudit
from tests.oracle.check import Frame
from tests.oracle.commands import RETRY_S, Asked, Commands, Pace
from tests.oracle.line import Line, Message
from tests.oracle.requests import EventReader, query_of
from tests.oracle.virtual_time import pass_time
from tests.oracle.wanted_channels import WantedChannels
from tests.oracle.world import ACCOUNTS, LISTED, OPEN, SWEEP_S, Server, World, account_of

SILENCE_S = 4.0
"""Without a sign of life for this long a reader takes its line for dead."""
PING_TIMEOUT_S = 3.0
"""A server pings its sockets: it notices a half-open line after this at the latest."""
POLL_S, AGAIN_S = 0.4, 0.05
"""A poll comes again after the first, a long-poll after the second."""
REVOKED_S = SWEEP_S + 0.2
FINAL = {Close.SIGNED_OUT, Close.FORBIDDEN, Close.DISCONNECTED}


class Client:
    """One reader: what it wants, what it applied, and the line that it has now.

    `channels` maps a channel to its names: symbols, `*`, or pairs of a symbol and an interval.
    `doubles` is how many frames it will take twice, `splits` says that events come in pieces.
    """

    def __init__(
        self, world: World, user_id: int, kind: str, transport: Transport, *,
        fields: tuple[str, ...] | None = None, **channels: Iterable[Any],
    ) -> None:  # fmt: skip
        self.world = world
        self.user_id = user_id
        self.kind = self._read_as = kind
        self.transport = transport
        self.fields = fields
        self.audit = ReaderAudit(world.tape, account_of(user_id, kind), self._name)
        self.audit.ticker.fields = fields or self.audit.ticker.fields
        self.wanted = WantedChannels(
            self.audit, {name: set(names) for name, names in channels.items()}
        )
        self.pace = Pace()
        self.server: Server = world.servers[user_id % 2]
        self.line: Line | None = None
        self.is_on = self.may_read = True
        self.splits = False
        self.doubles = self.signins = self.snapshots = self.resumes = 0
        self._begin_line()
        self.identity = self._sign_in()
        world.spawn(self._watch())
        self.connect()

    @property
    def _name(self) -> str:
        return f"{self.transport} reader {self.user_id}, {self.kind}"

    @property
    def is_socket(self) -> bool:
        return self.transport is Transport.WEBSOCKET

    @property
    def reader(self) -> Reader:
        return self.wanted.reader

    # --- identity ---------------------------------------------------------------------------
    def _sign_in(self) -> Identity:
        self.signins += 1
        access = ACCOUNTS[self.kind][0]
        return Identity(self.user_id, f"u{self.user_id}", 0, f"s{self.signins}", access)

    def _who(self, line: Line) -> Identity | None:
        """Say who asks, when a server asks: rights may have changed since the line began."""
        if not self.may_read:
            return None
        line.identity, line.data_until_s = self.identity, float("inf")
        self._look_at_rights()
        return self.identity

    def _look_at_rights(self) -> None:
        if self.kind != self._read_as:
            self._read_as = self.kind
            self.audit.see(account_of(self.user_id, self.kind))

    def sign_out(self) -> None:
        """End the session: nothing more may come."""
        self.world.rows.revoked[self.identity] = Close.SIGNED_OUT
        self.may_read = False
        self._end_data()

    def sign_in(self) -> None:
        if not self.may_read:
            self.may_read = self.is_on = True
            self.identity = self._sign_in()
            self.connect()

    def change_access(self, kind: str) -> None:
        """See something else from now on."""
        if kind != self.kind:
            self.world.rows.revoked[self.identity] = Close.ACCESS_CHANGED
            self.kind = kind
            self.identity = self._sign_in()
            self._end_data()

    def _end_data(self) -> None:
        if self.line is not None:
            self.line.data_until_s = self.world.loop.time() + REVOKED_S

    # --- connecting -------------------------------------------------------------------------
    def connect(self) -> None:
        """Open a line to the server, over the present transport, unless there is one."""
        if self.line is not None or not (self.is_on and self.may_read):
            return
        if self.server not in self.world.servers:
            self.server = self.world.servers[self.user_id % 2]
        self._begin_line()
        self.audit.begin_line()
        self._look_at_rights()
        self._open(self.server)

    def _begin_line(self) -> None:
        """Forget what belonged to the former line."""
        self._heard_s = self.world.loop.time()
        self._status = 0
        self.commands = Commands(self)
        self._events = EventReader()
        self.pace.begin_again()

    def _open(self, server: Server) -> None:
        goodbye = "websocket.disconnect" if self.is_socket else "http.disconnect"
        line = self.line = Line(
            self.world.loop, self._deliver, lambda: self._lose(line), goodbye=goodbye
        )
        line.identity = self.identity
        server.lines.add(line)
        scope: dict[str, Any] = {"headers": [], "who": lambda: self._who(line)}
        if self.is_socket:
            line.inbox.put_nowait({"type": "websocket.connect"})
            application = server.socket
            scope |= {"type": "websocket", "path": "/ws/v1/"}
        else:
            application = server.events if self.transport is Transport.SSE else server.polls
            query = query_of(self).encode()
            scope |= {"type": "http", "method": "GET", "query_string": query}
        self.world.spawn(self._serve(application, scope, line, server))

    async def _serve(self, application: Any, scope: Any, line: Line, server: Server) -> None:
        try:
            await application(scope, line.inbox.get, line.send)
        except OSError:
            pass  # the line is lost
        finally:
            server.lines.discard(line)
            if line.late:
                self.audit.case.complain(f"data came after the right had ended: {line.late}")
            self.world.loop.call_soon(self._ended, line)

    def _ended(self, line: Line) -> None:
        """What the server sent before it ended still arrives, unless the line is lost."""
        if line is self.line and line.is_empty:
            line.cut()

    def _lose(self, line: Line) -> None:
        if line is self.line:
            self.line = None
            self.world.loop.call_later(RETRY_S, self.connect)

    def leave(self) -> None:
        """Give up the line and come back; only a whole line lets the server know."""
        line = self.line
        if line is None:
            return
        if line.is_half_open:
            self.world.loop.call_later(PING_TIMEOUT_S, line.cut)
            self._lose(line)
        else:
            line.cut()

    def move(self, transport: Transport, server: Server) -> None:
        """Come back over another transport, or at another process."""
        self.transport, self.server = transport, server
        self.audit.case.name = self._name
        self.leave()

    async def _watch(self) -> None:
        while True:
            await pass_time(0.5)
            if self.line is not None and self.world.loop.time() - self._heard_s > SILENCE_S:
                self.leave()

    # --- what is wanted ---------------------------------------------------------------------
    def want(self, channel: str, names: Iterable[Any]) -> None:
        """Subscribe to more; over HTTP the next request asks for it."""
        added = self.wanted.add(channel, names)
        if added is None or self.line is None:
            return
        if self.is_socket:
            self.commands.subscribe(channel, added)
        elif self.transport is Transport.SSE:
            self.leave()

    def drop(self, channel: str, names: Iterable[Any] | None = None) -> None:
        """Unsubscribe from names, or from a channel."""
        if not self.wanted.may_drop(channel, names):
            return
        ended = self.wanted.drop(channel, names)
        if self.line is None:
            return
        if self.is_socket:
            self.commands.unsubscribe(channel, ended)
        elif self.transport is Transport.SSE:
            self.leave()

    def set_pace(self, max_rate: float | None, *, paused: bool) -> None:
        """Ask for another pace, or for none."""
        self.pace.is_paused, self.pace.max_rate = paused, max_rate
        if self.is_socket:
            self.commands.set_pace()

    def acknowledge(self, paint_ms: float) -> None:
        """Say that everything is painted."""
        since = self.reader.since("ticker")
        if since is not None and self.is_socket:
            self.commands.send(Asked("ack", {"position": since, "paint_ms": paint_ms}))

    # --- what arrives -----------------------------------------------------------------------
    def _deliver(self, message: Message) -> None:
        match message["type"]:
            case "websocket.accept":
                self.commands.subscribe_all()
            case "websocket.send":
                self.hear(json.loads(message["text"]))
            case "websocket.close":
                self._close(message["code"])
            case "http.response.start":
                self._status = message["status"]
                if self._status in (401, 403):
                    self._close(Close.SIGNED_OUT)
            case "http.response.body" if self.line is not None:
                self._take_body(message, self.line)

    def _close(self, code: int) -> None:
        is_mine = self.line is not None and self.line.identity is self.identity
        if code in FINAL and is_mine:
            self.is_on = False
            if self.may_read:
                self.audit.case.complain(f"was ended with {code} though it may read")
        self.leave()

    def _take_body(self, message: Message, line: Line) -> None:
        if self.transport is Transport.SSE and self._status == 200:
            for event in self._events.take(message["body"], splits=self.splits):
                self._take_event(event)
            if not message.get("more_body"):
                self.leave()
            return
        self._take_poll(message["body"])
        self.line = None
        line.cut()
        pause_s = POLL_S if self.transport is Transport.POLL else AGAIN_S
        self.world.loop.call_later(pause_s, self.connect)

    def _take_poll(self, body: bytes) -> None:
        self._heard_s = self.world.loop.time()
        if self._status == 304:
            self.hear({"channel": "heartbeat", "seq": 0})
        elif self._status == 200:
            answer = json.loads(body)
            for frame in answer["frames"]:
                self.hear(frame)
            self._check_position(answer["position"])

    def _check_position(self, position: str) -> None:
        """The position of a poll is the reader's position in every channel."""
        if not self.server.hub.replica.epoch:
            return  # a process without a market knows no place on the tape
        for name in filter(self._is_read, self.reader.positions):
            mine = self.reader.since(name)
            if mine != position:
                self.audit.case.complain(f"a poll ended at {position}, {name} stands at {mine}")

    def _is_read(self, channel: str) -> bool:
        return self.wanted.is_read(channel, LISTED[OPEN])

    def _take_event(self, event: dict[str, str]) -> None:
        data = json.loads(event["data"])
        if event.get("event") == "close":
            self._close(data["code"])
            return
        self.hear(data)
        if "id" in event:
            self._take_place(Position.parse(event["id"]))

    def _take_place(self, position: Position) -> None:
        """The id of an event confirms a place, as a heartbeat does."""
        positions = self.reader.positions.items()
        epochs = {at.epoch for name, at in positions if self._is_read(name)} - {position.epoch}
        if epochs:
            self.audit.case.complain(f"an event had the id {position}, the reader is in {epochs}")
        stale_ms = self.reader.stale_ms
        stale = {} if stale_ms is None else {"stale": stale_ms}
        self.hear({"channel": "heartbeat", "seq": position.sequence, **stale})

    def hear(self, frame: Frame) -> None:
        """Take a frame; a frame that leaves a gap is not applied."""
        self._heard_s = self.world.loop.time()
        if "success" in frame:
            self.commands.take_answer(frame)
            return
        is_mending = bool(self.commands.mending)
        broken = self.pace.break_by(frame, self._heard_s, is_mending=is_mending)
        if broken is not None:
            self.audit.case.complain(broken)
        self._apply(frame)
        if self.doubles and "from" in frame:
            self.doubles -= 1
            self._apply(frame)

    def _apply(self, frame: Frame) -> None:
        name = frame.get("channel", "")
        before = self.reader.positions.get(name)
        try:
            self.wanted.apply(frame)
        except Gap as gap:
            is_repeated = before is not None and frame["seq"] <= before.sequence
            # What was on its way while a channel mends may lie before or behind its new place.
            if not is_repeated and name not in self.commands.mended:
                self.audit.case.complain(f"there was a gap on a whole line: {gap}")
            if self.is_socket:
                self.commands.mend(name)
            return
        self.snapshots += frame.get("type") == "snapshot"
        self.audit.take(frame)
