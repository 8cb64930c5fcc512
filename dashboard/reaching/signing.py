"""Signatures of webhooks, as the specification "Standard Webhooks" 1.0 has them.

A receiver computes the same HMAC-SHA256 of id, timestamp and body, and compares. Must not know rows
or connections.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Final

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32


def make_webhook_secret() -> str:
    """Return a new secret of 256 random bits."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed_headers(
    keys: Iterable[str], *, message_id: str, body: bytes, at_s: int
) -> dict[str, str]:
    """Return the headers of a message that is sent at `at_s` (UTC seconds since 1970).

    There is a signature for each of the secrets in `keys`; a receiver needs to know one of them.
    """
    signed = f"{message_id}.{at_s}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(f"v1,{_signature(key, signed)}" for key in keys),
    }


def _signature(key: str, signed: bytes) -> str:
    secret = base64.b64decode(key.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
