"""The files that pages load, where they lie before they are published, and the build they make.

The build is one hash over all of them and the templates. It is part of their addresses, so a page
never mixes the scripts of two builds, and what its scripts import needs no other name.
"""

from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

from django.contrib.staticfiles.finders import get_finders

ROOT: Final = Path(__file__).resolve().parents[2]
SCRIPTS: Final = ROOT / "static"
TEMPLATES: Final = ROOT / "templates"
IGNORED: Final = ["*.map", "*.py", ".gitkeep", "redoc.*"]
"""Files of packages that no page of ours loads; they are four fifths of all bytes."""
RECIPE: Final = b"1"
"""Changes when files are published in another way, so that they get new addresses."""
LENGTH: Final = 12
"""Letters of the hash: enough to tell builds apart."""


class SourceFile(NamedTuple):
    """A file, and its name in addresses: js/pages/dashboard.js."""

    name: str
    path: Path

    @property
    def is_own(self) -> bool:
        """Say whether it is one of this project and not of a package."""
        return self.path.is_relative_to(SCRIPTS)


def source_files() -> list[SourceFile]:
    """Return every file of the project and its packages; the first that is found of each name."""
    found: dict[str, Path] = {}
    for finder in get_finders():
        for path, storage in finder.list(IGNORED):
            found.setdefault(f"{_prefix_of(storage)}{path}", Path(storage.path(path)))
    return [SourceFile(name, path) for name, path in sorted(found.items())]


def source_folders() -> list[tuple[Path, str]]:
    """Return the folders in which they are looked for, in order, and how their names begin."""
    storages = (storage for finder in get_finders() for _, storage in finder.list(IGNORED))
    return list(dict.fromkeys((Path(each.location), _prefix_of(each)) for each in storages))


def _prefix_of(storage: Any) -> str:
    prefix: str | None = getattr(storage, "prefix", None)
    return f"{prefix}/" if prefix else ""


def files_below(folder: Path) -> list[SourceFile]:
    """Return every file of a folder, in order."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [SourceFile(path.relative_to(folder).as_posix(), path) for path in files]


def build_of(files: Iterable[SourceFile]) -> str:
    """Return a hash over the names and contents of files."""
    total = sha256(RECIPE)
    for name, path in files:
        content = path.read_bytes()
        # With its length: else a part of one file could pass for the start of the next.
        total.update(f"{name}\0{len(content)}\0".encode() + content)
    return total.hexdigest()[:LENGTH]


@cache
def current_build() -> str:
    """Return the build that this process began with; its files are read once."""
    return build_of([*source_files(), *files_below(TEMPLATES)])
