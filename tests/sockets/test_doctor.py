"""The doctor tries a running site as a reader would, and says whether a feed writes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.places import ROOT
from tests.support.served import Served, environment

pytestmark = [pytest.mark.slow, pytest.mark.shared]


def doctor(folder: Path, *arguments: str) -> tuple[int, dict[str, str]]:
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json", *arguments],
        cwd=ROOT, env=environment(folder), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    findings = json.loads(done.stdout)
    return done.returncode, {finding["check"]: finding["level"] for finding in findings}


def test_a_running_site_is_tried_on_two_transports(served: Served) -> None:
    code, levels = doctor(served.folder, "--url", served.url, "--token", served.token)
    assert code == 0
    assert {"site", "websocket", "stream", "database", "integrity", "redis"} <= levels.keys()
    assert "error" not in levels.values()
    code, levels = doctor(served.folder, "--url", served.url, "--token", "wrong")
    assert code == 1
    assert (levels["websocket"], levels["stream"], levels["site"]) == ("error", "error", "ok")


def test_an_empty_installation_needs_its_migrations(tmp_path: Path) -> None:
    code, levels = doctor(tmp_path)
    assert code == 1
    assert levels["migrations"] == "error"
