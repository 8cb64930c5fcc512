"""A backup of a running site begins another site; a reset demo begins anew, if somebody agrees."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support import storage
from tests.support.places import ROOT
from tests.support.served import Served, environment, serve

pytestmark = [pytest.mark.slow, pytest.mark.shared]


def manage(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env=environment(folder), capture_output=True, text=True, timeout=60,
        stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


def rows(folder: Path) -> list[tuple]:
    """Return what two tables of a site hold."""
    with closing(storage.connect(folder)) as database:
        people = database.execute("SELECT username, password FROM auth_user ORDER BY id")
        instruments = database.execute("SELECT symbol FROM feeds_instrument ORDER BY id")
        return [*people, *instruments]


def test_a_backup_of_a_running_site_is_restored_into_an_empty_folder(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    with serve(folder) as served:
        check_restored(served, tmp_path)


def check_restored(served: Served, tmp_path: Path) -> None:
    (served.folder / "recordings").mkdir(exist_ok=True)
    (served.folder / "recordings" / "day.parquet").write_bytes(b"ticks")
    backup = tmp_path / "backup.tar.gz"
    assert "3 files are in" in served.manage("backup", str(backup))
    new = tmp_path / "new"
    new.mkdir()
    restored = manage(new, "restore", str(backup))
    assert (restored.returncode, restored.stderr) == (0, "")
    assert "migrate" in restored.stdout
    assert (new / "recordings" / "day.parquet").read_bytes() == b"ticks"
    assert (new / "secret_key").read_text() == (served.folder / "secret_key").read_text()
    assert rows(new) == rows(served.folder)
    assert len(rows(new)) == 2 + 60

    refused = manage(new, "restore", str(backup))
    assert refused.returncode == 1
    assert "--replace" in refused.stderr
    assert manage(new, "restore", str(backup), "--replace").returncode == 0


@pytest.mark.embedded("only a file of SQLite is deleted by --reset")
def test_a_demo_is_reset_only_if_somebody_agrees(tmp_path: Path) -> None:
    with serve(tmp_path) as first:
        passwords = first.passwords
    (tmp_path / "recordings").mkdir(exist_ok=True)
    (tmp_path / "recordings" / "day.parquet").write_bytes(b"ticks")
    refused = manage(tmp_path, "demo", "--reset", "--port", "0", "--no-browser")
    assert refused.returncode == 1
    assert "--yes" in refused.stderr
    with serve(tmp_path) as same:
        assert same.passwords == passwords
    with serve(tmp_path, "--reset", "--yes", "--instruments", "3") as anew:
        assert anew.passwords != passwords
        assert not (tmp_path / "recordings" / "day.parquet").exists()
    assert len(rows(tmp_path)) == 2 + 3
