"""Pure rooms know no framework, no loop, no clock and no chance, not even through another room."""

import pytest

from tests.laws.sources import Found, broken, imports_of, python_modules

MODULES = python_modules()
ROOMS = {name: path for name, path in MODULES.items() if path.name != "__init__.py"}

PURE_FOLDERS = {
    *("feeds.market", "feeds.plan", "feeds.sessions", "feeds.simulator", "feeds.realism"),
    *("dashboard.network", "dashboard.wire", "dashboard.delivery.outboxes"),
}
"""Folders whose every module is pure, but for those in NOT_PURE."""
NOT_PURE = {"feeds.plan.calendars"}
"""It reads time zones and holidays, and knows the dates of the civil calendar."""
PURE_MODULES = {
    "feeds.exceptions",
    *(
        f"feeds.engine.{name}"
        for name in (
            *("catching_up", "changed_sessions", "checkpoint", "delayed_market", "engine"),
            "feed_watch",
            *("heard_statuses", "preview", "sources", "thinning"),
        )
    ),
    "feeds.engine.virtual_clock",
    *(
        f"feeds.recordings.{name}"
        for name in ("bar_grid", "columns", "csv_import", "faults", "header", "layout")
    ),
    *(
        f"feeds.recordings.{name}"
        for name in ("likely_causes", "recognition", "replay", "state", "survey")
    ),
    *(f"feeds.recordings.{name}" for name in ("table_numbers", "table_times", "vendors")),
    "feeds.recordings.selection",
    *(f"feeds.upstream.{name}" for name in ("conditions", "inbox", "protocol", "source")),
    *("dashboard.email_url", "dashboard.exceptions"),
    *(f"dashboard.alerts.{name}" for name in ("forecast", "gauges", "judge", "measures")),
    "dashboard.alerts.recorded_forecast",
    *("dashboard.alerts.rules", "dashboard.alerts.windows", "dashboard.alerts.wording"),
    *(f"dashboard.protocol.{name}" for name in ("asyncapi", "examples", "tables", "texts")),
    "dashboard.people.access",
    *("dashboard.reaching.public_addresses", "dashboard.reaching.retries"),
    *(f"dashboard.delivery.{name}" for name in ("bar_texts", "command_checks", "news", "pace")),
    *(f"dashboard.delivery.{name}" for name in ("replica", "saving", "subscriber")),
    *(f"dashboard.delivery.{name}" for name in ("market_view", "traffic")),
    *(f"dashboard.process.{name}" for name in ("histogram", "refusal_reasons", "token_bucket")),
    "dashboard.loadtest.reader",
    *(f"dashboard.servers.{name}" for name in ("framing", "header_bytes")),
    *(f"dashboard.servers.{name}" for name in ("deadlines", "limits", "refusals", "uploads")),
}
"""Pure modules of folders that also hold modules which are not."""


def is_pure(name: str) -> bool:
    """Say whether a module has to be pure, by its folder or by its own name."""
    if name in NOT_PURE:
        return False
    return name in PURE_MODULES or any(name.startswith(f"{folder}.") for folder in PURE_FOLDERS)


PURE = {name for name in ROOMS if is_pure(name)}
IMPURE = {
    *("django", "channels", "channels_redis", "asgiref", "redis", "twisted", "daphne"),
    *("asyncio", "threading", "concurrent", "multiprocessing", "subprocess", "socket"),
    *("time", "datetime", "random", "secrets", "uuid", "os", "pathlib", "numpy.random"),
}
TYPES_OF_TIME = {"feeds.clock.Moment"}
"""What a pure room may take from the clock's room: the type of an argument, never the clock."""


def impurities(source: str) -> list[Found]:
    """Return the imports that a pure room must not have."""
    found = []
    for imported in imports_of(source):
        is_ours = imported.reaches("feeds") or imported.reaches("dashboard")
        is_pure_room = imported.full in PURE or imported.module in PURE
        if is_ours and not is_pure_room and imported.full not in TYPES_OF_TIME:
            found.append(Found(imported.line, f"imports {imported.full}, which is not pure"))
        if any(imported.reaches(package) for package in IMPURE):
            found.append(Found(imported.line, f"imports {imported.full}"))
    return found


def test_every_pure_place_is_there() -> None:
    """A folder or module that moved takes its rule along."""
    stale = (PURE_MODULES | NOT_PURE) - ROOMS.keys()
    empty = {f for f in PURE_FOLDERS if not any(name.startswith(f"{f}.") for name in ROOMS)}
    assert not stale | empty, f"not in the house: {sorted(stale | empty)}"


def test_a_pure_room_stays_pure() -> None:
    """A pure room knows no framework, no loop, no clock and no chance, not even through another."""
    assert not set(PURE) - set(ROOMS), "some are in PURE but not in the house"
    found = broken(impurities, [ROOMS[name] for name in sorted(PURE)])
    assert not found, found


@pytest.mark.parametrize(
    "planted",
    [
        "import time",
        "import os.path",
        "from datetime import UTC",
        "from django.db import models",
        "import asyncio",
        "def late():\n    import random",
        "from numpy import random",
        "from feeds.clock import SystemClock",
        "from feeds import clock",
        "from feeds.models import Feed",
    ],
)
def test_an_impure_import_is_found(planted: str) -> None:
    """The rule sees time, chance, frameworks and rooms that have them."""
    assert impurities(planted)


def test_the_type_of_a_moment_is_pure() -> None:
    """A pure room may say that it is given a moment."""
    assert not impurities("from feeds.clock import Moment\nimport hashlib\nimport msgspec")
