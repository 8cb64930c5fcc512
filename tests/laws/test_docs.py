"""The documents tell the truth: each path, link, command, address and setting they name exists."""

import ast
import re
from dataclasses import asdict
from itertools import chain
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand, DjangoHelpFormatter
from django.urls import resolve

from dashboard.api.responses import no_endpoint
from dashboard.api.udf import no_udf_endpoint
from dashboard.servers.limits import LIMITS
from tests.support.documents import document, table
from tests.support.places import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
README_LINES = 150
SETTINGS = ROOT / "dashboard" / "settings.py"
SOURCES = {"feeds": "py", "dashboard": "py", "static/js": "js"}

# --- reading documents ---

CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
PATH = re.compile(
    r"(?<![\w/.:~-])(?:feeds|dashboard|static|templates|tests|docs|\.ci|\.github)/[\w./-]*"
)
ADDRESS = re.compile(r"/(?:api/v1|udf)/[a-z][a-z.]*[a-z]")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([\w-]+))?\)")
COMMAND = re.compile(r"manage\.py (\w+)([^\n`#&|]*)")
OPTION = re.compile(r"(?<!\S)--[a-z][\w-]*")


def missing_paths(text: str) -> list[str]:
    """Return the paths of the project that a text names as code, and that do not exist."""
    named = chain.from_iterable(PATH.findall(code) for code in CODE.findall(text))
    return sorted({path for path in named if not (ROOT / path.rstrip(".")).exists()})


def broken_links(path: Path, text: str) -> list[str]:
    """Return the links of a document to files or headings that do not exist."""
    return [
        f"{target}#{anchor}" if anchor else target
        for target, anchor in LINK.findall(text)
        if not is_there(path.parent / target if target else path, anchor)
    ]


def is_there(file: Path, anchor: str) -> bool:
    """Say whether a file exists, and the anchor in it if there is to be one."""
    return file.exists() and (not anchor or anchor in anchors(file.read_text()))


def anchors(text: str) -> set[str]:
    """Return the names by which links reach the headings of a text."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def wrong_commands(text: str) -> list[str]:
    """Return the management commands that do not exist, or have no such option."""
    return list(chain.from_iterable(faults(*call) for call in COMMAND.findall(text)))


def faults(name: str, arguments: str) -> list[str]:
    """Return what is wrong with one call of a management command."""
    if name not in get_commands():
        return [name]
    return [f"{name} {flag}" for flag in OPTION.findall(arguments) if flag not in options(name)]


def options(name: str) -> set[str]:
    """Return the options of a management command, without those that all commands have."""
    ours = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    shared = BaseCommand().create_parser("manage.py", name, formatter_class=DjangoHelpFormatter)
    return set(ours._option_string_actions) - set(shared._option_string_actions)


# --- every document ---


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_only_what_exists(path: Path) -> None:
    """A file that moves takes its mentions along."""
    text = path.read_text()
    assert not missing_paths(text)
    assert not broken_links(path, text)
    assert not wrong_commands(text)


def test_a_path_that_does_not_exist_is_found() -> None:
    """Code in lines and in blocks is read; plain words, addresses and data are not."""
    text = "`feeds/nowhere.py` `feeds/` /api/v1/docs/nowhere\n```\ntests/nowhere/\n```\n`data/x`"
    assert missing_paths(text) == ["feeds/nowhere.py", "tests/nowhere/"]


def test_a_link_that_leads_nowhere_is_found() -> None:
    """Files and headings are looked up; other sites are not."""
    text = "# A b\n[x](nowhere.md) [x](#a-b) [x](#c) [x](README.md#start) [x](https://a.org/b)"
    assert broken_links(ROOT / "README.md", text) == ["nowhere.md", "#a-b", "#c"]


def test_a_command_that_does_not_exist_is_found() -> None:
    """Commands and their options are looked up where Django finds them."""
    text = "manage.py nothing\nmanage.py demo --port 0 --nowhere\nmanage.py token viewer"
    assert wrong_commands(text) == ["nothing", "demo --nowhere"]


def test_readme_is_short() -> None:
    """README leads to the documents; it does not hold them."""
    assert len((ROOT / "README.md").read_text().splitlines()) <= README_LINES


# --- tables that must be whole ---


def test_the_architecture_names_every_room() -> None:
    """The picture is the map: a new folder gets its line."""
    rooms = {
        f"{parent}/{file.relative_to(ROOT / parent).parts[0]}/"
        for parent, suffix in SOURCES.items()
        for file in (ROOT / parent).glob(f"*/**/*.{suffix}")
    }
    assert rooms <= set(PATH.findall(document("architecture.md")))


def test_operations_lists_every_option_of_demo() -> None:
    listed = {row[0].split()[0] for row in table(document("operations.md"), "option of `demo`")}
    assert listed == options("demo")


def test_operations_lists_every_setting() -> None:
    listed = {row[0]: row[1:3] for row in table(document("operations.md"), "setting")}
    read = settings_read(SETTINGS.read_text())
    assert listed.keys() == read.keys()
    numbers = {name: facts for name, facts in read.items() if facts}
    assert {name: listed[name] for name in numbers} == numbers


def test_operations_lists_every_limit() -> None:
    listed = {row[0]: float(row[1]) for row in table(document("operations.md"), "limit")}
    assert listed == asdict(LIMITS)


def settings_read(source: str) -> dict[str, list[str]]:
    """Return the environment variables a module reads; of numbers the default and the range."""
    read: dict[str, list[str]] = {}
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        match ast.unparse(call.func), call.args:
            case "_number", [ast.Constant(value=str(name)), ast.Constant(value=default)]:
                low, high = (ast.literal_eval(keyword.value) for keyword in call.keywords)
                read[name] = [f"{default}", f"{low} to {high}"]
            case "os.environ.get", [ast.Constant(value=str(name)), *_]:
                read.setdefault(name, [])
    return read


def test_a_setting_is_read_with_its_range() -> None:
    """The reader sees numbers, texts and flags."""
    source = 'A = int(_number("A", 5, low=1, high=10_000))\nB = os.environ.get("B", "") == "1"'
    assert settings_read(source) == {"A": ["5", "1 to 10000"], "B": []}


@pytest.mark.parametrize("row", table(document("rest.md"), "address"), ids=lambda row: row[0])
def test_an_address_of_rest_has_an_endpoint(row: list[str]) -> None:
    assert has_endpoint(row[0].split("?")[0])


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.name)
def test_every_address_of_rest_in_the_docs_has_an_endpoint(page: Path) -> None:
    named = set(ADDRESS.findall(page.read_text()))
    assert {address for address in named if not has_endpoint(address)} == set()


def has_endpoint(address: str) -> bool:
    return resolve(address).func.__name__ not in {no_endpoint.__name__, no_udf_endpoint.__name__}


@pytest.mark.parametrize("address", ["/api/v1/nowhere", "/udf/nowhere"])
def test_an_address_without_an_endpoint_is_found(address: str) -> None:
    """The table of addresses can be wrong."""
    assert not has_endpoint(address)
