"""Sends a parcel as its kind wants it, and says what became of it.

Must not know rows.
"""

import asyncio

from dashboard.exceptions import SendFailed
from dashboard.models import DestinationKind
from dashboard.reaching.claims import GOOD, Parcel, SendOutcome
from dashboard.reaching.endpoints import origin_of
from dashboard.reaching.mailing import MailSender
from dashboard.reaching.outgoing import Outgoing
from dashboard.reaching.pushing import encrypt, push_headers
from dashboard.reaching.signing import signed_headers
from dashboard.reaching.vapid import VapidKey
from feeds.clock import Clock

REDIRECTS = range(300, 400)


class Sender:
    """Sends webhooks, signed, pushes, encrypted, and e-mail."""

    def __init__(self, outgoing: Outgoing, vapid: VapidKey, *, clock: Clock) -> None:
        self._outgoing = outgoing
        self._vapid = vapid
        self._clock = clock
        self._mail = MailSender()

    async def send(self, parcel: Parcel) -> SendOutcome:
        """Send a parcel once."""
        if parcel.kind == DestinationKind.EMAIL:
            return await self._mail.send(parcel)
        try:
            if parcel.kind == DestinationKind.PUSH:
                # In a thread: the first one loads libraries for half a second.
                body, headers = await asyncio.to_thread(self._push, parcel)
            else:
                body, headers = parcel.body, self._signed(parcel)
            reply = await self._outgoing.post(parcel.address, body, headers)
        except SendFailed as error:
            return SendOutcome(error=str(error))
        return SendOutcome(
            status=reply.status, error=_fault_of(reply.status), asked_s=reply.retry_after_s
        )

    def _push(self, parcel: Parcel) -> tuple[bytes, dict[str, str]]:
        body = encrypt(
            parcel.body,
            endpoint=parcel.address,
            push_key=parcel.push_key,
            push_auth=parcel.push_auth,
        )
        now_s = self._clock.now_ms() // 1000
        passed = self._vapid.authorization(origin_of(parcel.address), now_s=now_s)
        return body, {**push_headers(parcel.level), "Authorization": passed}

    def _signed(self, parcel: Parcel) -> dict[str, str]:
        signed = signed_headers(
            parcel.keys,
            message_id=parcel.message_id,
            body=parcel.body,
            at_s=self._clock.now_ms() // 1000,
        )
        return {"Content-Type": "application/json", **signed}


def _fault_of(status: int) -> str:
    """Return in words what is wrong with an answer, or ""."""
    if status in GOOD:
        return ""
    if status in REDIRECTS:
        return f"The answer was {status}, a redirect, which is not followed."
    return f"The answer was {status}."
