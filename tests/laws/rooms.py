"""The folders of the house: how many modules each holds, and which of them import which.

`uv run python -m tests.laws.rooms` prints them. Arrows run between neighbours: an import of one
module by another is an arrow between the two entries of the deepest folder that holds both. An
arrow runs back up if its target imports its origin, directly or over others.
"""

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.laws.sources import ROOT, imports_of, python_modules

MOST_MODULES = 20
SCRIPT_ROOT = ROOT / "static" / "js"
SCRIPT_IMPORT = re.compile(r'(?:from |import\()"(\.{1,2}/[\w./-]+\.js)"')


class Arrow(NamedTuple):
    """Something in one entry of a folder imports something in another entry of it."""

    origin: str
    target: str


def arrow_of(origin: Path, target: Path) -> Arrow:
    """Return the arrow between the neighbours that two modules are, or lie in."""
    pairs = zip(_parts(origin), _parts(target), strict=False)
    depth = next(at for at, (near, other) in enumerate(pairs, 1) if near != other)
    return Arrow("/".join(_parts(origin)[:depth]), "/".join(_parts(target)[:depth]))


def python_arrows() -> Counter[Arrow]:
    """Return how many imports of Python stand for each arrow; packages' own files do not count."""
    modules = python_modules()
    arrows: Counter[Arrow] = Counter()
    for path in modules.values():
        for found in imports_of(path.read_text()):
            target = modules.get(found.full) or modules.get(found.module)
            if target is not None and target != path and path.name != "__init__.py":
                arrows[arrow_of(path, _entry(target))] += 1
    return arrows


def script_arrows() -> Counter[Arrow]:
    """Return how many imports of scripts stand for each arrow, those of types included."""
    arrows: Counter[Arrow] = Counter()
    for path in SCRIPT_ROOT.rglob("*.js"):
        for file in SCRIPT_IMPORT.findall(path.read_text()):
            arrows[arrow_of(path, (path.parent / file).resolve())] += 1
    return arrows


def module_counts() -> Counter[str]:
    """Return how many modules each folder holds; what its own folders hold does not count."""
    python = (path for path in python_modules().values() if path.name != "__init__.py")
    return Counter("/".join(_parts(path.parent)) for path in [*python, *SCRIPT_ROOT.rglob("*.js")])


def arrows_back_up(arrows: Iterable[Arrow]) -> list[Arrow]:
    """Return the arrows that are part of a circle."""
    targets: dict[str, set[str]] = defaultdict(set)
    for arrow in arrows:
        targets[arrow.origin].add(arrow.target)
    return sorted({arrow for arrow in arrows if arrow.origin in _reached(arrow.target, targets)})


def _reached(entry: str, targets: Mapping[str, set[str]]) -> set[str]:
    """Return all entries that one imports, directly or over others."""
    reached: set[str] = set()
    waiting = [entry]
    while waiting:
        news = targets.get(waiting.pop(), set()) - reached
        reached |= news
        waiting += news
    return reached


def _entry(path: Path) -> Path:
    """Return the package that a package's own file stands for, any other file as it is."""
    return path.parent if path.name == "__init__.py" else path


def _parts(path: Path) -> tuple[str, ...]:
    return path.relative_to(ROOT).parts


def main() -> int:
    """Print folders and arrows; return 1 if an arrow runs back up or a folder is too full."""
    counts, arrows = module_counts(), python_arrows() + script_arrows()
    for folder, count in sorted(counts.items()):
        print(f"{count:3} {folder}")
    for arrow in sorted(arrow for arrow in arrows if not arrow.origin.endswith((".py", ".js"))):
        print(f"    {arrow.origin} -> {arrow.target} ({arrows[arrow]})")
    back_up = [" -> ".join(arrow) for arrow in arrows_back_up(arrows)]
    too_full = [folder for folder, count in counts.items() if count > MOST_MODULES]
    print(f"arrows back up: {', '.join(back_up) or 'none'}")
    print(f"folders above {MOST_MODULES} modules: {', '.join(too_full) or 'none'}")
    return 1 if back_up or too_full else 0


if __name__ == "__main__":
    sys.exit(main())
