"""The names that code gives: the words in them, and which of these are a private language."""

import ast
import re
from collections.abc import Iterable
from typing import Final, Literal

from tests.laws.sources import nodes_of

PRIVATE: Final = {
    *("seat", "seats", "sight", "sights", "toll", "tolls", "wish", "wishes", "desk", "desks"),
    *("held", "ways", "rung", "rungs", "past", "told", "gate", "gates", "grids", "shapes"),
    *("keeper", "keepers", "heading", "headings", "excerpt", "excerpts", "intake", "intakes"),
    *("dialect", "dialects", "entrance", "entrances", "allowance", "allowances"),
}
"""They may stand in ordinary sentences, not in names."""
DJANGO: Final = {"Meta", "Command", "Migration"}
"""Names that Django wants, whatever else has them."""


def private_words(names: Iterable[str]) -> set[str]:
    """Return the private words among the parts of names, however the names are written."""
    return {word for name in names for word in words_of(name)} & PRIVATE


def words_of(name: str) -> list[str]:
    """Return the words of a name in snake_case, camelCase, CapWords or with hyphens, in small."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return [word.lower() for word in re.findall(r"[A-Za-z]+", parted)]


def identifiers_of(source: str) -> set[str]:
    """Return every identifier of a Python module, but what it imports from libraries' modules."""
    names: set[str] = set()
    for node in nodes_of(source):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.ClassDef(name=name) | ast.keyword(arg=str(name)):
                names.add(name)
    return names


def class_names(source: str, language: Literal["python", "script"]) -> list[str]:
    """Return the names of all classes, in order."""
    if language == "script":
        return re.findall(r"^\s*(?:export )?class (\w+)", source, re.MULTILINE)
    nodes = (node for node in nodes_of(source) if isinstance(node, ast.ClassDef))
    return [node.name for node in nodes if node.name not in DJANGO]
