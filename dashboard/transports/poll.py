"""Polls as a plain ASGI application: each answer has the frames after the reader's position.

Must not know sockets, or how rows are kept. While a poll is answered it has a connection to the
hub, so the same subscriber as for a socket decides what is due. A long poll waits for news.
"""

import asyncio
from typing import Final

from dashboard.delivery.connection import Connection
from dashboard.delivery.hub import Hub, ReadPersonal
from dashboard.network.asgi_types import Receive, Scope, Send
from dashboard.people.identity import Identity
from dashboard.transports.asgi_socket import AsgiSocket
from dashboard.transports.gatekeeper import Gatekeeper
from dashboard.transports.http import (
    JSON,
    answer,
    respond,
)
from dashboard.wire.frames import encode_heartbeat
from dashboard.wire.positions import ReaderPosition
from dashboard.wire.query import Question
from dashboard.wire.registry import Transport

NEAR_EVENTS: Final = 1_000
"""An answer 304 carries no position. A reader without news that is farther behind than this gets an
answer with its new position, or it would fall off the tape: every third poll or so at 200 ticks/s.
"""


class PollApplication:
    """GET /poll/v1/ -> {"position", "frames"}; 304 when there is no news, after `wait` seconds."""

    def __init__(self, *, hub: Hub, gatekeeper: Gatekeeper, read_personal: ReadPersonal) -> None:
        self._hub = hub
        self._gatekeeper = gatekeeper
        self._read_personal = read_personal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await answer(scope, receive, send, lambda: self._serve(scope, send))

    async def _serve(self, scope: Scope, send: Send) -> None:
        identity, question = await self._gatekeeper.admit(scope)
        frames, position, lag, trouble = await self._ask(identity, question, send)
        stale_ms = self._hub.replica.stale_ms
        if not frames and stale_ms is None and not trouble and lag <= NEAR_EVENTS:
            await respond(send, 304, b"")
            return
        heartbeat = encode_heartbeat(
            seq=position.sequence,
            ts=self._hub.clock.now_ms(),
            stale_ms=stale_ms,
            trouble=trouble,
        )
        text = f'{{"position":"{position}","frames":[{",".join([*frames, heartbeat])}]}}'
        await respond(send, 200, text.encode(), [JSON])

    async def _ask(
        self, identity: Identity, question: Question, send: Send
    ) -> tuple[list[str], ReaderPosition, int, str]:
        """Return frames that bring the reader up to date, its position, its lag, and trouble.

        The lag is in events. Trouble is what staff must know of the database, "" without any.
        """
        transport = Transport.LONGPOLL if question.wait_s else Transport.POLL
        connection = self._hub.join(identity, transport, AsgiSocket(send), is_live=False)
        try:
            connection.begin(question.subscribes)
            await self._offer_personal(connection)
            frames = connection.take_all()
            if not frames and question.wait_s:
                frames = await _first_news(connection, question.wait_s)
            return frames, connection.position, connection.lag, connection.trouble
        finally:
            self._hub.leave(connection)

    async def _offer_personal(self, connection: Connection) -> None:
        if not connection.wants_personal:
            return
        user_id = connection.identity.user_id
        if (mine := (await self._read_personal([user_id])).get(user_id)) is not None:
            connection.offer_personal(mine)


async def _first_news(connection: Connection, wait_s: float) -> list[str]:
    try:
        async with asyncio.timeout(wait_s):
            return await connection.frames() + connection.take_all()
    except TimeoutError:
        return connection.take_all()
