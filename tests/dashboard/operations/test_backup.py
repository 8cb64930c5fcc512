"""A backup holds everything and comes back whole, or not at all."""

import gzip
import io
import sqlite3
import stat
import tarfile
import zlib
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from dashboard.exceptions import BackupFailed
from dashboard.operations.backup import MANIFEST, DataPaths, read_backup, write_backup
from dashboard.operations.databases import _address, check_sqlite

CONTENT = b"a database"


def data_paths(folder: Path) -> DataPaths:
    return DataPaths(folder / "secret_key", folder / "recordings")


@pytest.fixture
def site(tmp_path: Path) -> DataPaths:
    there = data_paths(tmp_path / "site")
    (there.recordings / "demo").mkdir(parents=True)
    there.key.write_text("the key")
    (there.recordings / "demo" / "day.parquet").write_bytes(b"ticks" * 1000)
    (there.recordings / "demo" / "next.parquet.part").write_bytes(b"unfinished")
    return there


def make(site: DataPaths, target: Path, content: bytes = CONTENT) -> Path:
    write_backup(target, site, vendor="sqlite", dump=lambda file: file.write_bytes(content))
    return target


def restore(source: Path, there: DataPaths, vendor: str = "sqlite") -> list[bytes]:
    loaded: list[bytes] = []
    read_backup(source, there, vendor=vendor, load=lambda file: loaded.append(file.read_bytes()))
    return loaded


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_everything_comes_back_in_an_empty_folder(site: DataPaths, tmp_path: Path) -> None:
    backup = make(site, tmp_path / "backup.tar.gz")
    there = data_paths(tmp_path / "new" / "data")
    assert restore(backup, there) == [CONTENT]
    assert there.key.read_text() == "the key"
    assert (there.recordings / "demo" / "day.parquet").read_bytes() == b"ticks" * 1000
    assert files_in(there.key.parent) == {"secret_key", "recordings/demo/day.parquet"}


def test_a_site_without_a_key_file_keeps_the_one_of_the_restored_site(
    site: DataPaths, tmp_path: Path
) -> None:
    """Where the key comes from the environment there is no file of it."""
    site.key.unlink()
    backup = make(site, tmp_path / "backup.tar.gz")
    there = data_paths(tmp_path / "new")
    there.key.parent.mkdir()
    there.key.write_text("its own")
    assert restore(backup, there) == [CONTENT]
    assert there.key.read_text() == "its own"


def test_only_its_owner_reads_a_backup_and_what_comes_back(site: DataPaths, tmp_path: Path) -> None:
    backup = make(site, tmp_path / "backup.tar.gz")
    there = data_paths(tmp_path / "new")
    restore(backup, there)
    for file in (backup, there.key, there.recordings / "demo" / "day.parquet"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_exists_is_not_overwritten(site: DataPaths, tmp_path: Path) -> None:
    target = tmp_path / "backup.tar.gz"
    target.write_text("older")
    with pytest.raises(BackupFailed, match="exists already"):
        make(site, target)
    assert target.read_text() == "older"


def test_a_backup_that_fails_leaves_nothing_behind(site: DataPaths, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()

    def fail(file: Path) -> None:
        raise BackupFailed("no database")

    with pytest.raises(BackupFailed, match="no database"):
        write_backup(folder / "b", site, vendor="sqlite", dump=fail)
    with pytest.raises(BackupFailed, match="cannot be written"):
        make(site, tmp_path / "nowhere" / "b")
    assert list(folder.iterdir()) == []


def test_a_damaged_backup_changes_nothing(site: DataPaths, tmp_path: Path) -> None:
    backup = make(site, tmp_path / "backup.tar.gz", content=bytes(range(256)) * 64)
    whole = backup.read_bytes()
    harmless = 0
    # The names and the checksums stand at the end.
    for at in (0, 100, *range(len(whole) - 240, len(whole))):
        content = bytearray(whole)
        content[at] ^= 0xFF
        if unpacked(content) == unpacked(whole):
            harmless += 1
            continue
        backup.write_bytes(content)
        reason = refuse(backup, tmp_path)
        assert reason in ("no whole backup", "damaged or missing", "no database"), (at, reason)
    assert harmless <= 5


def unpacked(backup: bytes) -> bytes | None:
    """Return the archive in a backup, or nothing if it cannot be unpacked.

    A changed byte can say the same: a run of zeros may be copied from any other zeros.
    """
    try:
        return gzip.decompress(backup)
    except (OSError, EOFError, zlib.error):
        return None


def test_half_a_backup_changes_nothing(site: DataPaths, tmp_path: Path) -> None:
    backup = make(site, tmp_path / "backup.tar.gz")
    backup.write_bytes(backup.read_bytes()[:-60])
    assert refuse(backup, tmp_path) == "no whole backup"


def refuse(backup: Path, tmp_path: Path, vendor: str = "sqlite") -> str:
    """Restore what must be refused; return the part of the reason that is expected."""
    there = data_paths(tmp_path / "refused")
    loaded: list[Path] = []
    with pytest.raises(BackupFailed) as refused:
        read_backup(backup, there, vendor=vendor, load=loaded.append)
    assert loaded == []
    assert files_in(there.key.parent) == set()
    reasons = ("no whole backup", "damaged or missing", "put elsewhere", "not of", "no database")
    return next((reason for reason in reasons if reason in str(refused.value)), str(refused.value))


def repacked(backup: Path, changed: dict[str, bytes]) -> Path:
    """Return a copy in which the content of some files is another."""
    copy = backup.with_name("copy.tar.gz")
    with tarfile.open(backup) as source, tarfile.open(copy, "w:gz") as out:
        for entry in source:
            content = changed.get(entry.name, source.extractfile(entry).read())
            entry.size = len(content)
            out.addfile(entry, io.BytesIO(content))
    return copy


@pytest.mark.parametrize(
    ("name", "kind", "link"),
    [
        ("../up", tarfile.REGTYPE, ""),
        ("recordings/../../up", tarfile.REGTYPE, ""),
        ("{outside}/up", tarfile.REGTYPE, ""),
        ("recordings/link", tarfile.SYMTYPE, "{outside}/up"),
        ("recordings/link", tarfile.LNKTYPE, "../up"),
        ("recordings/pipe", tarfile.FIFOTYPE, ""),
        ("recordings", tarfile.DIRTYPE, ""),
    ],
)
def test_nothing_is_written_outside_and_nothing_but_files(
    site: DataPaths, tmp_path: Path, name: str, kind: bytes, link: str
) -> None:
    backup, outside = make(site, tmp_path / "backup.tar.gz"), tmp_path / "outside"
    outside.mkdir()
    entry = tarfile.TarInfo(name.format(outside=outside))
    entry.type, entry.linkname = kind, link.format(outside=outside)
    copy = backup.with_name("copy.tar.gz")
    with tarfile.open(backup) as source, tarfile.open(copy, "w:gz") as out:
        out.addfile(entry)
        for whole in source:
            out.addfile(whole, source.extractfile(whole))
    assert refuse(copy, tmp_path) == "no whole backup"
    assert not list(outside.iterdir())


def test_a_changed_file_is_noticed(site: DataPaths, tmp_path: Path) -> None:
    backup = make(site, tmp_path / "backup.tar.gz")
    for name in ("database", "secret_key", "recordings/demo/day.parquet"):
        assert refuse(repacked(backup, {name: b"other"}), tmp_path) == "damaged or missing"


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"files": {}}, "no database"),
        ({"version": 2}, "its version was 2, expected 1"),
        ({"files": {"database": "x", "recordings/../../up": "x"}}, "damaged or missing"),
        ({"files": {"recordings/../up": "x", "database": ""}}, "put elsewhere"),
    ],
)
def test_a_manifest_that_lies_is_noticed(
    site: DataPaths, tmp_path: Path, facts: dict, reason: str
) -> None:
    backup = make(site, tmp_path / "backup.tar.gz")
    with tarfile.open(backup) as archive:
        manifest = msgspec.json.decode(archive.extractfile(MANIFEST).read())
    forged = repacked(backup, {MANIFEST: msgspec.json.encode(manifest | facts)})
    assert refuse(forged, tmp_path) == reason


def test_a_backup_of_another_database_is_refused(site: DataPaths, tmp_path: Path) -> None:
    assert refuse(make(site, tmp_path / "b"), tmp_path, vendor="postgresql") == "not of"


def test_a_damaged_database_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "database"
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE t (x TEXT)")
        database.executemany("INSERT INTO t VALUES (?)", [("x" * 500,)] * 100)
        database.commit()
    check_sqlite(file)
    content = bytearray(file.read_bytes())
    content[5000:9000] = b"\xff" * 4000
    file.write_bytes(content)
    with pytest.raises(BackupFailed, match="damaged"):
        check_sqlite(file)
    file.write_bytes(b"no database at all" * 100)
    with pytest.raises(BackupFailed, match="damaged"):
        check_sqlite(file)


def test_the_password_of_postgresql_is_no_argument() -> None:
    facts = {"NAME": "market", "HOST": "db", "PORT": "5433", "USER": "ada", "PASSWORD": "hunter22"}
    command, environment = _address("pg_dump", facts)
    address = ["--dbname=market", "--host=db", "--port=5433", "--username=ada"]
    assert command == ["pg_dump", "--no-password", *address]
    assert environment == {"PGPASSWORD": "hunter22"}
    bare = {"NAME": "market", "HOST": "", "PORT": "", "USER": "", "PASSWORD": ""}
    assert _address("pg_dump", bare) == (["pg_dump", "--no-password", "--dbname=market"], {})
