"""The doctor tries a running site as a reader would, and says whether a feed writes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import storage
from tests.support.places import ROOT
from tests.support.served import Served, environment

pytestmark = [pytest.mark.slow, pytest.mark.shared]


PROBED = {"site", "websocket", "stream", "database", "redis"}


def doctor(surroundings: dict[str, str], *arguments: str) -> tuple[int, dict[str, str]]:
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json", *arguments],
        cwd=ROOT, env=surroundings, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    findings = json.loads(done.stdout)
    return done.returncode, {finding["check"]: finding["level"] for finding in findings}


def test_a_running_site_is_tried_on_two_transports(served: Served) -> None:
    code, levels = doctor(served.environment, "--url", served.url, "--token", served.token)
    assert code == 0
    assert levels.keys() >= PROBED
    # PostgreSQL looks after its pages itself.
    assert ("integrity" in levels) is not storage.IS_SHARED
    assert "error" not in levels.values()
    code, levels = doctor(served.environment, "--url", served.url, "--token", "wrong")
    assert code == 1
    assert (levels["websocket"], levels["stream"], levels["site"]) == ("error", "error", "ok")


def test_an_empty_installation_needs_its_migrations(tmp_path: Path) -> None:
    code, levels = doctor(environment(tmp_path))
    assert code == 1
    assert levels["migrations"] == "error"
