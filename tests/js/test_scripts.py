"""Every test of the browser's scripts, in a real browser; and that none can fail unseen."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext

from tests.support.people import People, close
from tests.support.scripts import (
    FOLDER,
    ScriptPage,
    ScriptTest,
    module_of,
    opens_pages,
    registered_in,
    script_files,
)
from tests.support.served import Served

FILES = script_files()
TESTS = [
    pytest.param(test, marks=pytest.mark.slow if opens_pages(source) else (), id=str(test))
    for file, source in ((file, (FOLDER / file).read_text()) for file in FILES)
    for test in registered_in(file, source)
]


@pytest.fixture(scope="module")
def context(people: People) -> Iterator[BrowserContext]:
    """A browser in which nobody is signed in."""
    context = people.context(None)
    yield context
    close(context)


@pytest.fixture(scope="module")
def open_scripts(context: BrowserContext, served: Served) -> Callable[[], ScriptPage]:
    """Open a page for files of tests."""
    return lambda: ScriptPage(context.new_page(), f"{served.url}accounts/login/")


@pytest.fixture(scope="module")
def scripts(open_scripts: Callable[[], ScriptPage]) -> ScriptPage:
    """The page of all files, each of which is loaded once for all its tests."""
    return open_scripts()


@pytest.mark.parametrize("test", TESTS)
def test_script(scripts: ScriptPage, test: ScriptTest) -> None:
    wrong = scripts.run(test)
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_a_file_of_tests_is_for_a_script_of_the_same_place_and_registers_tests(file: str) -> None:
    assert module_of(file).is_file()
    assert registered_in(file, (FOLDER / file).read_text())


# --- the harness itself ---

IMPORT = 'import {each, equal, near, test, throws} from "./harness.js";\n'
PLANTED = "planted.test.js"
FAILING = {
    "equal": "equal({a: [1]}, {a: [2]});",
    "undefined is not null": "equal({a: undefined}, {a: null});",
    "a missing key": "equal({}, {a: null});",
    "near": "near(1.1, 1);",
    "throws nothing": 'throws(() => {}, "Error: x");',
    "one case of many": "return each([1, 2], (item) => equal(item, 1));",
    "no case": "return each([], () => {});",
    "a rejected promise": 'await Promise.reject(new Error("planted"));',
    "an unhandled rejection": 'Promise.reject(new Error("planted"));',
    "an uncaught error": 'setTimeout(() => { throw new Error("planted"); });',
    "console.error": 'console.error("planted");',
    "a breach of the policy": 'document.body.setAttribute("style", "color: red");',
}


@pytest.fixture(scope="module")
def planted(open_scripts: Callable[[], ScriptPage]) -> ScriptPage:
    """A file of tests that all fail, but for the last."""
    tests = [f'test("{name}", async () => {{ {body} }});' for name, body in FAILING.items()]
    source = "\n".join([IMPORT, *tests, 'test("passes", () => equal(1, 1));'])
    return plant(open_scripts(), source)


def plant(page: ScriptPage, source: str) -> ScriptPage:
    """Load a file of tests that exists on this page alone."""
    page.serve(PLANTED, source)
    page.load(PLANTED, source)
    return page


@pytest.mark.parametrize("name", FAILING)
def test_a_planted_failure_is_seen_and_fails_no_other(planted: ScriptPage, name: str) -> None:
    assert planted.run(ScriptTest(PLANTED, name))
    assert planted.run(ScriptTest(PLANTED, "passes")) == []


def test_a_test_that_is_not_registered_fails(planted: ScriptPage) -> None:
    assert planted.run(ScriptTest(PLANTED, "nobody")) == ["no test is named: nobody"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", "registers no test"),
        ('  test("hidden by its indentation", () => {});\n', "registers other tests"),
        ('test("a", () => {});\ntest("a", () => {});\n', "two tests are named"),
        ('test("a", () => {});\nconsole.error("planted");\n', "complains"),
        ('test("a", () => {});\nPromise.reject(new Error("planted"));\n', "complains"),
        ('test("a", () => {});\nthrow new Error("planted");\n', "planted"),
        ('import {none} from "./harness.js";\ntest("a", () => {});\n', "none"),
        ('import "./nowhere.js";\ntest("a", () => {});\n', "import"),
    ],
)
def test_a_file_that_loads_wrongly_is_seen(
    open_scripts: Callable[[], ScriptPage], source: str, said: str
) -> None:
    page = open_scripts()
    with pytest.raises(Exception, match=said):
        plant(page, IMPORT + source)
