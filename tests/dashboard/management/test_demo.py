"""The demo makes what is missing and keeps what is there, without a server that listens on."""

import json
import os
import socket
import stat
import sys
import webbrowser
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from dashboard.management.commands import demo
from feeds.models import Feed, Instrument

pytestmark = pytest.mark.django_db
QUICK = ("--no-browser", "--port=0", "--instruments=2", "--rate=50")
Serving = list[tuple[Any, socket.socket, str]]


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    """The folder of the data: the command begins no process with another."""
    settings.MARKET_DATA_DIR = tmp_path
    settings.MARKET_RECORDINGS_DIR = tmp_path / "recordings"
    return tmp_path


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Serving:
    """What was served: a server that is ready at once, and then ends."""
    served: Serving = []

    def serve(
        application: Any, listener: socket.socket, *, server: str, on_ready: Callable[[], None]
    ) -> None:
        served.append((application, listener, server))
        assert listener.getsockname()[0] == "127.0.0.1"
        on_ready()

    monkeypatch.setattr(demo, "serve", serve)
    monkeypatch.setattr(demo.Command, "application", lambda _: "application")
    return served


def run(*options: str) -> str:
    out = StringIO()
    call_command("demo", *QUICK, *options, stdout=out)
    return out.getvalue()


def users_of(output: str) -> dict[str, str]:
    users: dict[str, str] = json.loads(output)["users"]
    return users


def test_the_first_start_makes_an_exchange_and_accounts_and_serves_it(
    served: Serving, folder: Path
) -> None:
    said = run()
    assert (Feed.objects.get().rate, Instrument.objects.count()) == (50, 2)
    ((application, listener, server),) = served
    assert (application, server, listener.fileno()) == ("application", "daphne", -1)
    passwords = json.loads((folder / "accounts.json").read_text())
    assert said.splitlines()[:3] == [
        f"Sign in as admin with password {passwords['admin']}",
        f"Sign in as viewer with password {passwords['viewer']}",
        f"The data is in {folder}; Ctrl-C stops the demo",
    ]
    assert said.splitlines()[3].startswith("Ready: http://127.0.0.1:")


def test_json_is_one_line_with_the_address_and_the_passwords(served: Serving, folder: Path) -> None:
    said = run("--json", "--server=uvicorn")
    found = json.loads(said)
    assert said.count("\n") == 1
    assert found["users"] == json.loads((folder / "accounts.json").read_text())
    assert found["url"].startswith("http://127.0.0.1:")
    assert served[0][2] == "uvicorn"


def test_the_admin_may_do_everything_and_the_viewer_nothing(served: Serving) -> None:
    passwords = users_of(run("--json"))
    rights = {
        user.username: (user.is_superuser, user.is_staff, user.check_password(passwords[name]))
        for name, user in ((user.username, user) for user in User.objects.all())
    }
    assert rights == {"admin": (True, True, True), "viewer": (False, False, True)}
    assert all(len(password) == 16 for password in passwords.values())


def test_only_its_owner_may_read_the_passwords(served: Serving, folder: Path) -> None:
    run()
    assert stat.S_IMODE((folder / "accounts.json").stat().st_mode) == 0o600
    assert sorted(path.name for path in folder.iterdir()) == ["accounts.json"]


def test_a_second_start_keeps_passwords_and_instruments(served: Serving) -> None:
    first = run("--json")
    hashes = list(User.objects.values_list("password", flat=True))
    again = run("--json", "--instruments=5", "--rate=9")
    assert users_of(again) == users_of(first)
    assert list(User.objects.values_list("password", flat=True)) == hashes
    assert (Feed.objects.get().rate, Instrument.objects.count()) == (50, 2)


@pytest.mark.parametrize("is_lost", ["password", "account"])
def test_what_is_lost_is_made_anew_and_the_rest_stays(
    served: Serving, folder: Path, is_lost: str
) -> None:
    first = users_of(run("--json"))
    if is_lost == "password":
        (folder / "accounts.json").write_text(json.dumps({"admin": first["admin"]}))
    else:
        User.objects.filter(username="viewer").delete()
    again = users_of(run("--json"))
    assert again["admin"] == first["admin"]
    assert again["viewer"] != first["viewer"]
    for name, password in again.items():
        assert User.objects.get(username=name).check_password(password)


def test_without_options_it_is_the_demo_that_the_guide_describes() -> None:
    options = demo.Command().create_parser("manage.py", "demo").parse_args([])
    found = (options.port, options.instruments, options.rate, options.server)
    assert found == (8000, 60, 200.0, "daphne")
    assert not any((options.reset, options.yes, options.json, options.no_browser))


def test_a_server_that_nobody_knows_is_refused(served: Serving) -> None:
    with pytest.raises(CommandError, match="invalid choice: 'gunicorn'"):
        run("--server=gunicorn")
    assert not served


# --- the address ----------------------------------------------------------------------------
def test_a_port_that_is_taken_is_refused_with_a_cure(served: Serving) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError) as refused:
            run(f"--port={port}")
    assert str(refused.value).startswith(f"port {port} cannot be used (")
    assert str(refused.value).endswith("); choose another with --port, or --port 0")
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "option", ["--port=65536", "--port=-1", "--instruments=0", "--instruments=5001", "--rate=0.09"]
)
def test_what_is_out_of_range_is_refused_before_anything_is_made(
    served: Serving, option: str
) -> None:
    with pytest.raises(CommandError):
        run(option)
    assert not served
    assert not Feed.objects.exists()


@pytest.mark.parametrize("is_broken", [False, True])
def test_a_browser_is_opened_unless_there_is_none(
    served: Serving, monkeypatch: pytest.MonkeyPatch, is_broken: bool
) -> None:
    asked, is_over = [], Event()

    def open_page(url: str) -> None:
        asked.append(url)
        is_over.set()
        if is_broken:
            raise webbrowser.Error("no browser")

    monkeypatch.setattr(webbrowser, "open", open_page)
    out = StringIO()
    call_command("demo", *QUICK[1:], "--json", stdout=out)
    assert is_over.wait(10)
    assert asked == [json.loads(out.getvalue())["url"]]


def test_without_a_browser_none_is_opened(served: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "Thread", None)
    run()
    assert len(served) == 1


@pytest.mark.parametrize("is_other", [False, True])
def test_another_folder_begins_the_process_again(
    served: Serving, folder: Path, monkeypatch: pytest.MonkeyPatch, is_other: bool
) -> None:
    begun: list[Any] = []
    monkeypatch.setenv("MARKET_DATA_DIR", "before")
    monkeypatch.setattr(os, "execv", lambda *command: begun.append(command))
    run(f"--data={folder / 'other' if is_other else folder}")
    assert begun == ([(sys.executable, [sys.executable, *sys.argv])] if is_other else [])
    assert os.environ["MARKET_DATA_DIR"] == (str(folder / "other") if is_other else "before")


# --- a reset --------------------------------------------------------------------------------
@pytest.fixture
def data(folder: Path, served: Serving, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Files of an earlier demo, which a reset deletes."""
    names = ("db.sqlite3", "db.sqlite3-wal", "db.sqlite3-shm", "accounts.json", "recordings/a")
    files = [folder / name for name in names]
    (folder / "recordings").mkdir()
    for file in files:
        file.write_text('{"viewer": "of before"}')
    closed = SimpleNamespace(
        vendor="sqlite", settings_dict={"NAME": str(folder / "db.sqlite3")}, close=lambda: None
    )
    monkeypatch.setattr(demo, "connection", closed)
    return files


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> list[str]:
    asked: list[str] = []
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or text)
    return asked


@pytest.mark.parametrize("text", ["y", "Yes ", "YES"])
def test_a_reset_that_is_agreed_to_deletes_all_but_the_key(
    data: list[Path], folder: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (folder / "secret_key").write_text("key")
    asked = answer(monkeypatch, text)
    run("--reset")
    (question,) = asked
    assert question.startswith(f"Delete everything in {folder / 'db.sqlite3'}, and the recordings")
    assert sorted(path.name for path in folder.iterdir()) == ["accounts.json", "secret_key"]
    passwords = json.loads((folder / "accounts.json").read_text())
    assert sorted(passwords) == ["admin", "viewer"]
    assert passwords["viewer"] != "of before"


@pytest.mark.parametrize("text", ["", "n", "yes please"])
def test_any_other_answer_deletes_nothing(
    data: list[Path], monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    answer(monkeypatch, text)
    with pytest.raises(CommandError, match="nothing was deleted"):
        run("--reset")
    assert all(file.exists() for file in data)


def test_nobody_is_asked_who_said_yes(data: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    assert answer(monkeypatch, "n") == []
    run("--reset", "--yes")
    assert [file.name for file in data if file.exists()] == ["accounts.json"]


def test_where_nobody_can_answer_consent_is_an_option(
    data: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: False))
    with pytest.raises(CommandError, match="add --yes to delete it"):
        run("--reset")
    assert all(file.exists() for file in data)
    data[0].unlink()
    data[-1].unlink()
    data[-1].parent.rmdir()
    run("--reset")  # there is no database, so nothing to ask
    assert not any(file.exists() for file in data[1:3])


def test_only_a_database_in_a_file_is_reset(
    data: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo.connection, "vendor", "postgresql")
    with pytest.raises(CommandError, match="--reset is for SQLite; empty the postgresql"):
        run("--reset", "--yes")
    assert all(file.exists() for file in data)
