"""Publishes a build: its files are copied and compressed once, into a folder of the build's name.

The folders of earlier builds stay for a while, because pages that are open may still ask for a
script. Several processes may publish at the same time: the first that is done wins.
"""

import logging
import os
import re
import shutil
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from servestatic.compress import Compressor

from dashboard.private_files import make_private_folder
from dashboard.static_files.sources import LENGTH, SourceFile
from feeds.file_modes import FOLDER_MODE

log = logging.getLogger(__name__)

BUILD: Final = re.compile(rf"[0-9a-f]{{{LENGTH}}}")
KEPT_BUILDS: Final = 8
"""The folders that stay, with the present one; each has some megabytes."""
UNFINISHED: Final = ".publishing-"
ABANDONED_S: Final = 3_600
"""A folder that is unfinished for so long was left by a process that has died."""

_plain = Compressor(use_brotli=False, use_zstd=False, quiet=True)
_minified = Compressor(use_brotli=False, use_zstd=False, minify=True, quiet=True)


def publish(build: str, sources: Sequence[SourceFile], root: Path) -> Path:
    """Return the folder of the build, below `root`; its files are made unless they are there.

    Raises:
        OSError: they cannot be written.
    """
    folder = root / build
    if _is_whole(folder, sources):
        os.utime(folder)  # the builds that were used last stay longest
        return folder
    make_private_folder(root)
    begun_s = time.perf_counter()
    # On the same disk, so that the folder can be renamed into place at once.
    with TemporaryDirectory(prefix=UNFINISHED, dir=root, ignore_cleanup_errors=True) as place:
        made = Path(place) / build
        made.mkdir(mode=FOLDER_MODE)
        for source in sources:
            _put(source, made / source.name)
        _move(made, folder, sources)
    log.info("files of build %s published in %.2f s", build, time.perf_counter() - begun_s)
    _forget(root, keep=folder)
    return folder


def _is_whole(folder: Path, sources: Iterable[SourceFile]) -> bool:
    """Say whether all files are there: after a loss of power some may be empty."""
    try:
        return all(
            (folder / name).stat().st_size == path.stat().st_size
            and _has_text(folder / f"{name}.gz")
            for name, path in sources
        )
    except OSError:
        return False


def _has_text(compressed: Path) -> bool:
    """Say whether a compressed file has content; what cannot be made smaller has no such file."""
    try:
        return compressed.stat().st_size > 0
    except FileNotFoundError:
        return True


def _put(source: SourceFile, file: Path) -> None:
    """Copy a file, and write a compressed one beside it if that is smaller.

    Scripts of our own lose their comments and blanks in the compressed one. Those of packages are
    minified already.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source.path, file)
    is_script = source.is_own and file.suffix == ".js"
    if _plain.should_compress(source.name):
        (_minified if is_script else _plain).compress(file)


def _move(made: Path, folder: Path, sources: Iterable[SourceFile]) -> None:
    """Put a finished folder in its place, unless another process was sooner."""
    try:
        made.rename(folder)
    except OSError:
        # Either another process has made the same folder, or what is there was damaged.
        if not _is_whole(folder, sources):
            shutil.rmtree(folder, ignore_errors=True)
            made.rename(folder)


def _forget(root: Path, *, keep: Path) -> None:
    """Delete the builds that were used longest ago, and what dead processes left."""
    others = [entry for entry in root.iterdir() if entry != keep]
    builds = [entry for entry in others if BUILD.fullmatch(entry.name)]
    unfinished = [entry for entry in others if entry.name.startswith(UNFINISHED)]
    too_old_s = time.time() - ABANDONED_S
    stale = sorted(builds, key=_used_s, reverse=True)[KEPT_BUILDS - 1 :]
    stale += [entry for entry in unfinished if _used_s(entry) < too_old_s]
    for entry in stale:
        shutil.rmtree(entry, ignore_errors=True)


def _used_s(folder: Path) -> float:
    """Return when a folder was used last; 0 if another process has deleted it meanwhile."""
    with suppress(OSError):
        return folder.stat().st_mtime
    return 0.0
