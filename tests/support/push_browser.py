"""A browser's half of Web Push, as its own code does it: keys, decryption, and a check of VAPID."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.receiver import Arrival


def to_text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def to_bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class PushBrowser:
    """The keys of a subscription, and what only their owner can read."""

    def __init__(self, auth: bytes = b"0123456789abcdef") -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._auth = auth

    def fields(self, address: str) -> dict[str, str]:
        """Return the subscription as a page posts it."""
        point = self._private.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        return {"address": address, "push_key": to_text(point), "push_auth": to_text(self._auth)}

    def read(self, arrival: Arrival) -> dict[str, Any]:
        """Return what was pushed."""
        assert arrival.headers["content-encoding"] == "aes128gcm"
        text = http_ece.decrypt(
            arrival.body, private_key=self._private, auth_secret=self._auth, version="aes128gcm"
        )
        said: dict[str, Any] = json.loads(text)
        return said


def claims_of(arrival: Arrival, public_key: str) -> dict[str, Any]:
    """Return the claims of VAPID, once the signature of the site's key is checked (RFC 8292)."""
    scheme, _, rest = arrival.headers["authorization"].partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert (scheme, parts["k"]) == ("vapid", public_key)
    head, claims, signature = parts["t"].split(".")
    assert json.loads(to_bytes(head))["alg"] == "ES256"
    raw = to_bytes(signature)
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), to_bytes(public_key))
    signed = f"{head}.{claims}".encode()
    key.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
    said: dict[str, Any] = json.loads(to_bytes(claims))
    return said
