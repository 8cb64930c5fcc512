"""Which small faults a script can have: found among its tokens, with exact places.

Pure. Left out is what no test can be expected to notice: comments, texts, the console. A fault that
would leave no script is left out as well: every test would notice it.
"""

from collections.abc import Callable, Iterator
from typing import Final

from tests.planted.fault import Edit, Fault, fault_of
from tests.planted.script_tokens import KEYWORDS, Token, pairs_of, tokens_of

OPPOSITES: Final = {
    "<": ">=", ">=": "<", ">": "<=", "<=": ">",
    "===": "!==", "!==": "===", "==": "!=", "!=": "==",
}  # fmt: skip
BOUNDARIES: Final = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
ARITHMETIC: Final = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "+=": "-=", "-=": "+="}
JUNCTIONS: Final = {"&&": "||", "||": "&&"}
PLAIN: Final = {"null", "undefined", "true", "false"}
BRANCHES: Final = {"if", "for", "while"}


class Script:
    """The tokens of a script, and which brackets belong together."""

    def __init__(self, source: str) -> None:
        self.tokens = tokens_of(source)
        self.pairs = pairs_of(self.tokens)

    def text(self, index: int) -> str:
        """Return the text of a token; empty beyond the ends."""
        return self.tokens[index].text if 0 <= index < len(self.tokens) else ""

    def is_binary(self, index: int) -> bool:
        """Say whether a sign stands between two values."""
        return index > 0 and self.tokens[index - 1].is_value

    def is_key(self, index: int) -> bool:
        """Say whether a token names a property: of an object, or after a dot."""
        is_named = self.text(index + 1) == ":" and self.text(index - 1) in ("{", ",")
        return is_named or self.text(index - 1) in (".", "?.")

    def after(self, index: int) -> int:
        """Return the index after a token, or after what its bracket encloses."""
        is_opener = self.pairs.get(index, -1) > index
        return (self.pairs[index] if is_opener else index) + 1

    def statement_ends(self, index: int) -> int | None:
        """Return the index of the semicolon that ends a statement; None without any."""
        while index < len(self.tokens) and self.text(index) not in (";", "}", ")", "]"):
            index = self.after(index)
        return index if self.text(index) == ";" else None

    def begins_statement(self, index: int) -> bool:
        """Say whether a token begins a statement."""
        before = self.text(index - 1)
        if before == ")":
            return self.text(self.pairs[index - 1] - 1) in BRANCHES
        return before in ("", ";", "{", "}", "else")


def script_faults(path: str, source: str) -> list[Fault]:
    """Return all faults that can be planted in a script, in the order of their places."""
    script = Script(source)
    edits = {
        edit
        for index, token in enumerate(script.tokens)
        for find in FINDERS
        for edit in find(script, index, token)
    }
    return [fault_of(path, source, edit) for edit in sorted(edits)]


# --- the kinds ---


def _change_signs(script: Script, index: int, token: Token) -> Iterator[Edit]:
    if token.kind != "sign" or not script.is_binary(index):
        return
    if token.text in OPPOSITES:
        yield _instead(token, "comparison turned", OPPOSITES[token.text])
    if token.text in BOUNDARIES:
        yield _instead(token, "boundary moved", BOUNDARIES[token.text])
    if token.text in ARITHMETIC and not _is_beside_text(script, index):
        yield _instead(token, "arithmetic changed", ARITHMETIC[token.text])
    if token.text in JUNCTIONS and not _is_beside_default(script, index):
        yield _instead(token, "and for or", JUNCTIONS[token.text])


def _instead(token: Token, kind: str, becomes: str) -> Edit:
    return Edit(token.start, token.end, kind, becomes)


def _is_beside_text(script: Script, index: int) -> bool:
    sides = (script.tokens[index - 1], script.tokens[index + 1])
    return any(token.kind in ("text", "template") for token in sides)


def _is_beside_default(script: Script, index: int) -> bool:
    """Say whether `??` is in the same statement: without brackets the two make no script."""
    begin = end = index
    while script.text(begin - 1) not in ("", ";", "{", "}"):
        begin -= 1
    while script.text(end + 1) not in ("", ";", "{", "}"):
        end += 1
    return any(script.text(near) == "??" for near in range(begin, end + 1))


def _drop_signs(script: Script, index: int, token: Token) -> Iterator[Edit]:
    if token.kind != "sign" or script.is_binary(index):
        return
    if token.text == "!" and "!" not in (script.text(index - 1), script.text(index + 1)):
        yield _instead(token, "not dropped", "")
    if token.text == "-" and script.text(index - 1) != "-":
        yield _instead(token, "minus dropped", "")


def _change_constants(script: Script, index: int, token: Token) -> Iterator[Edit]:
    if script.is_key(index):
        return
    if token.kind == "name" and token.text in ("true", "false"):
        yield _instead(token, "flag turned", "false" if token.text == "true" else "true")
    if token.kind == "number" and not token.text.endswith("n"):
        yield _instead(token, "number changed", _larger(token.text))


def _larger(number: str) -> str:
    digits = number.replace("_", "")
    try:
        return str(int(digits, 0) + 1)
    except ValueError:
        return repr(float(digits) + 1)


def _fix_conditions(script: Script, index: int, token: Token) -> Iterator[Edit]:
    if token.text not in ("if", "while") or script.is_key(index) or script.text(index + 1) != "(":
        return
    begin = script.tokens[index + 1].end
    end = script.tokens[script.pairs[index + 1]].start
    for becomes in ("true", "false") if token.text == "if" else ("false",):
        yield Edit(begin, end, "condition fixed", becomes)


def _replace_results(script: Script, index: int, token: Token) -> Iterator[Edit]:
    if token.text != "return" or script.is_key(index) or script.text(index + 1) == ";":
        return
    end = script.statement_ends(index + 1)
    is_plain = script.text(index + 1) in PLAIN and end == index + 2
    if end is None or is_plain:
        return
    place = script.tokens[index + 1].start, script.tokens[end - 1].end
    yield Edit(*place, "result replaced", "null")


def _remove_calls(script: Script, index: int, token: Token) -> Iterator[Edit]:
    if not script.begins_statement(index):
        return
    end = script.statement_ends(index)
    first = index + (token.text in ("await", "void"))
    if end is None or script.text(end - 1) != ")" or not _is_chain(script, first, end):
        return
    if script.text(first) not in ("console", "super"):
        yield Edit(token.start, script.tokens[end - 1].end, "call removed", "")


def _is_chain(script: Script, index: int, end: int) -> bool:
    """Say whether tokens are names, dots and brackets only, as in `a.b(c).d()`."""
    while index < end:
        token = script.tokens[index]
        is_name = token.kind == "name" and (token.text not in KEYWORDS or script.is_key(index))
        if not is_name and token.text not in (".", "?.", "(", "["):
            return False
        index = script.after(index)
    return True


def _drop_arguments(script: Script, index: int, token: Token) -> Iterator[Edit]:
    if token.text != "(" or token.kind != "sign" or not _is_call(script, index):
        return
    close = script.pairs[index]
    commas, near = [], index + 1
    while near < close:
        if script.text(near) == ",":
            commas.append(near)
        near = script.after(near)
    if commas and commas[-1] == close - 1:
        close = commas.pop()
    if commas:
        begin, end = script.tokens[commas[-1]].start, script.tokens[close].start
        yield Edit(begin, end, "argument dropped", "")


def _is_call(script: Script, index: int) -> bool:
    """Say whether a bracket holds arguments, rather than the parameters of a function."""
    is_called = index > 0 and script.tokens[index - 1].is_value
    is_defined = script.text(script.pairs[index] + 1) in ("{", "=>")
    return is_called and not is_defined


FINDERS: Final[tuple[Callable[[Script, int, Token], Iterator[Edit]], ...]] = (
    _change_signs,
    _drop_signs,
    _change_constants,
    _fix_conditions,
    _replace_results,
    _remove_calls,
    _drop_arguments,
)
