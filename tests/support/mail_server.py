"""A mail server of the tests' own on loopback: it asks for a password, and keeps what it takes."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from pathlib import Path
from typing import Any, Final, NamedTuple

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.support.certificates import certificate_for
from tests.support.ports import free_port
from tests.support.waiting import PATIENCE_S

USER: Final = "market"
PASSWORD: Final = "a/long@secret"
TAKEN: Final = "250 taken"


class Mail(NamedTuple):
    """A message that was taken, to whom it went, and whether it came encrypted."""

    message: Message
    recipients: list[str]
    is_encrypted: bool


class MailServer(MessageHandler):  # type: ignore[misc]
    """Answers messages in order with `answers`, and then takes them.

    `logins` are the names and passwords that it was given.
    """

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[str] = []
        self.mails: list[Mail] = []
        self.logins: list[tuple[str, str]] = []

    def login(self, _server: Any, _session: Any, _envelope: Any, _way: str, given: Any) -> Any:
        """Say whether a name and a password are right."""
        assert isinstance(given, LoginPassword)
        self.logins.append((given.login.decode(), given.password.decode()))
        return AuthResult(success=self.logins[-1] == (USER, PASSWORD))

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        """Answer a message, and keep it if that takes it."""
        answer = self.answers.pop(0) if self.answers else TAKEN
        if answer == TAKEN:
            message = self.prepare_message(session, envelope)
            is_encrypted = session.ssl is not None or server.transport.get_extra_info("sslcontext")
            self.mails.append(Mail(message, envelope.rcpt_tos, bool(is_encrypted)))
        return answer

    def handle_message(self, message: Message) -> None:
        """Do nothing: `handle_DATA` keeps the message, with more than it says itself."""


class Way(NamedTuple):
    """How the site reaches the server: a scheme, and an address that decides about STARTTLS."""

    scheme: str
    host: str


PLAIN: Final = Way("smtp", "127.0.0.1")
STARTTLS: Final = Way("smtp", "127.0.0.2")
"""An address of loopback that the site does not know as one: there it wants STARTTLS."""
TLS: Final = Way("smtps", "127.0.0.1")


@contextmanager
def running_mail_server(folder: Path, way: Way) -> Iterator[tuple[MailServer, str, Path]]:
    """Run a server; yield it, its address without user and password, and its certificate."""
    pem = folder / "mail.pem"
    pem.write_bytes(certificate_for(way.host))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    handler = MailServer()
    controller = Controller(
        handler,
        hostname=way.host,
        port=free_port(),
        ready_timeout=PATIENCE_S,
        ssl_context=context if way is TLS else None,
        tls_context=context if way is STARTTLS else None,
        require_starttls=way is STARTTLS,
        auth_required=True,
        # With TLS from the start it knows of none, and would offer no sign-in.
        auth_require_tls=way is STARTTLS,
        authenticator=handler.login,
    )
    controller.start()
    try:
        yield handler, f"{way.host}:{controller.port}", pem
    finally:
        controller.stop()
