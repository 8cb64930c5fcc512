"""A room imports only rooms of lower rank, and the pure rooms know no framework and no clock."""

import pytest

from tests.laws.sources import Found, imports_of, python_modules, told

MODULES = python_modules()
ROOMS = {name: path for name, path in MODULES.items() if path.name != "__init__.py"}
PACKAGES = {name: path for name, path in MODULES.items() if path.name == "__init__.py"}
EXEMPT = {"dashboard.settings"}
"""Read by Django before anything else, imported by nobody."""

RANKS = {
    "feeds.exceptions": 0,
    "feeds.clock": 0,
    "feeds.instruments": 1,
    "feeds.randomness": 1,
    "feeds.validators": 0,
    "feeds.schedules": 1,
    "feeds.calendars": 2,
    "feeds.events": 2,
    "feeds.plans": 3,
    "feeds.sessions.bands": 2,
    "feeds.sessions.breakers": 3,
    "feeds.sessions.auctions": 3,
    "feeds.sessions.phases": 4,
    "feeds.sessions.days": 3,
    "feeds.sessions.gates": 4,
    "feeds.sessions.told": 4,
    "feeds.sessions.session": 5,
    "feeds.interventions.effects": 2,
    "feeds.interventions.preview": 5,
    "feeds.interventions.models": 4,
    "feeds.interventions.services": 8,
    "feeds.interventions.admin": 10,
    "feeds.paths": 2,
    "feeds.shapes": 2,
    "feeds.quoting": 3,
    "feeds.realism": 3,
    "feeds.observing": 4,
    "feeds.bars": 3,
    "feeds.history": 5,
    "feeds.simulator": 4,
    "feeds.exchange": 4,
    "feeds.board": 4,
    "feeds.tape": 4,
    "feeds.delays": 4,
    "feeds.engine": 6,
    "feeds.virtual": 7,
    "feeds.packing": 5,
    "feeds.fingerprint": 3,
    "feeds.timestamps": 1,
    "feeds.grids": 2,
    "feeds.replay": 4,
    "feeds.sources": 7,
    "feeds.upstream.dialect": 3,
    "feeds.upstream.intake": 3,
    "feeds.upstream.source": 4,
    "feeds.upstream.connection": 6,
    "feeds.recordings.columns": 3,
    "feeds.recordings.heading": 4,
    "feeds.recordings.models": 4,
    "feeds.recordings.tables": 4,
    "feeds.recordings.excerpt": 5,
    "feeds.recordings.writing": 5,
    "feeds.recordings.reading": 6,
    "feeds.recordings.opening": 7,
    "feeds.recordings.recorder": 8,
    "feeds.recordings.services": 8,
    "feeds.recordings.admin": 10,
    "feeds.catalogues.tables": 2,
    "feeds.catalogues.comparison": 7,
    "feeds.catalogues.services": 8,
    "feeds.catalogues.pages": 10,
    "feeds.archive.rows": 4,
    "feeds.archive.services": 7,
    "feeds.archive.selectors": 7,
    "feeds.archive.keeper": 8,
    "feeds.models": 5,
    "feeds.selectors": 7,
    "feeds.records": 7,
    "feeds.redis_link": 5,
    "feeds.bus": 7,
    "feeds.control": 6,
    "feeds.audit": 6,
    "feeds.changes": 7,
    "feeds.services": 8,
    "feeds.redis_writer": 8,
    "feeds.redis_bus": 9,
    "feeds.runner": 9,
    "feeds.operating": 9,
    "feeds.undoing": 9,
    "feeds.admin": 11,
    "feeds.apps": 10,
    "dashboard.exceptions": 12,
    "dashboard.supervision": 12,
    "dashboard.checks": 12,
    "dashboard.apps": 13,
    "dashboard.models": 13,
    "dashboard.wire.registry": 14,
    "dashboard.wire.commands": 15,
    "dashboard.wire.personal": 15,
    "dashboard.wire.frames": 15,
    "dashboard.wire.questions": 16,
    "dashboard.wire.shapes": 16,
    "dashboard.wire.tapeshapes": 17,
    "dashboard.wire.deck": 17,
    "dashboard.wire.examples": 18,
    "dashboard.wire.guide": 16,
    "dashboard.wire.replies": 18,
    "dashboard.asyncapi": 19,
    "dashboard.reference": 20,
    "dashboard.reader": 16,
    "dashboard.access": 14,
    "dashboard.sight": 16,
    "dashboard.allowance": 16,
    "dashboard.pace": 16,
    "dashboard.deck.outbox": 15,
    "dashboard.deck.traffic": 15,
    "dashboard.deck.report": 25,
    "dashboard.deck.watch": 26,
    "dashboard.deck.forms": 26,
    "dashboard.deck.examiner": 15,
    "dashboard.deck.certificate": 27,
    "dashboard.deck.answers": 26,
    "dashboard.deck.interventions": 27,
    "dashboard.deck.pages": 27,
    "dashboard.deck.routes": 28,
    "dashboard.personal": 16,
    "dashboard.bartexts": 16,
    "dashboard.replica": 17,
    "dashboard.barsoutbox": 19,
    "dashboard.outbox": 18,
    "dashboard.refusals": 20,
    "dashboard.subscriber": 21,
    "dashboard.meter": 20,
    "dashboard.selectors": 20,
    "dashboard.services": 21,
    "dashboard.identity": 21,
    "dashboard.eager": 21,
    "dashboard.seat": 22,
    "dashboard.hub": 23,
    "dashboard.display": 24,
    "dashboard.transports.line": 24,
    "dashboard.transports.http": 25,
    "dashboard.transports.websocket": 26,
    "dashboard.transports.sse": 26,
    "dashboard.transports.poll": 26,
    "dashboard.forms": 26,
    "dashboard.api.shapes": 13,
    "dashboard.api.charts": 24,
    "dashboard.api.entrance": 26,
    "dashboard.api.rest": 27,
    "dashboard.api.udf": 28,
    "dashboard.views": 27,
    "dashboard.developers": 27,
    "dashboard.admin": 27,
    "dashboard.accounts": 27,
    "dashboard.runtime": 28,
    "dashboard.urls": 29,
    "dashboard.asgi": 30,
    "dashboard.servers.framing": 15,
    "dashboard.servers.daphne": 29,
    "dashboard.servers.uvicorn": 29,
    "dashboard.servers.listening": 30,
    "dashboard.loadtest.plan": 30,
    "dashboard.loadtest.clients": 31,
    "dashboard.loadtest.run": 32,
    "dashboard.management.ranges": 32,
    "dashboard.management.commands.runserver": 33,
    "dashboard.management.commands.demo": 33,
    "dashboard.management.commands.serve": 33,
    "dashboard.management.commands.loadtest": 33,
    "dashboard.management.commands.runfeed": 31,
    "dashboard.management.commands.token": 33,
    "dashboard.management.commands.record": 33,
    "dashboard.management.commands.market_tape": 33,
    "dashboard.management.commands.import_recording": 33,
}

PURE = {
    "feeds.exceptions",
    "feeds.instruments",
    "feeds.randomness",
    "feeds.schedules",
    "feeds.events",
    "feeds.interventions.effects",
    "feeds.interventions.preview",
    "feeds.plans",
    "feeds.sessions.bands",
    "feeds.sessions.breakers",
    "feeds.sessions.auctions",
    "feeds.sessions.phases",
    "feeds.sessions.days",
    "feeds.sessions.gates",
    "feeds.sessions.session",
    "feeds.sessions.told",
    "feeds.paths",
    "feeds.shapes",
    "feeds.quoting",
    "feeds.realism",
    "feeds.observing",
    "feeds.simulator",
    "feeds.exchange",
    "feeds.bars",
    "feeds.history",
    "feeds.board",
    "feeds.tape",
    "feeds.delays",
    "feeds.engine",
    "feeds.virtual",
    "feeds.packing",
    "feeds.fingerprint",
    "feeds.timestamps",
    "feeds.grids",
    "feeds.replay",
    "feeds.sources",
    "feeds.upstream.dialect",
    "feeds.upstream.intake",
    "feeds.upstream.source",
    "feeds.recordings.columns",
    "feeds.recordings.heading",
    "feeds.recordings.tables",
    "feeds.recordings.excerpt",
    "dashboard.exceptions",
    "dashboard.wire.registry",
    "dashboard.wire.commands",
    "dashboard.wire.personal",
    "dashboard.wire.frames",
    "dashboard.wire.questions",
    "dashboard.wire.shapes",
    "dashboard.wire.tapeshapes",
    "dashboard.wire.deck",
    "dashboard.deck.outbox",
    "dashboard.deck.traffic",
    "dashboard.wire.examples",
    "dashboard.wire.guide",
    "dashboard.wire.replies",
    "dashboard.asyncapi",
    "dashboard.reference",
    "dashboard.reader",
    "dashboard.access",
    "dashboard.sight",
    "dashboard.allowance",
    "dashboard.pace",
    "dashboard.servers.framing",
    "dashboard.personal",
    "dashboard.bartexts",
    "dashboard.barsoutbox",
    "dashboard.replica",
    "dashboard.outbox",
    "dashboard.refusals",
    "dashboard.subscriber",
}
IMPURE = {
    *("django", "channels", "channels_redis", "asgiref", "redis", "twisted", "daphne"),
    *("asyncio", "threading", "concurrent", "multiprocessing", "subprocess", "socket"),
    *("time", "datetime", "random", "secrets", "uuid", "os", "pathlib", "numpy.random"),
}
TYPES_OF_TIME = {"feeds.clock.Moment"}
"""What a pure room may take from the clock's room: the type of an argument, never the clock."""


def rank_breaches(name: str, source: str, ranks: dict[str, int] = RANKS) -> list[Found]:
    """Return the imports of a module that do not go down."""
    found = []
    for one in imports_of(source):
        if one.module.startswith("."):
            found.append(Found(one.line, f"imports {one.full} relatively, say the full name"))
            continue
        if not (one.reaches("feeds") or one.reaches("dashboard")):
            continue
        target = one.full if one.full in ranks else one.module
        if target not in ranks:
            found.append(Found(one.line, f"imports {one.full}, which has no rank"))
        elif ranks[target] >= ranks[name]:
            steps = f"rank {ranks[name]} imports {target} of rank {ranks[target]}"
            found.append(Found(one.line, steps))
    return found


def impurities(source: str) -> list[Found]:
    """Return the imports that a pure room must not have."""
    found = []
    for one in imports_of(source):
        is_ours = one.reaches("feeds") or one.reaches("dashboard")
        is_pure_room = one.full in PURE or one.module in PURE
        if is_ours and not is_pure_room and one.full not in TYPES_OF_TIME:
            found.append(Found(one.line, f"imports {one.full}, which is not pure"))
        if any(one.reaches(package) for package in IMPURE):
            found.append(Found(one.line, f"imports {one.full}"))
    return found


def table_errors(rooms: set[str], ranks: set[str]) -> list[str]:
    """Return where the table and the house differ."""
    missing = [f"{name} has no rank: add it to RANKS" for name in sorted(rooms - ranks)]
    stale = [f"{name} is in RANKS but not in the house" for name in sorted(ranks - rooms)]
    return missing + stale


def test_every_module_has_a_rank_and_every_rank_a_module() -> None:
    """The table names the house exactly."""
    errors = table_errors(set(ROOMS) - EXEMPT, set(RANKS))
    assert not errors, "\n".join(errors)


@pytest.mark.parametrize("name", sorted(RANKS.keys() & ROOMS.keys()))
def test_a_module_imports_only_modules_of_lower_rank(name: str) -> None:
    """Every import inside the house goes down, so nothing can go in a circle."""
    found = told(ROOMS[name], rank_breaches(name, ROOMS[name].read_text()))
    assert not found, "\n".join(found)


def test_feeds_is_below_the_whole_dashboard() -> None:
    """The market knows nothing of people, whatever else the table says."""
    highest = max(rank for name, rank in RANKS.items() if name.startswith("feeds."))
    assert highest < min(rank for name, rank in RANKS.items() if name.startswith("dashboard."))


@pytest.mark.parametrize("name", sorted(PACKAGES))
def test_a_package_file_imports_nothing(name: str) -> None:
    """A package is a folder with a docstring: it has no rank because it imports nothing."""
    assert not imports_of(PACKAGES[name].read_text())


@pytest.mark.parametrize("name", sorted(PURE))
def test_a_pure_room_stays_pure(name: str) -> None:
    """A pure room knows no framework, no loop, no clock and no chance, not even through another."""
    assert name in ROOMS, f"{name} is in PURE but not in the house"
    found = told(ROOMS[name], impurities(ROOMS[name].read_text()))
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "planted",
    [
        "from feeds.engine import Engine",
        "import feeds.engine",
        "from feeds import engine",
        "from feeds.tape import Tape",
        "def late():\n    from feeds.runner import Runner",
        "if TYPE_CHECKING:\n    from dashboard.hub import Hub",
        "import_module('dashboard.hub')",
        "from .events import Quote",
        "from . import events",
        "from feeds import somewhere",
        "from dashboard.settings import DEBUG",
    ],
)
def test_an_import_that_does_not_go_down_is_found(planted: str) -> None:
    """The rule sees an import of the same or a higher rank however it is written."""
    assert rank_breaches("feeds.board", planted)


def test_an_import_that_goes_down_is_allowed() -> None:
    """The rule lets a lower rank and the libraries pass."""
    assert not rank_breaches("feeds.board", "import numpy\nfrom feeds.events import Quote")


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


def test_a_table_that_differs_from_the_house_is_found() -> None:
    """A module without rank and a rank without module are both errors."""
    assert table_errors({"feeds.new"}, {"feeds.old"}) == [
        "feeds.new has no rank: add it to RANKS",
        "feeds.old is in RANKS but not in the house",
    ]
