"""Folders are the map: no import runs back up, no folder is too full, every name says one thing."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.laws import rooms
from tests.laws.rooms import Arrow, arrow_of, arrows_back_up, module_counts
from tests.laws.sources import ROOT, python_modules
from tests.laws.words import class_names, identifiers_of, private_words

PYTHON = python_modules()
TESTS = sorted((ROOT / "tests").rglob("*.py"))
SCRIPTS = {path.relative_to(ROOT).as_posix(): path for path in rooms.SCRIPT_ROOT.rglob("*.js")}


def test_no_arrow_runs_back_up() -> None:
    """What imports something is never imported by it, not even over others."""
    assert not arrows_back_up(rooms.python_arrows())
    assert not arrows_back_up(rooms.script_arrows())


def test_an_arrow_back_up_is_found() -> None:
    """The rule sees a circle of two and a circle over a third."""
    there, back = Arrow("feeds/bus", "feeds/market"), Arrow("feeds/market", "feeds/bus")
    assert arrows_back_up([there, back]) == [there, back]
    over = [Arrow("a", "b"), Arrow("b", "c"), Arrow("c", "a"), Arrow("a", "d")]
    assert arrows_back_up(over) == over[:3]
    assert not arrows_back_up([there, Arrow("feeds/engine", "feeds/bus")])


def test_an_arrow_runs_between_neighbours() -> None:
    """It begins and ends in the deepest folder that holds both modules."""
    hub = ROOT / "dashboard" / "delivery" / "hub.py"
    outbox = ROOT / "dashboard" / "delivery" / "outboxes" / "market.py"
    assert arrow_of(hub, ROOT / "feeds" / "clock.py") == Arrow("dashboard", "feeds")
    assert arrow_of(hub, outbox) == Arrow(
        "dashboard/delivery/hub.py", "dashboard/delivery/outboxes"
    )


def test_no_folder_holds_too_many_modules() -> None:
    """A folder that outgrows 20 modules is more than one subject."""
    counts = module_counts()
    assert not {folder: n for folder, n in counts.items() if n > rooms.MOST_MODULES}
    assert counts["feeds/market"], "the count sees no folder"


# --- words ---


def test_no_module_has_private_words() -> None:
    """Names use the words of the field: a private word needs a better one."""
    found = {name: private_words(names_of(path)) for name, path in PYTHON.items()}
    assert not {name: words for name, words in found.items() if words}
    assert found


@pytest.mark.slow
def test_no_test_has_private_words() -> None:
    """The same for the tests, which a newcomer reads to learn what the code does."""
    all_names = {path.relative_to(ROOT).as_posix(): names_of(path) for path in TESTS}
    found = {
        test: private_words(names) | names & {"one", "it"} for test, names in all_names.items()
    }
    assert not {test: words for test, words in found.items() if words}
    assert found


def names_of(path: Path) -> set[str]:
    """Return the identifiers of a module and the parts of its place."""
    return {*identifiers_of(path.read_text()), *path.relative_to(ROOT).with_suffix("").parts}


def test_no_script_has_private_words() -> None:
    """The same for the files, identifiers and CSS classes of the browser's half."""
    found = {name: private_words(names_of_script(name)) for name in SCRIPTS}
    assert not {name: words for name, words in found.items() if words}
    assert found


def names_of_script(name: str) -> set[str]:
    """Return the identifiers of a script and the parts of its place."""
    names = re.findall(r"[A-Za-z_$][\w$]*", without_prose(SCRIPTS[name].read_text()))
    return {*names, *Path(name).with_suffix("").parts}


def without_prose(source: str) -> str:
    """Return a script without comments and texts, where any word may stand."""
    return re.sub(
        r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`', " ", source, flags=re.S
    )


def test_no_style_has_private_words() -> None:
    """CSS classes and custom properties are names, too."""
    sheets = sorted((ROOT / "static" / "css").glob("*.css"))
    names = [
        name for path in sheets for name in re.findall(r"[.#][\w-]+|--[\w-]+", path.read_text())
    ]
    assert not private_words(names)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SeatClosed", {"seat"}),
        ("_is_told", {"told"}),
        ("maxSeats", {"seats"}),
        ("PAST_SHOWN", {"past"}),
        ("is-held", {"held"}),
        ("always", set()),
        ("foretold", set()),
        ("dashboard", set()),
    ],
)
def test_a_private_word_is_found_as_a_part_of_a_name(name: str, words: set[str]) -> None:
    """The rule sees every part of a name, but not parts of words."""
    assert private_words([name]) == words


def test_class_names_are_unique() -> None:
    """The name of a class says which one is meant."""
    names = Counter(
        name for path in PYTHON.values() for name in class_names(path.read_text(), "python")
    )
    scripts = Counter(
        name for path in SCRIPTS.values() for name in class_names(path.read_text(), "script")
    )
    assert not [name for name, count in names.items() if count > 1]
    assert not [name for name, count in scripts.items() if count > 1]
    assert names
    assert scripts


def test_classes_are_found_wherever_they_stand() -> None:
    """The rule sees classes in classes and in functions, but for the names that Django gives."""
    source = "class A:\n    class Meta:\n        pass\ndef f():\n    class B(A):\n        pass"
    assert class_names(source, "python") == ["A", "B"]
    assert class_names("export class A {}\nclass B extends A {}", "script") == ["A", "B"]
