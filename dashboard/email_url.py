"""Reads EMAIL_URL: how e-mail is sent, and whether it is encrypted on its way to the mail server.

Pure. A password never goes over a network in the clear.
"""

import re
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

EXPECTED: Final = (
    "expected smtp://user:password@host:587, smtps://user:password@host:465, file:///folder "
    "or console:"
)
LOCAL_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""A server on this machine has no certificate for these names, and no network is between."""
HOST: Final = re.compile(r"[\w.:-]+")
TLS_PORT: Final = 465
STARTTLS_PORT: Final = 587
PLAIN_PORT: Final = 25
PLAIN: Final = "starttls=no"
"""The only option: a server on a private network that cannot encrypt."""


class Mailer(msgspec.Struct, frozen=True):
    """How e-mail is sent, as Django's settings say it."""

    backend: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False
    folder: str | None = None


def _backend(name: str) -> str:
    return f"django.core.mail.backends.{name}.EmailBackend"


NO_MAIL: Final = Mailer("dashboard.operations.unsent_mail.EmailBackend")
CONSOLE: Final = Mailer(_backend("console"))


def read_email_url(url: str) -> Mailer:
    """Return how e-mail is sent; an empty URL sends none.

    Raises:
        ValueError: no such address; the text never shows the password.
    """
    match url.partition(":"):
        case "", "", "":
            return NO_MAIL
        case "console", ":", "" | "//":
            return CONSOLE
        case "file", ":", rest:
            return Mailer(_backend("filebased"), folder=_folder_of(rest))
        case (("smtp" | "smtps"), ":", _):
            return _smtp(_split(url))
        case scheme, _, _:
            raise ValueError(f"its scheme was {scheme[:20]!r}, {EXPECTED}")


def _folder_of(rest: str) -> str:
    folder = rest.removeprefix("//")
    if not folder.startswith("/") or not folder.strip("/") or "?" in folder:
        raise ValueError(f"it named no folder, {EXPECTED}")
    return unquote(folder)


def _split(url: str) -> SplitResult:
    """Return the parts. The errors of the parser can repeat the password, so they are not shown."""
    try:
        parts = urlsplit(url)
        is_sound = parts.port != 0 and bool(HOST.fullmatch(parts.hostname or ""))
    except ValueError:
        is_sound = False
    if not is_sound:
        raise ValueError(f"its host or port was invalid, {EXPECTED}")
    if parts.path.strip("/") or parts.fragment or parts.query not in ("", PLAIN):
        cure = "write special characters of the password as %40"
        raise ValueError(f"it went on after host and port ({cure}), {EXPECTED}")
    return parts


def _smtp(parts: SplitResult) -> Mailer:
    host, user, password = parts.hostname or "", _text(parts.username), _text(parts.password)
    is_plain = parts.scheme == "smtp" and (host in LOCAL_HOSTS or parts.query == PLAIN)
    if bool(user) != bool(password):
        raise ValueError(f"it named a user or a password, but not both, {EXPECTED}")
    if is_plain and password and host not in LOCAL_HOSTS:
        raise ValueError(f"it had {PLAIN}, but a password must not be sent in the clear")
    is_tls = parts.scheme == "smtps"
    usual = PLAIN_PORT if is_plain else TLS_PORT if is_tls else STARTTLS_PORT
    return Mailer(
        _backend("smtp"),
        host=host,
        port=parts.port or usual,
        user=user,
        password=password,
        starttls=not is_plain and not is_tls,
        tls=is_tls,
    )


def _text(part: str | None) -> str:
    try:
        return unquote(part or "", errors="strict")
    except UnicodeDecodeError:
        raise ValueError(f"its user or password was not UTF-8, {EXPECTED}") from None
