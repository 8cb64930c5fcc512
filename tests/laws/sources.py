"""What the laws read: the files of the house, and what a Python module imports."""

import ast
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.support.places import ROOT

ROOMS = ("feeds", "dashboard")


class Found(NamedTuple):
    """A broken law: the line, and what is wrong there."""

    line: int
    text: str


class Import(NamedTuple):
    """One imported name: `from module import name`, or `import module` with an empty name."""

    line: int
    module: str
    name: str = ""

    @property
    def full(self) -> str:
        """Return the dotted name of what is imported."""
        return f"{self.module}.{self.name}" if self.name else self.module

    def reaches(self, package: str) -> bool:
        """Say whether this imports a package or something inside it."""
        return f"{self.full}.".startswith(f"{package}.")


def python_modules() -> dict[str, Path]:
    """Return every module of the house by its dotted name; migrations are generated."""
    paths = (path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))
    return {dotted(path): path for path in paths if "migrations" not in path.parts}


def dotted(path: Path) -> str:
    """Return the name under which a file is imported."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def parsed(source: str) -> ast.Module:
    """Return the tree of a module; many laws read the same modules, and none changes a tree."""
    return ast.parse(source)


@cache
def nodes_of(source: str) -> tuple[ast.AST, ...]:
    """Return all nodes of a module; to walk through a tree takes as long as to parse it."""
    return tuple(ast.walk(parsed(source)))


def imports_of(source: str) -> list[Import]:
    """Return what a module imports anywhere: in functions, for type checking, by literal name."""
    found: list[Import] = []
    for node in nodes_of(source):
        match node:
            case ast.Import(names=names):
                found += [Import(node.lineno, alias.name) for alias in names]
            case ast.ImportFrom(module=module, names=names, level=level):
                origin = "." * level + (module or "")
                found += [Import(node.lineno, origin, alias.name) for alias in names]
            case ast.Call(func=func, args=[ast.Constant(value=str(name)), *_]) if by_name(func):
                found.append(Import(node.lineno, name))
    return sorted(found)


def by_name(function: ast.expr) -> bool:
    """Say whether a function imports the module whose name it is given."""
    return ast.unparse(function).rsplit(".", 1)[-1] in ("import_module", "__import__")


def lines_of(path: Path, found: Iterable[Found]) -> list[str]:
    """Return broken laws as lines that an editor can jump to."""
    place = path.relative_to(ROOT).as_posix()
    return [f"{place}:{fault.line}: {fault.text}" for fault in sorted(found)]


def broken(rule: Callable[[str], list[Found]], paths: Iterable[Path]) -> str:
    """Return what a rule finds in files, one line each; empty when the law holds."""
    return "\n".join(line for path in paths for line in lines_of(path, rule(path.read_text())))
