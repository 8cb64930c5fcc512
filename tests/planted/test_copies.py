"""A planted fault is noticed by the test that is about it, in a copy and not where it was found."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from tests.planted.concerned import Concerns
from tests.planted.copies import Outcome, Tree, compile_by_hash
from tests.planted.forked_tests import MEMORY_BYTES
from tests.planted.python_faults import python_faults
from tests.support.leftovers import is_alive
from tests.support.places import ROOT
from tests.support.waiting import wait_until

SOURCE = "def is_late(age_ms: int) -> bool:\n    return age_ms > 100\n"
TEST = (
    "from feeds.clock.late import is_late\n"
    "def test_an_age_beyond_the_limit_is_late():\n    assert is_late(150)\n"
    "def test_an_age_within_the_limit_is_not():\n    assert not is_late(50)\n"
)
CONFTEST = (
    "import pytest\n"
    "from hypothesis import settings\n"
    "settings.register_profile('busy')\n"
    "def pytest_runtest_logreport(report):\n"
    "    if report.failed:\n        print(f'\\n{report.nodeid} failed ({report.when})')\n"
)
BEYOND = "tests/feeds/clock/test_late.py::test_an_age_beyond_the_limit_is_late"
pytestmark = pytest.mark.slow

FILES = {
    "feeds/clock/late.py": SOURCE,
    "tests/conftest.py": CONFTEST,
    "tests/feeds/clock/test_late.py": TEST,
    "pyproject.toml": (
        '[tool.pytest.ini_options]\npythonpath = ["."]\naddopts = "-s --import-mode=importlib"\n'
        'markers = ["slow"]\n'
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    for name, source in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(source)
    compile_by_hash(folder)
    return folder


def outcomes(folder: Path, *, with_forks: bool = False) -> dict[str, Outcome]:
    """Plant every fault of the module, and return what became of each, by kind."""
    path = "feeds/clock/late.py"
    tree = Tree(folder, limit_s=60, with_forks=with_forks)
    stages = Concerns(folder).stages(path, is_near=False, with_slow=False)
    try:
        return {fault.kind: tree.tried(fault, stages) for fault in python_faults(path, SOURCE)}
    finally:
        tree.end()


@pytest.fixture
def forking(folder: Path) -> Path:
    """The folder, with the plugin that tries faults in forks."""
    place = folder / "tests/planted"
    place.mkdir()
    for name in ("forked_tests.py", "new_code.py"):
        shutil.copy2(ROOT / "tests/planted" / name, place)
    return folder


def test_a_fault_is_noticed_in_a_fork_by_the_same_test(forking: Path) -> None:
    found = outcomes(forking, with_forks=True)
    assert found["comparison turned"][:2] == ("noticed", BEYOND)
    assert {kind for kind, outcome in found.items() if outcome.verdict == "survived"} == {
        "boundary moved",
        "number changed",
    }


def test_a_test_that_fails_anyway_notices_nothing_in_a_fork(forking: Path) -> None:
    failing = "def test_that_always_fails():\n    assert False\n"
    (forking / "tests/feeds/clock/test_late.py").write_text(failing + TEST)
    assert outcomes(forking, with_forks=True)["comparison turned"].by == BEYOND


def test_tests_that_cannot_be_collected_are_an_error_of_the_forks(forking: Path) -> None:
    (forking / "tests/feeds/clock/test_late.py").write_text("import nowhere\n")
    with pytest.raises(RuntimeError, match="nowhere"):
        outcomes(forking, with_forks=True)


def test_a_fault_is_noticed_by_the_test_about_it_and_survives_without(folder: Path) -> None:
    found = outcomes(folder)
    assert {kind: outcome.verdict for kind, outcome in found.items()} == {
        "comparison turned": "noticed",
        "boundary moved": "survived",
        "number changed": "survived",
        "result replaced": "noticed",
    }
    assert found["comparison turned"].by == BEYOND
    assert (folder / "feeds/clock/late.py").read_text() == SOURCE


def test_a_test_that_fails_anyway_notices_nothing(folder: Path) -> None:
    failing = "def test_that_always_fails():\n    assert False\n"
    (folder / "tests/feeds/clock/test_late.py").write_text(failing + TEST)
    found = outcomes(folder)
    assert found["comparison turned"][:2] == ("noticed", BEYOND)
    assert found["number changed"].verdict == "survived"


def test_a_fault_cannot_fill_the_memory(folder: Path) -> None:
    lines = [
        "from feeds.clock.late import is_late",
        "def test_that_fills():",
        f"    assert bytearray({MEMORY_BYTES} * (not is_late(150)) + 1)",
    ]
    (folder / "tests/feeds/clock/test_late.py").write_text("\n".join(lines))
    found = outcomes(folder)
    assert found["comparison turned"].by == "tests/feeds/clock/test_late.py::test_that_fills"
    assert found["number changed"].verdict == "survived"


@pytest.mark.parametrize("with_forks", [False, True])
def test_tests_that_run_can_be_ended(forking: Path, with_forks: bool) -> None:
    began = forking / "began"
    hanging = (
        "import os\n"
        "import feeds.clock.late\n"
        "def test_that_hangs():\n"
        f"    with open({str(began)!r}, 'w') as began:\n        began.write(str(os.getpid()))\n"
        "    while True: pass\n"
    )
    (forking / "tests/feeds/clock/test_late.py").write_text(hanging)
    path = "feeds/clock/late.py"
    tree = Tree(forking, limit_s=60, with_forks=with_forks)
    stages = Concerns(forking).stages(path, is_near=False, with_slow=False)
    with ThreadPoolExecutor(1) as pool:
        trying = pool.submit(tree.tried, python_faults(path, SOURCE)[0], stages)
        wait_until(lambda: began.exists() and began.read_text())
        hanging_test = psutil.Process(int(began.read_text()))
        tree.end()
        with pytest.raises(RuntimeError, match=r"tests (were )?ended"):
            trying.result(timeout=30)
    wait_until(lambda: not is_alive(hanging_test))
    assert (forking / path).read_text() == SOURCE
    with pytest.raises(RuntimeError, match="the tests were ended"):
        tree.tried(python_faults(path, SOURCE)[0], stages)
