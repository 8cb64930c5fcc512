"""Give the functions of loaded modules the code of a changed source: the module is not run again.

What a module does when it is loaded stays as it was, so a fault there cannot be planted like this.
"""

import gc
from collections import defaultdict
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType

Place = tuple[str, int]
"""A function's qualified name, and the line of its file where it begins."""

Path = tuple[str, ...]
"""The names of what a code is defined within, the outermost first, and its own."""


class NotInFunctions(Exception):
    """A change cannot be made in the functions that there are."""


class LoadedFunctions:
    """All functions that Python has in memory, by their files."""

    def __init__(self) -> None:
        self._by_file: dict[str, list[FunctionType]] = defaultdict(list)
        gc.unfreeze()  # what is exempt from collections is not listed otherwise
        for thing in gc.get_objects():
            if type(thing) is FunctionType:
                self._by_file[thing.__code__.co_filename].append(thing)
        gc.freeze()

    def change(self, file: str, source: str, changed: str) -> None:
        """Give the functions of a file the code that they have in a changed source.

        Raises:
            NotInFunctions: no function changes, or one needs other variables around it.
        """
        codes = changed_codes(file, source, changed)
        pairs = [
            (function, codes[place])
            for function in self._by_file[file]
            if (place := _place(function.__code__)) in codes
        ]
        if not pairs:
            raise NotInFunctions(f"no loaded function of {file} changes")
        if any(len(f.__code__.co_freevars) != len(code.co_freevars) for f, code in pairs):
            raise NotInFunctions(f"a function of {file} needs other variables around it")
        for function, code in pairs:
            function.__code__ = code


def changed_codes(file: str, source: str, changed: str) -> Mapping[Place, CodeType]:
    """Return the code of each function and class that a change alters, by its place before."""
    before, after = (dict(_codes(compile(text, file, "exec"))) for text in (source, changed))
    return {
        _place(code): after[path]
        for path, code in before.items()
        if path in after and code != after[path]
    }


def _codes(
    code: CodeType, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], CodeType]]:
    """Give all that is defined within a code, by a path that a change of lines leaves as it is."""
    seen: dict[str, int] = defaultdict(int)
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            name = f"{inner.co_name} {seen[inner.co_name]}"
            seen[inner.co_name] += 1
            yield (*path, name), inner
            yield from _codes(inner, (*path, name))


def _place(code: CodeType) -> Place:
    return code.co_qualname, code.co_firstlineno
