"""Each database is written and read by its own means, and one without any is refused."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dashboard.exceptions import BackupFailed
from dashboard.operations.databases import dump, load

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
        self.settings_dict = FACTS
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
