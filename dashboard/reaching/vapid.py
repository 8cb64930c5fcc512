"""The key with which this site proves to push services who it is (VAPID, RFC 8292).

It is made when somebody first wants pushes, and kept in a file that only its owner may read.
Browsers subscribe to one key: with another one their subscriptions are worth nothing. Must not know
rows or connections.
"""

import os
import secrets
from base64 import urlsafe_b64encode
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from feeds.file_modes import FILE_MODE

TOKEN_S: Final = 12 * 3600
"""How long a token holds; push services take none that hold for more than a day."""


class VapidKey:
    """The key in a file; `subject` is where a push service finds whoever runs this site."""

    def __init__(self, file: Path, *, subject: str) -> None:
        self._file = file
        self._subject = subject

    @cached_property
    def _private(self) -> ec.EllipticCurvePrivateKey:
        if not self._file.exists():
            _make(self._file)
        key = serialization.load_pem_private_key(self._file.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{self._file.name} holds another kind of key")
        return key

    @cached_property
    def public(self) -> str:
        """Return the public key as browsers want it: a point of P-256 in base64url."""
        point = self._private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return urlsafe_b64encode(point).rstrip(b"=").decode()

    def authorization(self, origin: str, *, now_s: int) -> str:
        """Return the header that lets a message into the push service at an origin."""
        # Imported when the first push is sent: pages and webhooks do without it.
        from py_vapid import Vapid02

        claims = {"aud": origin, "exp": now_s + TOKEN_S, "sub": self._subject}
        return str(Vapid02(self._private).sign(claims)["Authorization"])


def _make(file: Path) -> None:
    """Write a new key; of several processes that do so at once, the first one's key stays."""
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    draft = file.with_name(f".{file.name}-{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb") as out:
        out.write(pem)
    with suppress(FileExistsError):
        os.link(draft, file)
    draft.unlink()
