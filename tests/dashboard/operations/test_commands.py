"""The commands around backups hand on what they were given, and a server begins without rows."""

import logging
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import OperationalError, ProgrammingError, connection

from dashboard.exceptions import BackupFailed
from dashboard.management import migration_look
from dashboard.management.commands import backup, restore
from dashboard.management.migration_look import PatientCommand
from dashboard.operations.backup import DataPaths
from tests.support.log_lines import lines_of

MANIFEST = SimpleNamespace(files=["a", "b"], made_at="2026-11-30")


@pytest.fixture
def paths(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataPaths:
    settings.MARKET_DATA_DIR = tmp_path / "data"
    settings.MARKET_RECORDINGS_DIR = tmp_path / "recordings"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(BaseCommand, "check", lambda *_, **__: None)
    return DataPaths(tmp_path / "data" / "secret_key", tmp_path / "recordings")


def run(name: str, *arguments: str) -> list[str]:
    out = StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_a_backup_has_this_database_and_says_how_much_it_holds(
    paths: DataPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []

    def write(target: Path, there: DataPaths, *, vendor: str, dump: Any) -> Any:
        made.append((target, there, vendor))
        dump(Path("copy"))
        return MANIFEST

    monkeypatch.setattr(backup, "write_backup", write)
    monkeypatch.setattr(backup, "dump", lambda *asked: made.append(asked))
    assert run("backup", "new.tar.gz") == ["2 files are in new.tar.gz"]
    assert made == [
        (tmp_path / "new.tar.gz", paths, connection.vendor),
        (connection, Path("copy")),
    ]


def fail(*_: Any, **__: Any) -> None:
    raise BackupFailed("no room")


def test_a_backup_that_fails_says_why(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "write_backup", fail)
    with pytest.raises(CommandError, match=r"^no room$"):
        run("backup", "new.tar.gz")


@pytest.mark.parametrize(
    ("has_tables", "flags"), [(False, []), (False, ["--replace"]), (True, ["--replace"])]
)
def test_a_restore_puts_back_into_this_database(
    paths: DataPaths,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    has_tables: bool,
    flags: list[str],
) -> None:
    made: list[Any] = []

    def read(source: Path, there: DataPaths, *, vendor: str, load: Any) -> Any:
        made.append((source, there, vendor))
        load(Path("copy"))
        return MANIFEST

    monkeypatch.setattr(restore, "has_tables", lambda _: has_tables)
    monkeypatch.setattr(restore, "read_backup", read)
    monkeypatch.setattr(restore, "load", lambda *asked: made.append(asked))
    assert run("restore", "old.tar.gz", *flags) == [
        "2 files of 2026-11-30 are back.",
        "Next: manage.py migrate, then start the site.",
    ]
    assert made == [
        (tmp_path / "old.tar.gz", paths, connection.vendor),
        (connection, Path("copy")),
    ]
    monkeypatch.setattr(restore, "read_backup", fail)
    with pytest.raises(CommandError, match=r"^no room$"):
        run("restore", "old.tar.gz", *flags)


def test_a_database_that_is_there_is_not_replaced_by_mistake(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore, "has_tables", lambda _: True)
    monkeypatch.setattr(restore, "read_backup", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(CommandError, match="there is a database already"):
        run("restore", "old.tar.gz")


@pytest.mark.parametrize(
    ("error", "is_borne"),
    [
        (OperationalError("connection refused"), True),
        (ProgrammingError("no such column"), False),
        (None, True),
    ],
)
def test_a_server_begins_without_its_database_but_not_with_a_mistake(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception | None,
    is_borne: bool,
) -> None:
    asked: list[int] = []

    def check(_: BaseCommand) -> None:
        asked.append(1)
        if error is not None:
            raise error

    monkeypatch.setattr(BaseCommand, "check_migrations", check)
    with caplog.at_level(logging.WARNING):
        if is_borne:
            PatientCommand().check_migrations()
        else:
            with pytest.raises(ProgrammingError):
                PatientCommand().check_migrations()
    assert asked == [1]
    assert len(lines_of(caplog, migration_look)) == (error is not None and is_borne)
