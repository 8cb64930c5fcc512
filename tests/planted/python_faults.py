"""Which small faults a Python module can have: found in its syntax tree, with exact places.

Pure. Left out is what no test can be expected to notice: docstrings, annotations, decorators, calls
that log, texts, `__all__`, the fields of models (a check for missing migrations notices those).
"""

import ast
import re
from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise
from typing import Final

from tests.planted.fault import Edit, Fault, fault_of

SIGNS: Final = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
    ast.In: "in", ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not",
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.And: "and", ast.Or: "or",
}  # fmt: skip
OPPOSITES: Final = {
    "<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "==",
    "in": "not in", "not in": "in", "is": "is not", "is not": "is",
}  # fmt: skip
BOUNDARIES: Final = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
ARITHMETIC: Final = {"+": "-", "-": "+", "*": "/", "/": "*", "//": "*", "%": "*"}
JUNCTIONS: Final = {"and": "or", "or": "and"}
LOGS: Final = ("log", "logger", "logging")
TEXT_KEYWORDS: Final = {
    *("help", "help_text", "label", "description", "short_description", "extra"),
    *("verbose_name", "verbose_name_plural"),
}
"""Arguments that are words for people."""
COLLECTIONS: Final = (ast.List, ast.Tuple, ast.Dict, ast.Set, ast.ListComp, ast.JoinedStr)
"""What cannot be subtracted: that every test would notice."""


class Module:
    """The text of a module, and where the nodes of its tree begin and end in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        lines = text.split("\n")
        self._lines = [line.encode() for line in lines]
        self._starts = list(accumulate((len(line) + 1 for line in lines), initial=0))

    def start(self, node: ast.AST) -> int:
        """Return where a node begins."""
        return self._at(node.lineno, node.col_offset)  # type: ignore[attr-defined]

    def end(self, node: ast.AST) -> int:
        """Return where a node ends; brackets around it do not belong to it."""
        return self._at(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def between(self, left: ast.AST, right: ast.AST, sign: str) -> tuple[int, int] | None:
        """Return where a sign stands between two nodes; None beside a comment."""
        begin, end = self.end(left), self.start(right)
        gap = self.text[begin:end]
        found = re.search(r"\s+".join(map(re.escape, sign.split())), gap)
        if found is None or "#" in gap:
            return None
        return begin + found.start(), begin + found.end()

    def _at(self, line: int, column: int) -> int:
        # The tree counts bytes of a line, and an edit counts characters of the text.
        return self._starts[line - 1] + len(self._lines[line - 1][:column].decode())


def python_faults(path: str, source: str) -> list[Fault]:
    """Return all faults that can be planted in a module, in the order of their places."""
    module = Module(source)
    edits = {
        edit
        for node in _nodes(ast.parse(source))
        for find in FINDERS
        for edit in find(module, node)
    }
    return [fault_of(path, source, edit) for edit in sorted(edits)]


def _nodes(node: ast.AST) -> Iterator[ast.AST]:
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        if isinstance(node, ast.ClassDef) and name == "keywords":
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_left_out(child):
                yield child
                yield from _nodes(child)


def _is_left_out(node: ast.AST) -> bool:
    match node:
        case ast.JoinedStr() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Expr(value=ast.Call(func=function)):
            return _root(function) in LOGS
        case ast.Call(func=function):
            return _root(function) == "models"
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name.startswith("__")
        case ast.If(test=test):
            return ast.unparse(test) in ("TYPE_CHECKING", "__name__ == '__main__'")
    return False


def _root(function: ast.expr) -> str:
    return ast.unparse(function).split(".")[0]


# --- the kinds ---


def _turn_comparisons(module: Module, node: ast.AST) -> Iterator[Edit]:
    for begin, end, sign in _comparisons(module, node):
        yield Edit(begin, end, "comparison turned", OPPOSITES[sign])


def _move_boundaries(module: Module, node: ast.AST) -> Iterator[Edit]:
    for begin, end, sign in _comparisons(module, node):
        if sign in BOUNDARIES:
            yield Edit(begin, end, "boundary moved", BOUNDARIES[sign])


def _comparisons(module: Module, node: ast.AST) -> Iterator[tuple[int, int, str]]:
    if not isinstance(node, ast.Compare):
        return
    for (left, right), operator in zip(
        pairwise([node.left, *node.comparators]), node.ops, strict=True
    ):
        sign = SIGNS[type(operator)]
        if place := module.between(left, right, sign):
            yield *place, sign


def _change_arithmetic(module: Module, node: ast.AST) -> Iterator[Edit]:
    match node:
        case ast.BinOp(left=left, op=operator, right=right):
            sides, ending = (left, right), ""
        case ast.AugAssign(target=left, op=operator, value=right):
            sides, ending = (left, right), "="
        case _:
            return
    sign = SIGNS.get(type(operator), "")
    if sign not in ARITHMETIC or any(map(_is_collection, sides)):
        return
    if place := module.between(left, right, sign + ending):
        yield Edit(*place, "arithmetic changed", ARITHMETIC[sign] + ending)


def _is_collection(node: ast.AST) -> bool:
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    return is_text or isinstance(node, COLLECTIONS)


def _swap_junctions(module: Module, node: ast.AST) -> Iterator[Edit]:
    if not isinstance(node, ast.BoolOp):
        return
    sign = SIGNS[type(node.op)]
    for left, right in pairwise(node.values):
        if place := module.between(left, right, sign):
            yield Edit(*place, "and for or", JUNCTIONS[sign])


def _drop_signs(module: Module, node: ast.AST) -> Iterator[Edit]:
    match node:
        case ast.UnaryOp(op=ast.Not()):
            begin = module.start(node)
            length = len("not ") if module.text[begin + 3] == " " else len("not")
            yield Edit(begin, begin + length, "not dropped", "")
        case ast.UnaryOp(op=ast.USub()):
            begin = module.start(node)
            yield Edit(begin, begin + 1, "minus dropped", "")


def _replace_results(module: Module, node: ast.AST) -> Iterator[Edit]:
    if not isinstance(node, ast.Return) or node.value is None:
        return
    is_plain = isinstance(node.value, ast.Constant) and node.value.value in (None, True, False)
    if not is_plain:
        place = module.start(node.value), module.end(node.value)
        yield Edit(*place, "result replaced", "None")


def _change_constants(module: Module, node: ast.AST) -> Iterator[Edit]:
    if not isinstance(node, ast.Constant):
        return
    place = module.start(node), module.end(node)
    if isinstance(node.value, bool):
        yield Edit(*place, "flag turned", str(not node.value))
    elif isinstance(node.value, int | float):
        yield Edit(*place, "number changed", repr(node.value + 1))


def _fix_conditions(module: Module, node: ast.AST) -> Iterator[Edit]:
    match node:
        case ast.If(test=test) | ast.IfExp(test=test):
            fixed = [(test, "True"), (test, "False")]
        case ast.While(test=test):
            fixed = [(test, "False")]
        case ast.comprehension(ifs=tests):
            fixed = [(test, "True") for test in tests]
        case _:
            return
    for test, becomes in fixed:
        # A condition that gives a name its value cannot go without the name.
        is_naming = any(isinstance(inner, ast.NamedExpr) for inner in ast.walk(test))
        if not is_naming and not isinstance(test, ast.Constant):
            yield Edit(module.start(test), module.end(test), "condition fixed", becomes)


def _remove_calls(module: Module, node: ast.AST) -> Iterator[Edit]:
    match node:
        case ast.Expr(value=ast.Call() | ast.Await(value=ast.Call())):
            yield Edit(module.start(node), module.end(node), "call removed", "pass")


def _drop_arguments(module: Module, node: ast.AST) -> Iterator[Edit]:
    if not isinstance(node, ast.Call):
        return
    arguments = sorted([*node.args, *node.keywords], key=module.start)
    for index, argument in enumerate(arguments):
        if not isinstance(argument, ast.keyword) or argument.arg in {None, *TEXT_KEYWORDS}:
            continue
        begin, end = module.start(argument), module.end(argument)
        if index:
            place = module.between(arguments[index - 1], argument, ",")
            if place is None:
                continue
            begin = place[0]
        elif len(arguments) > 1:
            end = module.start(arguments[1])
        else:
            end += len(re.match(r"\s*,?", module.text[end:])[0])  # type: ignore[index]
        yield Edit(begin, end, "argument dropped", "")


FINDERS: Final[tuple[Callable[[Module, ast.AST], Iterator[Edit]], ...]] = (
    _turn_comparisons,
    _move_boundaries,
    _change_arithmetic,
    _swap_junctions,
    _drop_signs,
    _replace_results,
    _change_constants,
    _fix_conditions,
    _remove_calls,
    _drop_arguments,
)
