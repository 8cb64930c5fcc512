"""Run the tests of the browser's scripts: real files in tests/js, on a page of the real site.

The site's own content security policy applies. Playwright answers the requests for these files,
so the server never sees them.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page, Route

from tests.support.places import ROOT

FOLDER = ROOT / "tests" / "js"
PREFIX = "/tests/js/"
REGISTERED = re.compile(r'^test\(\s*"(?P<name>[^"\\\n]+)",', re.MULTILINE)
"""How a test is registered: at the beginning of a line, with its name in double quotes."""

LOAD = """async (file) => {
  const harness = await import("/tests/js/harness.js");
  await import(file);
  return harness.names();
}"""
RUN = """async (name) => {
  const harness = await import("/tests/js/harness.js");
  return harness.run(name);
}"""


class ScriptTest(NamedTuple):
    """A test of a script: its file below tests/js, and its name."""

    file: str
    name: str

    def __str__(self) -> str:
        return f"{self.file.removesuffix('.test.js')}: {self.name}"


def script_files() -> list[str]:
    """Return all files of tests, relative to tests/js."""
    return sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.test.js"))


def registered_in(file: str, source: str) -> list[ScriptTest]:
    """Return the tests that a file registers."""
    return [ScriptTest(file, found["name"]) for found in REGISTERED.finditer(source)]


class ScriptPage:
    """A page that has loaded one file of tests, and everything that it complained of.

    Raises:
        AssertionError: the file complains, or registers other tests than its text shows.
    """

    def __init__(self, page: Page, file: str, *, extra: Mapping[str, str] | None = None) -> None:
        self._page = page
        self._complaints: list[str] = []
        self._extra = dict(extra or {})
        page.route(f"**{PREFIX}**", self._serve)
        page.on("console", lambda message: message.type == "error" and self._hear(message.text))
        page.on("pageerror", lambda error: self._hear(str(error)))
        found = [test.name for test in registered_in(file, self._source(file))]
        registered = page.evaluate(LOAD, PREFIX + file)
        assert registered, f"{file} registers no test"
        assert registered == found, f"{file} registers other tests than its text shows"
        assert self._taken() == [], f"{file} complains while it is loaded"

    def run(self, name: str) -> list[str]:
        """Run a test and return what is wrong, one text each."""
        wrong: list[str] = self._page.evaluate(RUN, name)
        return wrong + [text for text in self._taken() if text not in "\n".join(wrong)]

    def _hear(self, text: str) -> None:
        self._complaints.append(text)

    def _taken(self) -> list[str]:
        """Return the complaints so far; the question makes the browser report all of them first."""
        self._page.evaluate("() => new Promise((resolve) => setTimeout(resolve))")
        complaints, self._complaints = self._complaints, []
        return complaints

    def _source(self, file: str) -> str:
        return self._extra.get(file) or (FOLDER / file).read_text()

    def _serve(self, route: Route) -> None:
        file = route.request.url.partition(PREFIX)[2]
        is_known = file in self._extra or (FOLDER / file).is_file()
        if not is_known:
            route.fulfill(status=404, body="no such file of tests")
            return
        route.fulfill(body=self._source(file), content_type="text/javascript")


def module_of(file: str) -> Path:
    """Return the script that a file of tests is for, by its place and name."""
    return ROOT / "static" / "js" / file.replace(".test.js", ".js")
