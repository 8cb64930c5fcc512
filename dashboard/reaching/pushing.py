"""A message for a browser: encrypted so that only the browser can read it (RFC 8291, RFC 8188).

Must not know rows or connections.
"""

from base64 import urlsafe_b64decode
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

POINT_BYTES: Final = 65
AUTH_BYTES: Final = 16
KEPT_S: Final = 86_400
"""How long a push service keeps a message for a browser that is off."""
URGENT: Final = "critical"


def encrypt(text: bytes, *, endpoint: str, push_key: str, push_auth: str) -> bytes:
    """Return a message as only the browser with these keys can read it."""
    # It loads two libraries for HTTP, which nothing here uses: only who sends pushes waits for it.
    from pywebpush import WebPusher

    keys = {"p256dh": push_key, "auth": push_auth}
    return bytes(WebPusher({"endpoint": endpoint, "keys": keys}).encode(text)["body"])


def push_headers(level: str) -> dict[str, str]:
    """Return what a push service is told of a message, besides who sends it (RFC 8030)."""
    return {
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        "TTL": str(KEPT_S),
        "Urgency": "high" if level == URGENT else "normal",
    }


def are_push_keys(push_key: str, push_auth: str) -> bool:
    """Say whether these are keys of a browser: a point of P-256, and 16 bytes."""
    try:
        point, auth = _decoded(push_key), _decoded(push_auth)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return False
    return len(point) == POINT_BYTES and len(auth) == AUTH_BYTES


def _decoded(text: str) -> bytes:
    if not text.isascii():
        raise ValueError("other letters than ASCII")
    return urlsafe_b64decode(text.rstrip("=") + "==")  # more than is needed is ignored
