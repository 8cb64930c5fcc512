"""Notifications through a real mail server: encrypted, signed in, refused and tried again."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.support import storage
from tests.support.mail_server import (
    PASSWORD,
    PLAIN,
    STARTTLS,
    TLS,
    USER,
    MailServer,
    Way,
    running_mail_server,
)
from tests.support.served import Served, serve
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.slow,
    # The server on loopback that takes a password in the clear is what one case is about.
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS"),
]

ORIGIN = "http://market.example"
ADDRESS = "viewer@example.org"
TURN_ON = f"""
import django
django.setup()
from django.contrib.auth.models import User
from dashboard.reaching.own_mail import turn_mail_on
viewer = User.objects.get(username="viewer")
viewer.email = {ADDRESS!r}
viewer.save()
turn_mail_on(viewer, only_warnings=False)
"""
NOTIFY = """
import django
django.setup()
from django.contrib.auth.models import User
from tests.support.personal_rows import notify
notify(User.objects.filter(username="viewer"), title={title!r})
"""
MAKE_DUE = """
import django
django.setup()
from tests.support.destinations import make_due
make_due()
"""
DISPATCHES = "SELECT state, attempts, status, error FROM dashboard_dispatch ORDER BY id"


def dispatches(served: Served) -> list[tuple[Any, ...]]:
    with closing(storage.connect(served.folder)) as rows:
        return list(rows.execute(DISPATCHES).fetchall())


def sending(folder: Path, way: Way, address: str, trusted: Path | None) -> Any:
    """Return a server of the site that sends its e-mail to an address."""
    settings = {
        "EMAIL_URL": f"{way.scheme}://{USER}:{quote(PASSWORD, safe='')}@{address}",
        "MARKET_PUBLIC_ORIGINS": ORIGIN,
    }
    if trusted is not None:
        settings["SSL_CERT_FILE"] = str(trusted)
    return serve(folder, "--instruments", "2", "--rate", "5", **settings)


@pytest.fixture(params=[PLAIN, STARTTLS, TLS], ids=["plain", "starttls", "tls"])
def way(request: pytest.FixtureRequest) -> Way:
    found: Way = request.param
    return found


@pytest.fixture
def mail_server(tmp_path: Path, way: Way) -> Iterator[tuple[MailServer, str, Path]]:
    with running_mail_server(tmp_path, way) as running:
        yield running


def test_a_notification_arrives_and_is_tried_again_after_a_refusal(
    tmp_path: Path, way: Way, mail_server: tuple[MailServer, str, Path]
) -> None:
    server, address, certificate = mail_server
    server.answers = ["451 later"]
    with sending(tmp_path, way, address, certificate) as served:
        served.run(TURN_ON)
        served.run(NOTIFY.format(title="Maintenance"))
        wait_until(lambda: server.logins)
        served.run(MAKE_DUE)
        wait_until(lambda: [row[0] for row in dispatches(served)] == ["delivered"])
        [(_, attempts, status, error)] = dispatches(served)
    assert (attempts, status, error) == (2, 250, "")
    [mail] = server.mails
    assert (mail.message["Subject"], mail.recipients) == ("Maintenance", [ADDRESS])
    assert mail.message["From"] == "market@market.example"
    assert mail.is_encrypted is (way is not PLAIN)
    assert server.logins == [(USER, PASSWORD)] * 2


@pytest.mark.parametrize("way", [STARTTLS, TLS], ids=["starttls", "tls"], indirect=True)
def test_a_server_with_a_certificate_of_nobody_gets_neither_password_nor_mail(
    tmp_path: Path, way: Way, mail_server: tuple[MailServer, str, Path]
) -> None:
    server, address, _ = mail_server
    with sending(tmp_path, way, address, trusted=None) as served:
        served.run(TURN_ON)
        served.run(NOTIFY.format(title="first"))
        wait_until(lambda: [row[3] for row in dispatches(served)] != [""])
        [(state, attempts, _status, error)] = dispatches(served)
        assert (state, attempts) == ("waiting", 1)
        assert "SSLCertVerificationError" in error
    assert (server.logins, server.mails) == ([], [])
