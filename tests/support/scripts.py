"""Run the tests of the browser's scripts: real files in tests/js, on a page of the real site.

The site's own content security policy applies. The server of the tests has these files as well
(`census_server.py`); if Playwright answered for them, the browser would cache no file at all.
"""

import re
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page

from tests.support.places import ROOT

FOLDER = ROOT / "tests" / "js"
PREFIX = "/tests/js/"
REGISTERED = re.compile(r'^test\(\s*"(?P<name>[^"\\\n]+)",', re.MULTILINE)
"""How a test is registered: at the beginning of a line, with its name in double quotes."""
PAGE_OPENERS = re.compile(r"""from "\./(?:page_frame|market)\.js\"""")
"""What a file of tests imports to open a page of the site."""

LOAD = """async (file) => {
  const harness = await import("/tests/js/harness.js");
  return harness.load(file);
}"""
RUN = """async ([file, name]) => {
  const harness = await import("/tests/js/harness.js");
  return harness.run(file, name);
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


def opens_pages(source: str) -> bool:
    """Say whether a file of tests opens pages of the site, which takes longer."""
    return PAGE_OPENERS.search(source) is not None


class ScriptPage:
    """A page of the site in which files of tests are loaded, and everything that it complained of.

    The files of a folder share a document, because the browser takes long to open one.
    """

    def __init__(self, page: Page, url: str) -> None:
        self._page = page
        self._url = url
        self._folder = ""
        self._loaded: set[str] = set()
        self._complaints: list[str] = []
        page.on("console", lambda message: message.type == "error" and self._hear(message.text))
        page.on("pageerror", lambda error: self._hear(str(error)))

    def serve(self, file: str, source: str) -> None:
        """Give the page a file that is not in tests/js."""
        answer = {"body": source, "content_type": "text/javascript"}
        self._page.route(f"**{PREFIX}{file}", lambda route: route.fulfill(**answer))

    def load(self, file: str, source: str) -> None:
        """Load a file of tests, in a new document if the last file was of another folder.

        Raises:
            AssertionError: the file complains, or registers other tests than its text shows.
        """
        folder = f"{PREFIX}{file}".rpartition("/")[0]
        if folder != self._folder:
            self._open(folder)
        found = [test.name for test in registered_in(file, source)]
        registered = self._page.evaluate(LOAD, PREFIX + file)
        assert registered, f"{file} registers no test"
        assert registered == found, f"{file} registers other tests than its text shows"
        assert self._taken() == [], f"{file} complains while it is loaded"
        self._loaded.add(file)

    def run(self, test: ScriptTest) -> list[str]:
        """Run a test and return what is wrong, one text each; its file is loaded if need be."""
        if test.file not in self._loaded:
            self.load(test.file, (FOLDER / test.file).read_text())
        wrong: list[str] = self._page.evaluate(RUN, [PREFIX + test.file, test.name])
        return wrong + [text for text in self._taken() if text not in "\n".join(wrong)]

    def _open(self, folder: str) -> None:
        """Open a document that runs no script of ours by itself."""
        self._page.goto(self._url, wait_until="domcontentloaded")
        self._folder, self._loaded, self._complaints = folder, set(), []

    def _hear(self, text: str) -> None:
        self._complaints.append(text)

    def _taken(self) -> list[str]:
        """Return the complaints so far; the question makes the browser report all of them first."""
        self._page.evaluate("() => new Promise((resolve) => setTimeout(resolve))")
        complaints, self._complaints = self._complaints, []
        return complaints


def module_of(file: str) -> Path:
    """Return the script that a file of tests is for, by its place and name."""
    return ROOT / "static" / "js" / file.replace(".test.js", ".js")
