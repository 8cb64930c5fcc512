"""A forgotten password and a deleted account end all that the account has open, on both servers."""

import http.client
import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from email import message_from_bytes
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from dashboard.servers.serving import SERVERS
from dashboard.wire.registry import Close
from tests.support.served import Served, serve
from tests.support.visitor import Visitor
from tests.support.waiting import PATIENCE_S, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.shared]
ORIGIN = "http://market.example.com"
OLD, NEW = "correct horse battery", "staple gun seventy"
MAKE = """
from django.contrib.auth.models import User
from dashboard.people.token_service import create_token
user = User.objects.create_user("{name}", email="{name}@example.org", password="{password}")
print(create_token(user, actor=None, name="program")[1])
"""
STREAM = "/sse/v1/?channels=status"


@pytest.fixture(scope="module", params=SERVERS)
def mailing(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A server that writes its e-mail to files."""
    folder = tmp_path_factory.mktemp(request.param)
    settings = {"EMAIL_URL": f"file://{folder}/mail", "MARKET_PUBLIC_ORIGINS": ORIGIN}
    with serve(folder, "--server", request.param, **settings) as served:
        yield served


class Person:
    """Somebody new with a browser, a program, and connections of both."""

    def __init__(self, served: Served, name: str, stack: ExitStack) -> None:
        self.served, self.name = served, name
        self.token = served.manage("shell", "-v0", "-c", MAKE.format(name=name, password=OLD))
        self.browser = sign_in(served, name, OLD)
        url = f"ws://{name}:{self.token}@{served.host}/ws/v1/"
        program = connect(url, open_timeout=PATIENCE_S, legacy=True)
        self.sockets = [stack.enter_context(socket) for socket in (program, self.browser.open())]
        stream = self.ask(STREAM)
        stack.callback(stream.close)
        self.stream = stream.getresponse()

    def ask(self, path: str) -> http.client.HTTPConnection:
        """Ask for something as the program."""
        connection = http.client.HTTPConnection(self.served.host, timeout=PATIENCE_S)
        basic = b64encode(f"{self.name}:{self.token}".encode()).decode()
        connection.request("GET", path, headers={"Authorization": f"Basic {basic}"})
        return connection


def sign_in(served: Served, name: str, password: str) -> Visitor:
    served.passwords[name] = password
    return Visitor(served, name)


def is_signed_in(visitor: Visitor) -> bool:
    return "Sign out" in visitor.read("accounts/tokens/")


def close_code(socket: ClientConnection) -> int | None:
    """Read to the end; return why it ended."""
    with pytest.raises(ConnectionClosed):
        while True:
            socket.recv(timeout=PATIENCE_S)
    return socket.close_code


def assert_out(person: Person) -> None:
    """Everything that was open ends, and nothing of it can be opened again."""
    assert [close_code(socket) for socket in person.sockets] == [Close.SIGNED_OUT] * 2
    ended = person.stream.read().decode().rpartition("event: close")[2]
    assert f'"code":{Close.SIGNED_OUT.value}' in ended
    assert person.ask("/poll/v1/?channels=status").getresponse().status == 401
    assert not is_signed_in(person.browser)


def link_in(folder: Path) -> str:
    """Wait for the only e-mail; return where its link leads on this site."""
    wait_until(lambda: any(file.stat().st_size for file in folder.glob("*")))
    [file] = folder.glob("*")
    body = message_from_bytes(file.read_bytes()).get_payload()
    found = re.search(rf"{ORIGIN}/(\S+)", str(body))
    assert found
    return found[1]


def test_a_new_password_by_e_mail_ends_all_that_is_open(mailing: Served) -> None:
    with ExitStack() as stack:
        ada = Person(mailing, "ada", stack)
        stranger = Visitor(mailing, "viewer")
        answer = stranger.post("accounts/password/reset/", email="ada@example.org")
        assert "Check your e-mail" in answer
        link = link_in(mailing.folder / "mail")
        form = {"password1": NEW, "password2": NEW}
        set_page = re.sub(r"(key/\w+)-.*", r"\1-set-password/", link)
        assert "Password successfully changed" in stranger.post(link, to=set_page, **form)
        assert_out(ada)
    assert "no longer works" in stranger.read(link)
    assert is_signed_in(sign_in(mailing, "ada", NEW))
    assert link not in mailing.log()
    assert "ada@example.org" not in mailing.log()


def test_a_deleted_account_ends_all_that_is_open(mailing: Served) -> None:
    with ExitStack() as stack:
        bob = Person(mailing, "bob", stack)
        page = "accounts/delete/"
        asked = bob.browser.post(f"accounts/reauthenticate/?next=/{page}", password=OLD)
        assert "This cannot be undone" in asked
        assert "Your account is deleted" in bob.browser.post(page)
        assert_out(bob)
    assert not is_signed_in(sign_in(mailing, "bob", OLD))
