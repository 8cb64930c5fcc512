"""Decides which requests are admitted: for polls, streams, REST and UDF alike.

Must not know frames, or how requests are answered. Each user has one budget for all of them.
"""

from typing import Final

from django import db

from dashboard.delivery.hub import Hub
from dashboard.exceptions import CommandRefused, DeliveryError
from dashboard.network.asgi_types import Scope
from dashboard.people.admission import identify
from dashboard.people.identity import Identity
from dashboard.process.refusal_reasons import RefusalReason
from dashboard.process.token_bucket import TokenBucket
from dashboard.wire.query import Question, read_question
from dashboard.wire.registry import ERROR_TEXT, Error

BURST_S: Final = 3
"""The requests of so many seconds may come at once, as from a browser that restores its tabs."""
IDLE_USERS: Final = 1000
"""With more budgets than this, those of users without recent requests are forgotten."""


class RequestRefused(DeliveryError):
    """A request that is answered with an error of the wire."""

    def __init__(self, code: Error, fact: str) -> None:
        super().__init__(fact)
        self.code = code


class Gatekeeper:
    """Admits the requests of signed-in users, each at most `requests_per_s` times a second."""

    def __init__(self, hub: Hub, *, requests_per_s: float) -> None:
        self.hub = hub
        self._per_s = requests_per_s
        self._buckets: dict[int, TokenBucket] = {}

    async def admit(self, scope: Scope) -> tuple[Identity, Question]:
        """Return the user of a request, and what the request asks for.

        Raises:
            RequestRefused: not signed in, a foreign page, too many requests, or a bad question.
        """
        identity = await self.let_in(scope)
        try:
            return identity, read_question(scope["query_string"], last_event_id=_last_id(scope))
        except CommandRefused as refused:
            self.hub.traffic.refusals[RefusalReason.BAD_REQUEST] += 1
            raise RequestRefused(Error(refused.code), str(refused)) from None

    async def let_in(self, scope: Scope) -> Identity:
        """Return the user of a request.

        Raises:
            RequestRefused: not signed in, a foreign page, or too many requests.
        """
        refusals = self.hub.traffic.refusals
        try:
            identity = await identify(scope)
        except db.Error:
            refusals[RefusalReason.NO_DATABASE] += 1
            raise
        if not isinstance(identity, Identity):
            if identity.foreign is not None:
                refusals[RefusalReason.FOREIGN] += 1
                raise RequestRefused(Error.FORBIDDEN, identity.foreign)
            refusals[RefusalReason.SIGNED_OUT] += 1
            raise RequestRefused(Error.SIGNED_OUT, ERROR_TEXT[Error.SIGNED_OUT][0])
        if not self._bucket_of(identity.user_id).spend(self.hub.clock.monotonic()):
            refusals[RefusalReason.TOO_MANY_REQUESTS] += 1
            raise RequestRefused(Error.TOO_MANY_COMMANDS, f"limit is {self._per_s:g} per second")
        return identity

    def _bucket_of(self, user_id: int) -> TokenBucket:
        now_s = self.hub.clock.monotonic()
        if len(self._buckets) >= IDLE_USERS:
            # A full bucket is as good as a new one.
            known = self._buckets.items()
            self._buckets = {user: bucket for user, bucket in known if not bucket.is_full(now_s)}
        fresh = TokenBucket(per_s=self._per_s, burst=self._per_s * BURST_S, now_s=now_s)
        return self._buckets.setdefault(user_id, fresh)


def _last_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"last-event-id":
            return bytes(value).decode("latin-1")
    return None
