"""The tests themselves: they share no test module, read no clock at import, do not nap,
some of each folder are fast, and none compiles what another compiled."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import playwright
import pytest
from hypothesis import settings

from tests.laws.sources import ROOT, Found, broken, imports_of, nodes_of, parsed
from tests.support.bytecode import keep_bytecode
from tests.support.chromium import OTHERS
from tests.support.examples import examples, profile_for
from tests.support.scheduling import group_of

PATHS = sorted((ROOT / "tests").rglob("*.py"))

# --- imports ---


def shared_modules(source: str) -> list[Found]:
    """Return the imports of modules that hold tests."""
    return [
        Found(found.line, f"imports {found.full}: move what is shared to tests/support")
        for found in imports_of(source)
        if any(part.startswith("test_") for part in found.module.split("."))
        or (found.module.startswith("tests") and found.name.startswith("test_"))
    ]


def test_nobody_imports_a_test_module() -> None:
    """What several tests need lies in tests/support, where a reader looks for it."""
    found = broken(shared_modules, PATHS)
    assert not found, found


@pytest.mark.parametrize(
    ("planted", "is_found"),
    [
        ("from tests.e2e.test_live import shown", True),
        ("from tests.e2e import test_live", True),
        ("import tests.e2e.test_live", True),
        ("def f():\n    from tests.e2e.test_live import shown", True),
        ("from tests.support.price_table import shown", False),
        ("from library import test_client", False),
    ],
)
def test_an_import_of_a_test_module_is_found(planted: str, is_found: bool) -> None:
    """The rule sees both kinds of imports, also in functions, and leaves libraries alone."""
    assert bool(shared_modules(planted)) == is_found


# --- dates ---

CLOCKS = {
    *("now", "utcnow", "today", "now_ms", "localdate", "localtime"),
    *("time", "time_ns", "monotonic", "monotonic_ns", "gmtime", "SystemClock"),
}
"""Functions that read a clock; `time` of a library's module counts, the type of a time does not."""
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def early_clocks(source: str) -> list[Found]:
    """Return where a module reads a clock when it is imported: the test may run on another day."""
    return [
        Found(call.lineno, f"reads the clock at import: {ast.unparse(call)}")
        for call in calls_at_import(parsed(source))
        if is_clock(call)
    ]


def calls_at_import(node: ast.AST) -> Iterator[ast.Call]:
    """Go through the calls outside of functions; decorators and defaults run at import, too."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield child
        if isinstance(child, FUNCTIONS):
            for part in run_at_import(child):
                yield from calls_at_import(ast.Expr(part))
        else:
            yield from calls_at_import(child)


def run_at_import(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[ast.expr]:
    """Return the decorators and defaults of a function."""
    defaults = [*function.args.defaults, *filter(None, function.args.kw_defaults)]
    return [*getattr(function, "decorator_list", []), *defaults]


def is_clock(call: ast.Call) -> bool:
    """Say whether a call reads a clock: `datetime.time(9)` makes a time, `time.time()` reads it."""
    name = ast.unparse(call.func).rsplit(".", 1)[-1]
    return name in CLOCKS and not (name == "time" and call.args)


def test_no_clock_is_read_at_import() -> None:
    """A date that is fixed at import is yesterday's for a test that runs after midnight."""
    found = broken(early_clocks, PATHS)
    assert not found, found


@pytest.mark.parametrize(
    ("planted", "is_found"),
    [
        ("NOW = timezone.now()", True),
        ("NOW_MS = round(datetime.now(UTC).timestamp() * 1000)", True),
        ("TODAY = date.today()", True),
        ("NOW_MS = time.time_ns() // 1_000_000", True),
        ("class A:\n    NOW = time.time()", True),
        ("def f(now=timezone.now()):\n    pass", True),
        ("@pytest.mark.parametrize('now', [timezone.now()])\ndef f(now):\n    pass", True),
        ("if True:\n    NOW = time.time()", True),
        ("f = lambda now=time.time(): now", True),
        ("def f():\n    return timezone.now()", False),
        ("NOW = 1_790_000_000_000", False),
        ("NINE = datetime.time(9)", False),
        ("f = lambda: time.time()", False),
    ],
)
def test_a_clock_that_is_read_at_import_is_found(planted: str, is_found: bool) -> None:
    """The rule sees modules, classes, decorators and defaults, and leaves functions alone."""
    assert bool(early_clocks(planted)) == is_found


# --- naps ---

WAITING = ROOT / "tests" / "support" / "waiting.py"
"""The only module that waits by time, and always for something that is to become true."""
BEATS = ROOT / "tests" / "support" / "loop_watch.py"
"""Measures how late its own naps end, which is what it looks for."""


def naps(source: str) -> list[Found]:
    """Return the waits for time to pass; `sleep(0)` only lets others have their turn."""
    return [
        Found(node.lineno, f"naps: {ast.unparse(node)}")
        for node in nodes_of(source)
        if isinstance(node, ast.Call) and is_nap(node)
    ]


def is_nap(call: ast.Call) -> bool:
    """Say whether a call waits for time, under its usual names."""
    name = ast.unparse(call.func).rsplit(".", 1)[-1]
    if name == "wait_for_timeout":
        return True
    is_turn = [ast.unparse(argument) for argument in call.args] == ["0"]
    return name == "sleep" and not is_turn


def test_no_test_naps() -> None:
    """A nap is too short for a busy machine, and too long for any other."""
    found = broken(naps, [path for path in PATHS if path not in (WAITING, BEATS)])
    assert not found, found


@pytest.mark.parametrize(
    ("planted", "is_found"),
    [
        ("time.sleep(0.2)", True),
        ("await asyncio.sleep(pause_s)", True),
        ("from time import sleep\nsleep(1)", True),
        ("page.wait_for_timeout(1500)", True),
        ("lambda: page.wait_for_timeout(100) or True", True),
        ("await asyncio.sleep(0)", False),
        ("await until(lambda: is_over)", False),
    ],
)
def test_a_nap_is_found(planted: str, is_found: bool) -> None:
    """The rule sees naps of threads, loops and pages, and lets others have their turn."""
    assert bool(naps(planted)) == is_found


# --- logs ---


def foreign_lines(source: str) -> list[Found]:
    """Return where a test compares everything that was logged, whoever logged it."""
    return [
        Found(node.lineno, f"reads {ast.unparse(node)}: say whose, with tests/support/log_lines.py")
        for node in ast.walk(parsed(source))
        if isinstance(node, ast.Attribute)
        and node.attr in ("records", "messages", "record_tuples")
        and ast.unparse(node.value) == "caplog"
    ]


def test_logged_lines_are_asked_of_one_logger() -> None:
    """asyncio may log a line about another test at any moment."""
    found = broken(foreign_lines, [path for path in PATHS if path.name != "log_lines.py"])
    assert not found, found


@pytest.mark.parametrize(
    ("planted", "is_found"),
    [
        ("assert len(caplog.records) == 2", True),
        ("assert caplog.messages == ['a']", True),
        ("assert 'a' in caplog.text", False),
        ("assert records_of(caplog, module)", False),
        ("board.records", False),
    ],
)
def test_a_look_at_all_logged_lines_is_found(planted: str, is_found: bool) -> None:
    """The rule leaves the text alone: a test asks it for its own words."""
    assert bool(foreign_lines(planted)) == is_found


# --- the fast tier ---

TEST_FOLDERS = sorted({path.parent for path in PATHS if path.name.startswith("test_")})


def fast_tests(source: str) -> list[str]:
    """Return the tests of a module that `-m "not slow"` runs."""
    tree = parsed(source)
    if any(is_named(node, "pytestmark") and is_slow(node) for node in tree.body):
        return []
    functions = [
        node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return [
        function.name
        for function in functions
        if function.name.startswith("test_") and not any(map(is_slow_mark, function.decorator_list))
    ]


def is_named(node: ast.stmt, name: str) -> bool:
    """Say whether a statement gives a value to a name."""
    return isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [
        name
    ]


def is_slow(node: ast.AST) -> bool:
    """Say whether the mark stands anywhere in a statement."""
    return any(is_slow_mark(inner) for inner in ast.walk(node))


def is_slow_mark(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and ast.unparse(node) == "pytest.mark.slow"


@pytest.mark.parametrize("folder", TEST_FOLDERS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_fast_tier_has_something_of_each_folder(folder: Path) -> None:
    """The fast tests alone notice something of what is broken in every folder."""
    assert any(fast_tests(path.read_text()) for path in folder.glob("test_*.py"))


@pytest.mark.parametrize(
    ("planted", "names"),
    [
        ("def test_a():\n    pass", ["test_a"]),
        ("async def test_a():\n    pass", ["test_a"]),
        ("@pytest.mark.parametrize('n', [1])\ndef test_a(n):\n    pass", ["test_a"]),
        ("@pytest.mark.slow\ndef test_a():\n    pass", []),
        ("pytestmark = pytest.mark.slow\ndef test_a():\n    pass", []),
        ("pytestmark = [pytest.mark.django_db, pytest.mark.slow]\ndef test_a():\n    pass", []),
        ("pytestmark = pytest.mark.django_db\ndef test_a():\n    pass", ["test_a"]),
        ("def helper():\n    pass", []),
    ],
)
def test_a_fast_test_is_found(planted: str, names: list[str]) -> None:
    """The rule knows the mark of a module and of a function."""
    assert fast_tests(planted) == names


# --- bytecode ---


def test_bytecode_is_kept_elsewhere_where_none_may_lie_beside_the_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers and servers find compiled what the first of them compiled."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", "")
    (tmp_path / "quiet.py").write_text("")
    keep_bytecode(tmp_path / "kept")
    assert not sys.dont_write_bytecode
    subprocess.run([sys.executable, "-c", "import quiet"], cwd=tmp_path, check=True)
    (compiled,) = tmp_path.rglob("quiet.*.pyc")
    assert compiled.is_relative_to(tmp_path / "kept")


# --- workers ---


@pytest.mark.parametrize(
    ("nodeid", "group"),
    [
        ("tests/laws/test_docs.py::test_a[b/c]", "tests/laws/"),
        ("tests/feeds/market/test_bars.py::test_a[b/c]", "tests/feeds/market/test_bars.py"),
        ("tests/js/test_scripts.py::test_script[tabs/demand: a/b]", "scripts of tabs"),
        ("tests/js/test_scripts.py::test_script[screen/page/theme: a]", "scripts of screen"),
        ("tests/js/test_scripts.py::test_script[format: a, b/c]", "scripts of the rest"),
        ("tests/js/test_scripts.py::test_a_planted_failure[near]", "scripts of the rest"),
    ],
)
def test_a_worker_runs_together_what_shares_something_dear(nodeid: str, group: str) -> None:
    """The trees of the laws, or a page of scripts; any other test goes with its file."""
    assert group_of(nodeid, is_fast=False) == group


@pytest.mark.parametrize(
    ("nodeid", "group"),
    [
        ("tests/laws/test_docs.py::test_a[b/c]", "tests/laws/"),
        ("tests/feeds/market/test_bars.py::test_a[b/c]", "tests/feeds/market/test_bars.py"),
        ("tests/js/test_scripts.py::test_script[tabs/demand: a/b]", "site"),
        ("tests/js/test_scripts.py::test_a_planted_failure[near]", "site"),
        ("tests/e2e/test_format.py::test_a", "site"),
        ("tests/sockets/test_examples.py::test_a[daphne]", "site"),
    ],
)
def test_the_fast_tier_starts_one_site_and_one_browser(nodeid: str, group: str) -> None:
    """Starting them takes longer than the few tests that it has there."""
    assert group_of(nodeid, is_fast=True) == group


# --- examples ---


@pytest.mark.parametrize(
    ("chosen", "whole", "few"),
    [("busy", 100, 60), ("fast", 20, 12)],
)
def test_the_fast_tier_tries_a_fifth_of_the_examples(chosen: str, whole: int, few: int) -> None:
    """Both of tests that say how many, and of those that do not."""
    before = settings.get_current_profile_name()
    settings.load_profile(chosen)
    try:
        assert (settings().max_examples, examples(60)) == (whole, few)
    finally:
        settings.load_profile(before)


def test_only_the_fast_tier_tries_fewer() -> None:
    """The whole suite tries all, and so do the fast tests where nothing else runs."""
    assert profile_for("not slow", is_shared=False) == "fast"
    assert {profile_for(marks, is_shared=False) for marks in ("", "slow", "shared")} == {"busy"}
    assert profile_for("not slow", is_shared=True) == "busy"


def test_browsers_turn_off_what_playwright_turns_off() -> None:
    """Our flag takes the place of Playwright's own, so it names all of that as well."""
    driver = Path(playwright.__file__).parent / "driver" / "package" / "lib" / "coreBundle.js"
    [listed] = re.findall(r"\bdisabledFeatures = \[(.*?)\]", driver.read_text(), re.DOTALL)
    named = set(re.findall(r'^ *"(\w+)"', listed, re.MULTILINE))
    assert named == set(OTHERS)
