"""Each database is written and read by its own means, and one without any is refused."""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dashboard.exceptions import BackupFailed
from dashboard.operations.databases import check_sqlite, dump, has_tables, load

TOOL = """#!{python}
import os, sys
with open({log!r}, "a") as log:
    print(os.path.basename(sys.argv[0]), os.environ.get("PGPASSWORD"), *sys.argv[1:], file=log)
if {fails}:
    sys.exit("begin" + "." * 600 + "the disk is full")
"""
FACTS = {"NAME": "market", "HOST": "db", "PORT": "", "USER": "", "PASSWORD": "hunter22"}
CALLS = [
    "pg_dump hunter22 --no-password --dbname=market --host=db --format=custom --no-owner --file={}",
    "pg_restore hunter22 --no-password --dbname=market --host=db --clean --if-exists --no-owner"
    " --single-transaction --exit-on-error {}",
]


class Database:
    """What these functions know of a connection."""

    def __init__(self, vendor: str) -> None:
        self.vendor = vendor
        self.settings_dict: dict[str, str] = FACTS
        self.is_open = True

    def close(self) -> None:
        self.is_open = False


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put tools of PostgreSQL in front of all others that write down how they are called."""
    monkeypatch.setenv("PATH", str(tmp_path))
    log = tmp_path / "called"

    def install(*, fails: bool = False) -> None:
        for name in ("pg_dump", "pg_restore"):
            tool = tmp_path / name
            tool.write_text(TOOL.format(python=sys.executable, log=str(log), fails=fails))
            tool.chmod(0o700)

    return SimpleNamespace(install=install, calls=lambda: log.read_text().splitlines())


def test_postgresql_is_written_and_read_by_its_own_tools(tools: Any, tmp_path: Path) -> None:
    tools.install()
    database: Any = Database("postgresql")
    file = tmp_path / "copy"
    dump(database, file)
    assert database.is_open
    load(database, file)
    assert not database.is_open
    assert tools.calls() == [call.format(file) for call in CALLS]


@pytest.mark.parametrize("act", [dump, load])
def test_a_tool_that_fails_says_why(tools: Any, tmp_path: Path, act: Any) -> None:
    tools.install(fails=True)
    with pytest.raises(BackupFailed, match=r"failed: \.+the disk is full$") as refused:
        act(Database("postgresql"), tmp_path / "copy")
    assert len(str(refused.value)) < 530


@pytest.mark.parametrize("act", [dump, load])
def test_a_tool_that_is_missing_is_named_with_its_package(
    tools: Any, tmp_path: Path, act: Any
) -> None:
    with pytest.raises(BackupFailed, match=r"pg_\w+ was not found: .* postgresql-client"):
        act(Database("postgresql"), tmp_path / "copy")


@pytest.mark.parametrize("act", [dump, load])
def test_another_database_is_refused(tools: Any, tmp_path: Path, act: Any) -> None:
    tools.install()
    with pytest.raises(BackupFailed, match="mysql: use its own tool"):
        act(Database("mysql"), tmp_path / "copy")
    assert not (tmp_path / "called").exists()


# --- SQLite ---------------------------------------------------------------------------------
class SqliteDatabase(Database):
    """A database in a file, with no connection to it until one is wanted."""

    def __init__(self, file: Path) -> None:
        super().__init__("sqlite")
        self.settings_dict = {"NAME": str(file)}
        self.connection: Any = None
        self.introspection = SimpleNamespace(table_names=lambda: ["feeds_feed"])

    def ensure_connection(self) -> None:
        self.connection = sqlite3.connect(self.settings_dict["NAME"])

    def close(self) -> None:
        super().close()
        if self.connection is not None:
            self.connection.close()


def write(file: Path, text: str, *, rows: int = 1) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE said (text)")
        database.executemany("INSERT INTO said VALUES (?)", [(text,)] * rows)


def texts(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as database:
        return [text for (text,) in database.execute("SELECT text FROM said")]


def test_a_sqlite_database_is_copied_whole_into_one_file(tmp_path: Path) -> None:
    write(tmp_path / "site", "x" * 5_000, rows=2_000)
    database: Any = SqliteDatabase(tmp_path / "site")
    dump(database, tmp_path / "copy")
    database.close()
    assert texts(tmp_path / "copy") == ["x" * 5_000] * 2_000
    header = (tmp_path / "copy").read_bytes()[:20]
    assert header[18:20] == b"\x01\x01", "WAL would be \\2\\2"
    assert sorted(file.name for file in tmp_path.glob("copy*")) == ["copy"]


def test_a_sqlite_database_that_cannot_be_copied_says_why(tmp_path: Path) -> None:
    def fail(copy: object, *, pages: int) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    database: Any = SqliteDatabase(tmp_path / "site")
    database.ensure_connection = lambda: None
    database.connection = SimpleNamespace(backup=fail, close=lambda: None)
    with pytest.raises(BackupFailed, match=r"^the database cannot be copied: disk I/O error$"):
        dump(database, tmp_path / "copy")


def test_a_copy_that_is_damaged_is_no_backup(tmp_path: Path) -> None:
    def break_off(copy: sqlite3.Connection, *, pages: int) -> None:
        [(_, _, file)] = copy.execute("PRAGMA database_list").fetchall()
        Path(file).write_bytes(broken)

    write(tmp_path / "whole", "x" * 5_000, rows=50)
    whole = (tmp_path / "whole").read_bytes()
    broken = whole[:16_384] + b"x" * 16_384 + whole[32_768:]
    database: Any = SqliteDatabase(tmp_path / "site")
    database.ensure_connection = lambda: None
    database.connection = SimpleNamespace(backup=break_off, close=lambda: None)
    with pytest.raises(BackupFailed, match=r"^the database is damaged: "):
        dump(database, tmp_path / "copy")


def test_a_restore_leaves_nothing_of_the_former_database(tmp_path: Path) -> None:
    site = tmp_path / "site"
    write(tmp_path / "copy", "backup")
    write(site, "former")
    database: Any = SqliteDatabase(site)
    database.ensure_connection()
    for ending in ("-wal", "-shm"):
        Path(f"{site}{ending}").write_bytes(b"of the former one")
    load(database, tmp_path / "copy")
    assert not database.is_open
    assert sorted(file.name for file in tmp_path.glob("site*")) == ["site"]
    assert site.stat().st_mode & 0o777 == 0o600
    assert texts(site) == ["backup"]
    assert texts(tmp_path / "copy") == ["backup"]


def test_a_restore_makes_the_folder(tmp_path: Path) -> None:
    write(tmp_path / "copy", "backup")
    site = tmp_path / "new" / "data" / "site"
    load(SqliteDatabase(site), tmp_path / "copy")  # type: ignore[arg-type]
    assert texts(site) == ["backup"]


def test_a_damaged_copy_replaces_nothing(tmp_path: Path) -> None:
    write(tmp_path / "site", "former")
    (tmp_path / "copy").write_bytes(b"x" * 5_000)
    with pytest.raises(BackupFailed, match=r"^the database is damaged: "):
        load(SqliteDatabase(tmp_path / "site"), tmp_path / "copy")  # type: ignore[arg-type]
    assert texts(tmp_path / "site") == ["former"]


def test_a_file_that_is_missing_is_not_made_and_called_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BackupFailed, match="damaged: unable to open"):
        check_sqlite(tmp_path / "none")
    assert not list(tmp_path.iterdir())


def test_a_restore_replaces_something_only_where_there_are_tables(tmp_path: Path) -> None:
    site: Any = SqliteDatabase(tmp_path / "site")
    assert has_tables(site) is False
    assert not (tmp_path / "site").exists()
    (tmp_path / "site").touch()
    assert has_tables(site) is True
    site.introspection = SimpleNamespace(table_names=list)
    assert has_tables(site) is False
    server: Any = Database("postgresql")
    server.introspection = SimpleNamespace(table_names=lambda: ["feeds_feed"])
    assert has_tables(server) is True
