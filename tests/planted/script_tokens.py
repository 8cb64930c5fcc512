"""The tokens of a script: as much of JavaScript's grammar as faults in it need.

Pure. A template is one token, with everything inside it. Comments and spaces are left out.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

TOKEN: Final = re.compile(
    r"""
      (?P<space>\s+|//[^\n]*|/\*.*?\*/)
    | (?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    | (?P<number>0[xXbBoO][\da-fA-F_]+n?|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][-+]?\d+)?n?)
    | (?P<name>\#?[A-Za-z_$][\w$]*)
    | (?P<sign>\.\.\.|=>|===|!==|>>>=|>>>|\*\*=|&&=|\|\|=|\?\?=|<<=|>>=|==|!=|<=|>=|&&|\|\||\?\?
        |\?\.|\*\*|<<|>>|\+\+|--|\+=|-=|\*=|/=|%=|&=|\|=|\^=|[-+*/%&|^!~?:;,.(){}\[\]=<>@])
    """,
    re.VERBOSE | re.DOTALL,
)
REGEX: Final = re.compile(r"/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/[a-z]*")
KEYWORDS: Final = {
    *("await", "break", "case", "catch", "class", "const", "continue", "debugger", "default"),
    *("delete", "do", "else", "export", "extends", "finally", "for", "function", "get", "if"),
    *("import", "in", "instanceof", "let", "new", "of", "return", "set", "static", "switch"),
    *("throw", "try", "typeof", "var", "void", "while", "yield"),
}
"""Names after which no value has ended."""
CLOSERS: Final = {"(": ")", "[": "]", "{": "}"}


class Token(NamedTuple):
    """The characters [start, end) of a script: a text, number, name, sign, regex or template."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def is_value(self) -> bool:
        """Say whether a value may end here, so that a sign that follows stands between two."""
        if self.kind == "sign":
            return self.text in (")", "]")
        return self.kind != "name" or self.text not in KEYWORDS


def tokens_of(source: str) -> list[Token]:
    """Return the tokens of a script.

    Raises:
        ValueError: the source has something that is no JavaScript known here.
    """
    return list(_scan(source, 0))


def _scan(source: str, at: int) -> Iterator[Token]:
    last: Token | None = None
    while at < len(source):
        token = _next(source, at, last)
        at = token.end
        if token.kind != "space":
            last = token
            yield token


def _next(source: str, at: int, last: Token | None) -> Token:
    if source[at] == "`":
        end = _template_end(source, at)
        return Token("template", source[at:end], at, end)
    is_free = last is None or not last.is_value
    if is_free and source[at] == "/" and (found := REGEX.match(source, at)):
        return Token("regex", found[0], at, found.end())
    found = TOKEN.match(source, at)
    if found is None:
        raise ValueError(f"no token at {at}: {source[at : at + 20]!r}")
    return Token(found.lastgroup or "", found[0], at, found.end())


def _template_end(source: str, at: int) -> int:
    at += 1
    while source[at] != "`":
        if source[at] == "\\":
            at += 2
        elif source.startswith("${", at):
            at = _hole_end(source, at + 2)
        else:
            at += 1
    return at + 1


def _hole_end(source: str, at: int) -> int:
    depth = 0
    for token in _scan(source, at):
        if token.text == "{":
            depth += 1
        elif token.text == "}" and depth == 0:
            return token.end
        elif token.text == "}":
            depth -= 1
    raise ValueError(f"the template at {at} does not end")


def pairs_of(tokens: list[Token]) -> dict[int, int]:
    """Return the index of the partner of each bracket, by its own.

    Raises:
        ValueError: the brackets do not fit.
    """
    pairs: dict[int, int] = {}
    waiting: list[int] = []
    for index, token in enumerate(tokens):
        if token.kind != "sign":
            continue
        if token.text in CLOSERS:
            waiting.append(index)
        elif token.text in CLOSERS.values():
            opener = waiting.pop() if waiting else -1
            if opener < 0 or CLOSERS[tokens[opener].text] != token.text:
                raise ValueError(f"the bracket at {token.start} closes nothing")
            pairs[opener], pairs[index] = index, opener
    if waiting:
        raise ValueError(f"the bracket at {tokens[waiting[-1]].start} is not closed")
    return pairs
