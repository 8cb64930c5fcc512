"""What a symbol is, for all who read, check or store one.

Pure. Must not know which symbols exist.

A symbol stands in addresses, keys, lists and names of files. So no symbol has `~` and `@`, which
begin a delay (`NVX~15`) and an interval (`NVX@5m`), nor `,` `*` and `:`, which are for lists,
everything and exchanges. `.` and `..` cannot be a part between slashes: browsers and proxies would
take them for steps in an address, and two slashes for one.
"""

import re
from typing import Final

LONGEST_SYMBOL: Final = 24
SYMBOL_RULE: Final = (
    f"A symbol has up to {LONGEST_SYMBOL} letters A to Z, digits and . - & ^ = _ /, "
    "begins with a letter, digit or ^, and has no sign after a slash."
)
"""For people who typed something else."""
_PART: Final = r"[A-Z0-9][A-Z0-9.&^=_-]*"
_BETWEEN: Final = re.compile(r"""[\s,;|\u3001\uff0c\uff1b\u2022\u00b7"'`\u2018-\u201f()\[\]{}]+""")
"""Signs between pasted symbols, which no symbol has: quotes, brackets and dots of lists, too."""
_BEFORE: Final = re.compile(r"^(?:[A-Z0-9_]+:)?\$?(?=.)")
"""`NASDAQ:AAPL` and `$AAPL`: other programs put an exchange or a dollar before a symbol."""
_SYMBOL: Final = re.compile(rf"\^?{_PART}(?:/{_PART})*")


def read_symbol(text: str) -> str:
    """Return a symbol that was typed, in capital letters and without blanks around it.

    Other letters than those from a to z stay: their capitals may be letters of a symbol, as those
    of `ß` are.
    """
    plain = text.strip()
    return plain.upper() if plain.isascii() else plain


def symbols_in(text: str) -> list[str]:
    """Return the symbols of a text as people paste it, each as `read_symbol` has it, in order.

    Signs stand between them, and an exchange or a dollar may stand before each. Words without a
    letter or a digit are none. Whether there are such symbols is not checked.
    """
    words = (read_symbol(word) for word in _BETWEEN.split(text))
    return [_BEFORE.sub("", word) for word in words if any(map(str.isalnum, word))]


def is_symbol(text: str) -> bool:
    """Say whether a text can be a symbol, as symbols are stored."""
    return len(text) <= LONGEST_SYMBOL and _SYMBOL.fullmatch(text) is not None


def symbol_fault(text: str) -> str:
    """Return what is wrong with a symbol that was typed, "" if nothing is."""
    return "" if is_symbol(read_symbol(text)) else SYMBOL_RULE
