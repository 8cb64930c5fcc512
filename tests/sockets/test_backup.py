"""A backup of a running site can begin another site; a demo is reset only if somebody agrees."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support import storage
from tests.support.places import ROOT
from tests.support.postgres_server import PostgresServer
from tests.support.served import Served, environment, serve

pytestmark = [pytest.mark.slow, pytest.mark.shared]


INSTRUMENTS = 5
SMALL = ("--instruments", str(INSTRUMENTS))


class Place(NamedTuple):
    """Where a site is: its data folder, the settings of its commands, and its database."""

    folder: Path
    surroundings: dict[str, str]
    connect: Callable[[], Any]


def manage(place: Place, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env=place.surroundings, capture_output=True, text=True, timeout=60,
        stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


def rows(place: Place) -> list[tuple]:
    """Return what two tables of a site hold."""
    with closing(place.connect()) as database:
        people = database.execute("SELECT username, password FROM auth_user ORDER BY id").fetchall()
        symbols = database.execute("SELECT symbol FROM feeds_instrument ORDER BY id").fetchall()
        return [*people, *symbols]


def place_at(folder: Path) -> Place:
    """Return a place with the database that this run gives to a folder."""
    folder.mkdir(exist_ok=True)
    return Place(folder, environment(folder), lambda: storage.connect(folder))


def place_on(postgres: PostgresServer, folder: Path, name: str) -> Place:
    """Return a place with a database of its own on PostgreSQL."""
    folder.mkdir(exist_ok=True)
    surroundings = environment(folder) | {"DATABASE_URL": postgres.create(name)}
    return Place(folder, surroundings, lambda: postgres.connect(name))


def test_a_backup_of_a_running_site_is_restored_into_an_empty_folder(tmp_path: Path) -> None:
    site = place_at(tmp_path / "site")
    with serve(site.folder, *SMALL) as served:
        check_restored(served, site, place_at(tmp_path / "new"))


def test_a_backup_of_postgresql_is_restored_into_an_empty_database(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    """While the market runs and writes; sequences come back as well, so new rows find room."""
    site = place_on(postgres, tmp_path / "site", "market_backup")
    new = place_on(postgres, tmp_path / "new", "market_restored")
    with serve(site.folder, *SMALL, DATABASE_URL=site.surroundings["DATABASE_URL"]) as served:
        check_restored(served, site, new)
    assert manage(new, "migrate", "--check").returncode == 0
    with closing(new.connect()) as database:
        [(newest,)] = database.execute("SELECT max(id) FROM feeds_instrument").fetchall()
        sequence = "SELECT nextval(pg_get_serial_sequence('feeds_instrument', 'id'))"
        assert database.execute(sequence).fetchone()[0] > newest


def check_restored(served: Served, site: Place, new: Place) -> None:
    (site.folder / "recordings").mkdir(exist_ok=True)
    (site.folder / "recordings" / "day.parquet").write_bytes(b"ticks")
    backup = site.folder.parent / "backup.tar.gz"
    assert "3 files are in" in served.manage("backup", str(backup))
    restored = manage(new, "restore", str(backup))
    assert (restored.returncode, restored.stderr) == (0, "")
    assert "migrate" in restored.stdout
    assert (new.folder / "recordings" / "day.parquet").read_bytes() == b"ticks"
    key = (site.folder / "secret_key").read_text()
    assert (new.folder / "secret_key").read_text() == key
    assert rows(new) == rows(site)
    assert len(rows(new)) == 2 + INSTRUMENTS

    refused = manage(new, "restore", str(backup))
    assert refused.returncode == 1
    assert "--replace" in refused.stderr
    assert manage(new, "restore", str(backup), "--replace").returncode == 0
    assert rows(new) == rows(site)


@pytest.mark.embedded("only a file of SQLite is deleted by --reset")
def test_a_demo_is_reset_only_if_somebody_agrees(tmp_path: Path) -> None:
    with serve(tmp_path) as first:
        passwords = first.passwords
    (tmp_path / "recordings").mkdir(exist_ok=True)
    (tmp_path / "recordings" / "day.parquet").write_bytes(b"ticks")
    refused = manage(place_at(tmp_path), "demo", "--reset", "--port", "0", "--no-browser")
    assert refused.returncode == 1
    assert "--yes" in refused.stderr
    with serve(tmp_path) as same:
        assert same.passwords == passwords
    with serve(tmp_path, "--reset", "--yes", "--instruments", "3") as anew:
        assert anew.passwords != passwords
        assert not (tmp_path / "recordings" / "day.parquet").exists()
    assert len(rows(place_at(tmp_path))) == 2 + 3
