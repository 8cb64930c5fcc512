"""Interval polling as a plain ASGI application: the frames of a resume, asked for now and then.

Must not know sockets or how rows are kept. Mounted by asgi beside Django. The same outboxes answer
as for a WebSocket: they stand at the reader's position, say what is news, and are gone.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec

from dashboard.exceptions import DeliveryError
from dashboard.hub import Hub, ReadPersonal
from dashboard.identity import Identity, identify
from dashboard.outbox import PersonalOutbox, StatusOutbox, TickerOutbox
from dashboard.replica import Replica
from dashboard.wire.commands import notice_id_of, position_of
from dashboard.wire.frames import encode_heartbeat
from dashboard.wire.personal import Personal
from dashboard.wire.registry import ERROR_TEXT, EVERYTHING, SYMBOL_LIMIT, Error, error_object
from feeds.clock import Moment, moment_of
from feeds.events import Position

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
HEADERS: Final = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_STATUS_OF: Final = {Error.SIGNED_OUT: 401, Error.FORBIDDEN: 403}


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a poll asks: symbols, and how far the reader is."""

    symbols: tuple[str, ...]
    since: Position | None
    notifications_since: int | None
    unread: int | None
    watchlist: tuple[str, ...] | None

    def knows_notices(self, personal: Personal) -> bool:
        """Say whether nothing was sent or read since the reader looked."""
        newest = personal.notices[0].id if personal.notices else 0
        return (self.notifications_since, self.unread) == (newest, personal.unread)


class PollRefused(DeliveryError):
    """A poll that is answered with an error."""

    def __init__(self, code: Error, fact: str) -> None:
        super().__init__(fact)
        self.code = code


class PollApplication:
    """GET /poll/v1/ -> {"position", "frames"}, or 304 when there is no news."""

    def __init__(self, *, hub: Hub, read_personal: ReadPersonal) -> None:
        self._hub = hub
        self._read_personal = read_personal

    async def __call__(self, scope: Scope, receive: Any, send: Send) -> None:  # noqa: ARG002
        """Answer one request."""
        if scope["method"] != "GET":
            await _respond(send, 405, b"")
            return
        try:
            identity = await _identity_of(scope)
            question = _question_of(scope["query_string"])
            frames = await self._personal_frames(identity, question)
        except PollRefused as refused:
            body = msgspec.json.encode({"error": error_object(refused.code, str(refused))})
            await _respond(send, _STATUS_OF.get(refused.code, 400), body)
            return
        replica, now = self._hub.replica, moment_of(self._hub.clock)
        frames += _market_frames(replica, question, now)
        if frames:
            frames.append(encode_heartbeat(seq=replica.sequence, ts=now.wall_ms))
            position = Position(replica.epoch, replica.sequence)
            text = f'{{"position":"{position}","frames":[{",".join(frames)}]}}'
            await _respond(send, 200, text.encode())
        else:
            await _respond(send, 304, b"")

    async def _personal_frames(self, identity: Identity, question: Question) -> list[str]:
        personal = (await self._read_personal([identity.user_id])).get(identity.user_id)
        if personal is None:
            return []
        outbox = PersonalOutbox()
        if not question.knows_notices(personal):
            outbox.open_notices(question.notifications_since)
        outbox.open_watchlist(question.watchlist)
        outbox.offer(personal)
        return outbox.take()


def _market_frames(replica: Replica, question: Question, now: Moment) -> list[str]:
    """Return what is news since the position: a resume like any other, then silence."""
    since, ts = question.since, now.wall_ms
    everything = EVERYTHING in question.symbols
    asked = replica.board.known() if everything else list(question.symbols)
    known = [symbol for symbol in asked if replica.board.is_known(symbol)]
    status, ticker = StatusOutbox(), TickerOutbox()
    status.open(replica, since)
    frames = status.take(replica, ts)
    if since is not None and ticker.resume(replica, known, since):
        ticker.everything = everything
        return frames + ticker.take(replica, ts)
    return frames + ticker.add(replica, known, ts)


async def _identity_of(scope: Scope) -> Identity:
    identity = await identify(scope)
    if isinstance(identity, Identity):
        return identity
    code = Error.FORBIDDEN if identity.is_foreign else Error.SIGNED_OUT
    raise PollRefused(code, ERROR_TEXT[code][0])


def _question_of(query: bytes) -> Question:
    try:
        fields = parse_qs(query.decode("ascii"), keep_blank_values=True, max_num_fields=8)
        symbols = tuple(dict.fromkeys(_listed(fields.get("symbols", [""])[-1])))
        watchlist = _listed(fields["watchlist"][-1]) if "watchlist" in fields else None
    except ValueError:
        raise PollRefused(Error.BAD_PARAMETERS, "the query cannot be read") from None
    if len(symbols) > SYMBOL_LIMIT:
        fact = f"limit is {SYMBOL_LIMIT}, was {len(symbols)}"
        raise PollRefused(Error.TOO_MANY_SYMBOLS, fact)
    return Question(
        symbols=symbols,
        since=position_of(fields.get("since", [None])[-1]),
        notifications_since=notice_id_of(fields.get("notifications_since", [None])[-1]),
        unread=notice_id_of(fields.get("unread", [None])[-1]),
        watchlist=watchlist,
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


async def _respond(send: Send, status: int, body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*HEADERS, length]})
    await send({"type": "http.response.body", "body": body})
