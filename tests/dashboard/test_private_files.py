"""Nobody but the account of the site reads its database and its recordings."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import connections
from django.db.backends.signals import connection_created
from django.db.backends.sqlite3.base import DatabaseWrapper

from dashboard.private_files import make_private_file, make_private_folder
from feeds.recordings.header import Origin
from feeds.recordings.writer import RecordingWriter
from tests.support.market_script import listing
from tests.support.places import ROOT
from tests.support.served import environment


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """The mode must not depend on the account's own setting."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_folder_and_a_new_file_are_private(tmp_path: Path) -> None:
    make_private_folder(tmp_path / "data")
    make_private_file(tmp_path / "data" / "market.sqlite3")
    assert mode(tmp_path / "data") == 0o700
    assert mode(tmp_path / "data" / "market.sqlite3") == 0o600


def test_nothing_new_is_open_for_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "chmod", lambda *_, **__: pytest.fail("it was open before"))
    make_private_folder(tmp_path / "data")
    make_private_file(tmp_path / "data" / "market.sqlite3")
    assert mode(tmp_path / "data" / "market.sqlite3") == 0o600


@pytest.mark.parametrize("before", [0o777, 0o755, 0o750, 0o711])
def test_the_rights_of_others_are_taken_from_a_folder(tmp_path: Path, before: int) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(before)
    make_private_folder(folder)
    assert mode(folder) == 0o700


@pytest.mark.parametrize("before", [0o666, 0o644, 0o640])
def test_the_rights_of_others_are_taken_from_a_file(tmp_path: Path, before: int) -> None:
    file = tmp_path / "market.sqlite3"
    file.write_text("kept")
    file.chmod(before)
    make_private_file(file)
    assert mode(file) == 0o600
    assert file.read_text() == "kept"


def test_a_mode_that_is_stricter_stays(tmp_path: Path) -> None:
    file = tmp_path / "market.sqlite3"
    file.touch(0o400)
    make_private_file(file)
    assert mode(file) == 0o400


def test_the_database_of_a_new_connection_is_private_and_one_in_memory_has_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("market.sqlite3", ":memory:"):
        connection = DatabaseWrapper(connections.settings["default"] | {"NAME": name})
        connection_created.send(DatabaseWrapper, connection=connection)
    connection_created.send(object, connection=SimpleNamespace(settings_dict={"NAME": "server"}))
    assert {file.name: mode(file) for file in tmp_path.iterdir()} == {"market.sqlite3": 0o600}


@pytest.mark.slow
def test_the_database_and_what_lies_beside_it_are_private(tmp_path: Path) -> None:
    """A process of its own makes them, under the open umask."""
    script = (
        "import django, os; django.setup();"
        "from django.core.management import call_command; call_command('migrate', verbosity=0);"
        "from django.db import connection; from django.contrib.auth.models import Group;"
        "Group.objects.create(name='x');"
        "from django.conf import settings; print(*sorted("
        "f'{file.name}={file.stat().st_mode & 0o777:o}'"
        " for file in settings.MARKET_DATA_DIR.glob('market.sqlite3*')))"
    )
    command = [sys.executable, "-c", script]
    found = subprocess.run(
        command, cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == [
        "market.sqlite3-shm=600", "market.sqlite3-wal=600", "market.sqlite3=600",
    ]  # fmt: skip


@pytest.mark.slow
def test_nothing_makes_a_database_that_is_not_used(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import django; django.setup()"]
    subprocess.run(command, cwd=ROOT, env=environment(tmp_path), check=True)
    assert not (tmp_path / "market.sqlite3").exists()


def test_a_recording_is_private(tmp_path: Path) -> None:
    path = tmp_path / "recordings" / "a.parquet"
    with RecordingWriter(path, origin=Origin.RECORDED, feed="demo", seed=1) as recording:
        recording.add([listing("NVX")])
        recording.close()
    assert mode(path.parent) == 0o700
    assert mode(path) == 0o600


VISIT = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("INSERT INTO t VALUES (1)")
connection.commit()
connection.close()
"""


def test_a_database_that_is_open_keeps_its_locks(tmp_path: Path) -> None:
    """Otherwise another process deletes the log of the database when it ends."""
    file = tmp_path / "market.sqlite3"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (x)")
        connection.commit()
        make_private_file(file)
        log = Path(f"{file}-wal").stat().st_ino
        subprocess.run([sys.executable, "-c", VISIT, str(file)], check=True)
        assert Path(f"{file}-wal").stat().st_ino == log
        connection.execute("INSERT INTO t VALUES (2)")
        connection.commit()
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (2,)


def test_a_folder_in_a_missing_folder_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    make_private_folder(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
