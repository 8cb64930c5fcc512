"""Which tests concern a source file, the nearest first: these can best notice a fault.

Reads the sources under a folder that has the project's layout. A stage is a list of arguments of
pytest; the next stage is only run for a fault that the stages before did not notice.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Final

from tests.laws.sources import imports_of

PYTHON: Final = ("feeds", "dashboard")
SCRIPTS: Final = "static/js"
SCRIPT_TESTS: Final = "tests/js"
REAL: Final = ("tests/js", "tests/e2e", "tests/sockets", "tests/oracle", "tests/planted")
"""Folders whose tests have servers or browsers, or are about something else."""
LAWS: Final = "tests/laws"
"""They read the code, so they concern every module."""
ALL: Final = ("-m", "slow or not slow")
SCRIPT_IMPORT: Final = re.compile(
    r"""(?:from\s+|import\s*\(?\s*|\bSCRIPT = |\b(?:opened|live)\(\s*)["']([./][^"']+\.js)["']"""
)
"""An import, or a page that a test opens with its script."""
COMMAND: Final = re.compile(r"""\b(?:call_command|manage)\(\s*["'](\w+)["']""")
BROWSING: Final = re.compile(r"\b[Cc]lient\b")
"""A test that asks for pages by their addresses."""
URLS: Final = "dashboard/urls.py"
SETTINGS: Final = "dashboard/settings.py"
NAMED: Final = re.compile(r"""["']((?:feeds|dashboard)(?:\.\w+)+)["']""")
"""What the settings name and nobody imports, such as a middleware: every page passes through it."""

Stage = tuple[str, ...]


def source_files(root: Path) -> tuple[list[str], list[str]]:
    """Return the Python modules and the scripts in which faults can be planted."""
    python = [path for room in PYTHON for path in (root / room).rglob("*.py")]
    scripts = (root / SCRIPTS).rglob("*.js")
    return (
        sorted(_name(root, path) for path in python if "migrations" not in path.parts),
        sorted(_name(root, path) for path in scripts),
    )


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


class Concerns:
    """Who imports whom, read once; and the stages of tests for each source file."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._python, scripts = source_files(root)
        self._modules = {_dotted(path): path for path in self._python}
        self._tests = sorted(_name(root, path) for path in (root / "tests").rglob("*.py"))
        self._served = self._read_served()
        self._reached = self._read_tests()
        self._importers = self._read_modules()
        self._script_tests = self._read_scripts(scripts)

    def stages(self, path: str, *, is_near: bool, with_slow: bool) -> list[Stage]:
        """Return the stages for a source file.

        After the fast tests near it come those of its importers, the slow ones near it, and those
        of whoever imports the importers; `is_near` leaves all these out. With `with_slow` real
        servers and browsers have the last word.
        """
        if path.endswith(".js"):
            return self._stages_of_script(path, with_slow=with_slow)
        own = self._own(path)
        near = _once([*own, *self._namesakes(path), *self._importing(path)])
        stages = [tuple(near)]
        if not is_near:
            importers = self._importers[path]
            neighbours = self._tests_of(importers, beside=near)
            beyond = set().union(*(self._importers[name] for name in importers)) - {path}
            stages.append(neighbours)
            stages.append(("-m", "slow", *near) if near else ())
            laws = [LAWS] if (self._root / LAWS).is_dir() else []
            stages.append((*self._tests_of(beyond, beside=[*near, *neighbours]), *laws))
        if with_slow:
            stages.append((*ALL, "tests/sockets", "tests/oracle"))
        return [stage for stage in stages if stage]

    # --- Python ---
    def _own(self, path: str) -> list[str]:
        """Return the tests in the folder of a module, those with its name first."""
        folder = Path("tests", path).parent
        while not any(Path(test).parent == folder for test in self._test_modules()):
            folder = folder.parent
            if folder == Path("tests"):
                return []
        tests = [test for test in self._test_modules() if Path(test).parent == folder]
        name = f"test_{Path(path).stem}"
        return sorted(tests, key=lambda test: (name not in test, Path(test).stem != name, test))

    def _tests_of(self, modules: Iterable[str], *, beside: Collection[str]) -> Stage:
        """Return the tests in the folders of modules, without those that are run anyway."""
        tests = [test for name in sorted(modules) for test in self._own(name)]
        return tuple(test for test in _once(tests) if test not in beside)

    def _test_modules(self) -> list[str]:
        return [test for test in self._reached if not test.startswith(REAL)]

    def _namesakes(self, path: str) -> list[str]:
        """Return tests of the same name elsewhere: a view may be tested with its service."""
        name = f"test_{Path(path).stem}.py"
        return [test for test in self._test_modules() if Path(test).name == name]

    def _importing(self, path: str) -> list[str]:
        """Return the tests that import a module, by themselves or over what tests share."""
        return [test for test in self._test_modules() if path in self._reached[test]]

    def _read_tests(self) -> dict[str, set[str]]:
        """Return what each module of tests imports of the project, by paths."""
        named = {_dotted(path): path for path in [*self._python, *self._tests]}
        imported = {
            test: self._imported(test, named) | self._named_by(test) for test in self._tests
        }
        for test in self._tests:
            fixtures = f"{Path(test).parent.as_posix()}/conftest.py"
            if fixtures in imported and fixtures not in ("tests/conftest.py", test):
                imported[test].add(fixtures)
        tests = [test for test in self._tests if Path(test).name.startswith("test_")]
        return {test: _closure(test, imported) for test in tests}

    def _imported(self, path: str, named: Mapping[str, str]) -> set[str]:
        found = imports_of((self._root / path).read_text())
        paths = (named.get(name.full) or named.get(name.module) for name in found)
        return {path for path in paths if path is not None}

    def _named_by(self, test: str) -> set[str]:
        """Return what a test asks for by a name: commands, and addresses."""
        text = (self._root / test).read_text()
        commands = [f"management/commands/{name}.py" for name in COMMAND.findall(text)]
        paths = {f"{room}/{command}" for room in PYTHON for command in commands}
        return (paths & set(self._python)) | (self._served if BROWSING.search(text) else set())

    def _read_served(self) -> set[str]:
        """Return the modules that a request for any page may reach."""
        settings = self._root / SETTINGS
        names = NAMED.findall(settings.read_text()) if settings.exists() else []
        modules = {name for whole in names for name in (whole, whole.rpartition(".")[0])}
        paths = {self._modules.get(name, "") for name in modules}
        return (paths | {URLS}) & set(self._python)

    def _read_modules(self) -> dict[str, set[str]]:
        importers: dict[str, set[str]] = defaultdict(set)
        for path in self._python:
            for target in self._imported(path, self._modules) - {path}:
                importers[target].add(path)
        return importers

    # --- scripts ---
    def _stages_of_script(self, path: str, *, with_slow: bool) -> list[Stage]:
        files = sorted(test for test, reached in self._script_tests.items() if path in reached)
        readers = self._reading(path)
        stages: list[Stage] = [tuple(readers)] if readers else []
        if files:
            # The id of a test of a script begins with its file and a colon.
            names = [
                file.removeprefix(f"{SCRIPT_TESTS}/").removesuffix(".test.js") for file in files
            ]
            chosen = ("tests/js/test_scripts.py", "-k", " or ".join(f"{n}:" for n in names))
            # Files of tests that open pages are slow, and all of their tests are.
            stages += [chosen, ("-m", "slow", *chosen)]
        return [*stages, (*ALL, "tests/e2e")] if with_slow else stages

    def _reading(self, path: str) -> list[str]:
        """Return the tests in Python that read a script: they name its file."""
        named = re.compile(rf"""["'/]{re.escape(Path(path).name)}["']""")
        modules = self._test_modules()
        return [test for test in modules if named.search((self._root / test).read_text())]

    def _read_scripts(self, scripts: list[str]) -> dict[str, set[str]]:
        tests = sorted(_name(self._root, p) for p in (self._root / SCRIPT_TESTS).rglob("*.js"))
        imported = {path: self._imported_scripts(path) for path in [*scripts, *tests]}
        files = [test for test in tests if test.endswith(".test.js")]
        return {file: _closure(file, imported) for file in files}

    def _imported_scripts(self, path: str) -> set[str]:
        found = SCRIPT_IMPORT.findall((self._root / path).read_text())
        folder = self._root.resolve() / Path(path).parent
        places = [
            self._root.resolve() / address[1:] if address.startswith("/") else folder / address
            for address in found
        ]
        return {_name(self._root.resolve(), place.resolve()) for place in places}


def _dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _closure(begin: str, imported: Mapping[str, set[str]]) -> set[str]:
    """Return what a test reaches: of the project what is imported, but not what that imports."""
    is_script = begin.endswith(".js")
    reached: set[str] = set()
    waiting = [begin]
    while waiting:
        name = waiting.pop()
        if not is_script and not name.startswith("tests/"):
            continue
        news = imported.get(name, set()) - reached
        reached |= news
        waiting += news
    return reached
