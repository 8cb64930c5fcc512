"""The tests that concern a module: of its own folder first, then of whoever imports it."""

from pathlib import Path

import pytest

from tests.planted.concerned import Concerns, source_files
from tests.support.places import ROOT

FILES = {
    "feeds/market/board.py": "",
    "feeds/market/bars.py": "",
    "feeds/migrations/0001_initial.py": "LIMIT = 1",
    "feeds/management/commands/record.py": "",
    "dashboard/urls.py": "",
    "dashboard/settings.py": 'MIDDLEWARE = ["dashboard.pages.headers.page_headers"]',
    "dashboard/pages/headers.py": "",
    "dashboard/api/routes.py": "from dashboard.delivery.outboxes import market",
    "dashboard/delivery/outboxes/market.py": "from feeds.market.board import Board",
    "tests/feeds/market/test_bars.py": "",
    "tests/feeds/market/test_board.py": "",
    "tests/dashboard/delivery/test_hub.py": "",
    "tests/dashboard/pages/conftest.py": "from tests.support.rows import row",
    "tests/dashboard/pages/test_views.py": "",
    "tests/dashboard/api/test_rest.py": "def f():\n    from feeds.market.bars import Bar",
    "tests/dashboard/people/test_people.py": 'def f(client):\n    call_command("record", "x")',
    "tests/support/rows.py": "from feeds.market.bars import Bar",
    "tests/feeds/recordings/test_hub.py": "",
    "dashboard/servers/listening.py": "",
    "tests/laws/test_rooms.py": "",
    "tests/sockets/test_bars.py": "from feeds.market.bars import Bar",
    "static/js/market/board.js": 'import {a} from "../wire/frames.js";',
    "static/js/wire/frames.js": "",
    "static/js/pages/lab.js": 'const a = await import("../market/board.js");',
    "tests/js/harness.js": "",
    "tests/js/market/board.test.js": (
        'import {a} from "/static/js/market/board.js";\nimport {b} from "../harness.js";'
    ),
    "tests/js/pages/lab.test.js": 'const page = await opened("/static/js/pages/lab.js");',
}


def concerns_of(root: Path, files: dict[str, str]) -> Concerns:
    for name, source in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(source)
    return Concerns(root)


@pytest.fixture
def concerns(tmp_path: Path) -> Concerns:
    return concerns_of(tmp_path, FILES)


def near(concerns: Concerns, path: str) -> list[tuple[str, ...]]:
    return concerns.stages(path, is_near=True, with_slow=False)


def test_the_test_with_the_name_of_the_module_comes_first(concerns: Concerns) -> None:
    [stage] = near(concerns, "feeds/market/board.py")
    assert stage == ("tests/feeds/market/test_board.py", "tests/feeds/market/test_bars.py")


def test_then_come_those_that_import_it_also_over_fixtures(concerns: Concerns) -> None:
    """Tests with real servers are not among them."""
    [stage] = near(concerns, "feeds/market/bars.py")
    assert stage[:2] == ("tests/feeds/market/test_bars.py", "tests/feeds/market/test_board.py")
    assert set(stage[2:]) == {
        "tests/dashboard/api/test_rest.py",
        "tests/dashboard/pages/test_views.py",
    }


def test_then_come_those_of_the_modules_that_import_it(concerns: Concerns) -> None:
    stages = concerns.stages("feeds/market/board.py", is_near=False, with_slow=False)
    assert stages[1] == ("tests/dashboard/delivery/test_hub.py",)


def test_tests_of_its_name_in_another_folder_concern_it_too(concerns: Concerns) -> None:
    [stage] = near(concerns, "feeds/market/hub.py")
    assert stage[-2:] == (
        "tests/dashboard/delivery/test_hub.py",
        "tests/feeds/recordings/test_hub.py",
    )


def test_then_come_the_slow_ones_of_the_first(concerns: Concerns) -> None:
    stages = concerns.stages("feeds/market/board.py", is_near=False, with_slow=False)
    assert stages[2] == ("-m", "slow", *stages[0])


def test_then_come_those_of_whoever_imports_the_importers_and_what_concerns_all(
    concerns: Concerns,
) -> None:
    *_, last = concerns.stages("feeds/market/board.py", is_near=False, with_slow=False)
    assert last == ("tests/dashboard/api/test_rest.py", "tests/laws")


def test_a_test_that_names_a_command_or_asks_for_pages_concerns_these(concerns: Concerns) -> None:
    named = ("feeds/management/commands/record.py", "dashboard/urls.py")
    for path in (*named, "dashboard/pages/headers.py"):
        [stage] = near(concerns, path)
        assert "tests/dashboard/people/test_people.py" in stage


def test_a_folder_without_tests_has_those_of_the_folder_above(concerns: Concerns) -> None:
    path = "dashboard/delivery/outboxes/market.py"
    assert near(concerns, path) == [("tests/dashboard/delivery/test_hub.py",)]


def test_a_script_has_the_tests_of_the_scripts_that_reach_it(concerns: Concerns) -> None:
    fast, slow = near(concerns, "static/js/wire/frames.js")
    assert fast == ("tests/js/test_scripts.py", "-k", "market/board: or pages/lab:")
    assert slow == ("-m", "slow", *fast)
    assert near(concerns, "static/js/pages/lab.js")[0][-1] == "pages/lab:"


def test_a_script_has_first_the_tests_in_python_that_read_it(tmp_path: Path) -> None:
    read = 'SCRIPT = (ROOT / "static/js/market/board.js").read_text()'
    concerns = concerns_of(tmp_path, FILES | {"tests/dashboard/wire/test_twins.py": read})
    first, fast, _ = near(concerns, "static/js/market/board.js")
    assert first == ("tests/dashboard/wire/test_twins.py",)
    assert fast[0] == "tests/js/test_scripts.py"
    assert len(near(concerns, "static/js/wire/frames.js")) == 2


def test_real_servers_and_browsers_come_last_and_only_when_asked_for(concerns: Concerns) -> None:
    for path in ("feeds/market/board.py", "static/js/market/board.js"):
        stages = concerns.stages(path, is_near=False, with_slow=True)
        assert stages[:-1] == concerns.stages(path, is_near=False, with_slow=False)
        assert stages[-1][:2] == ("-m", "slow or not slow")
        assert stages[-1][2] in ("tests/sockets", "tests/e2e")


def test_migrations_are_not_planted_in() -> None:
    python, scripts = source_files(ROOT)
    assert "dashboard/delivery/hub.py" in python
    assert "static/js/market/board.js" in scripts
    assert not [path for path in python if "migrations" in path]


@pytest.mark.slow
def test_what_the_project_has_is_found() -> None:
    """The layout that the map knows is the layout that there is."""
    concerns = Concerns(ROOT)
    [stage] = near(concerns, "dashboard/delivery/pace.py")
    assert stage[0] == "tests/dashboard/delivery/test_pace.py"
    stage, _ = near(concerns, "static/js/connection/backoff.js")
    assert "connection/connection:" in stage[-1]
