"""Signatures of webhooks, checked as the docs tell receivers to."""

import base64
import hashlib
import hmac

from tests.support.receiver import Arrival


def is_signed(arrival: Arrival, secret: str) -> bool:
    """Say whether a message is signed with a secret."""
    at = arrival.headers["webhook-timestamp"]
    signed = f"{arrival.headers['webhook-id']}.{at}.".encode() + arrival.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(
        hmac.compare_digest(part, f"v1,{digest}")
        for part in arrival.headers["webhook-signature"].split(" ")
    )
