"""A backup: one file with the database, the recordings, the key, and the checksums of all of them.

Must not know rows or settings. A reader of the file has everything, so only its owner may read it.
"""

import gzip
import hashlib
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final, NamedTuple

import msgspec

from dashboard.exceptions import BackupFailed
from feeds.file_modes import FILE_MODE

VERSION: Final = 1
MANIFEST: Final = "manifest.json"
DATABASE: Final = "database"
KEY: Final = "secret_key"
RECORDINGS: Final = "recordings"
UNFINISHED: Final = ".part"
"""The ending of recordings that are still being written."""
BLOCK: Final = 1024 * 1024


class Manifest(msgspec.Struct, forbid_unknown_fields=True):
    """What a backup holds: when it was made (UTC), of which kind of database, and its files.

    `files` maps paths in the backup to SHA-256 checksums.
    """

    version: int
    made_at: str
    vendor: str
    files: dict[str, str]


class DataPaths(NamedTuple):
    """Where the data lies: the file of the key, and the folder of recordings."""

    key: Path
    recordings: Path


def write_backup(
    target: Path, paths: DataPaths, *, vendor: str, dump: Callable[[Path], None]
) -> Manifest:
    """Write a backup into a new file; `dump` writes the database into the file it is given.

    Raises:
        BackupFailed: the file exists, or something cannot be read or written.
    """
    if target.exists():
        raise BackupFailed(f"{target} exists already: choose another name")
    try:
        with _private_folder(target.parent) as folder:
            database = folder / DATABASE
            dump(database)
            unfinished = folder / "backup"
            manifest = _pack(unfinished, [(DATABASE, database), *_files_of(paths)], vendor)
            # It gets its name when it is whole, so no half backup ever has that name.
            unfinished.replace(target)
    except OSError as error:
        raise BackupFailed(f"{target} cannot be written: {error.strerror}") from None
    return manifest


def read_backup(
    source: Path, paths: DataPaths, *, vendor: str, load: Callable[[Path], None]
) -> Manifest:
    """Put back what a backup holds; nothing is changed before all checksums were compared.

    `load` replaces the database by the one in the file it is given. Recordings that are not in the
    backup stay.

    Raises:
        BackupFailed: the file is damaged or of another kind of database, or cannot be put back.
    """
    try:
        paths.recordings.parent.mkdir(parents=True, exist_ok=True)
        with _private_folder(paths.recordings.parent) as folder:
            manifest = _unpack(source, folder)
            if manifest.vendor != vendor:
                raise BackupFailed(f"it holds a database of {manifest.vendor}, not of {vendor}")
            # The database first: it is the one that can refuse, and then no file has changed.
            load(folder / DATABASE)
            _put_back(folder, manifest, paths)
    except OSError as error:
        raise BackupFailed(f"{source} cannot be restored: {error.strerror or error}") from None
    return manifest


def _files_of(paths: DataPaths) -> Iterator[tuple[str, Path]]:
    if paths.key.exists():
        yield KEY, paths.key
    for file in sorted(paths.recordings.rglob("*")):
        if file.is_file() and file.suffix != UNFINISHED:
            yield f"{RECORDINGS}/{file.relative_to(paths.recordings).as_posix()}", file


@contextmanager
def _private_folder(parent: Path) -> Iterator[Path]:
    """Yield a folder on the same disk that only its owner sees, and remove it afterwards."""
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=parent) as folder:
        yield Path(folder)


def _pack(target: Path, files: Iterable[tuple[str, Path]], vendor: str) -> Manifest:
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    manifest = Manifest(VERSION, made_at, vendor, {})
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    with os.fdopen(descriptor, "wb") as out, tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, file in files:
            manifest.files[name] = _add(archive, name, file)
        # Last, as the checksums are known only then.
        listed = target.with_name(MANIFEST)
        listed.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
        _add(archive, MANIFEST, listed)
        # Closing writes the end of the archive, which must be on the disk before the new name is.
        archive.close()
        out.flush()
        os.fsync(out.fileno())
    return manifest


def _add(archive: tarfile.TarFile, name: str, file: Path) -> str:
    """Add a file, and return the checksum of what was added."""
    with file.open("rb") as content:
        entry = tarfile.TarInfo(name)
        # Owner and rights of this machine mean nothing on the one that restores.
        entry.size, entry.mode = os.fstat(content.fileno()).st_size, FILE_MODE
        entry.mtime = int(os.fstat(content.fileno()).st_mtime)
        hashed = _HashedReader(content)
        archive.addfile(entry, hashed)
        return hashed.checksum.hexdigest()


class _HashedReader:
    """A file that is hashed while it is read."""

    def __init__(self, content: IO[bytes]) -> None:
        self.checksum = hashlib.sha256()
        self._content = content

    def read(self, size: int = -1) -> bytes:
        """Read the next bytes."""
        read = self._content.read(size)
        self.checksum.update(read)
        return read


def _unpack(source: Path, folder: Path) -> Manifest:
    try:
        with gzip.open(source) as content, tarfile.open(fileobj=content) as archive:
            _unpack_files(archive, folder)
            # The checksum of the whole file stands at its end, which no member needs.
            while content.read(BLOCK):
                pass
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError) as error:
        # A damaged manifest is no JSON, and not always text: both are ValueErrors.
        raise BackupFailed(f"{source} is no whole backup: {error}") from None
    if manifest.version != VERSION:
        raise BackupFailed(f"its version was {manifest.version}, expected {VERSION}")
    _compare(folder, manifest)
    return manifest


def _unpack_files(archive: tarfile.TarFile, folder: Path) -> None:
    """Write the files of an archive; refuse links, and paths that lead out of the folder.

    Not by `extractall(filter="data")`, which Python before 3.11.4 does not have.
    """
    for member in archive:
        target = folder / member.name
        content = archive.extractfile(member) if member.isreg() else None
        if content is None or not target.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"{member.name} is no file in its folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as out:
            shutil.copyfileobj(content, out)


def _compare(folder: Path, manifest: Manifest) -> None:
    if DATABASE not in manifest.files:
        raise BackupFailed("it holds no database")
    for name, expected in manifest.files.items():
        file = folder / name
        if ".." in file.parts:
            raise BackupFailed(f"{name} would be put elsewhere")
        if not file.is_file() or _checksum(file) != expected:
            raise BackupFailed(f"{name} is damaged or missing in it")


def _checksum(file: Path) -> str:
    checksum = hashlib.sha256()
    with file.open("rb") as content:
        while block := content.read(BLOCK):
            checksum.update(block)
    return checksum.hexdigest()


def _put_back(folder: Path, manifest: Manifest, paths: DataPaths) -> None:
    for name in manifest.files:
        if name == KEY:
            _move(folder / name, paths.key)
        elif name.startswith(f"{RECORDINGS}/"):
            _move(folder / name, paths.recordings / name.removeprefix(f"{RECORDINGS}/"))


def _move(file: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    file.chmod(FILE_MODE)
    shutil.move(file, target)
