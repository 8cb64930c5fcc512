"""The command that measures says why it cannot, and leaves no server behind."""

import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from dashboard.management.commands import loadtest


def test_a_server_that_does_not_start_is_named_and_ended(monkeypatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    def say_nothing(_: str, *__: str) -> subprocess.Popen[bytes]:
        script = "import os, time; os.close(1); time.sleep(60)"
        started.append(subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE))
        return started[-1]

    monkeypatch.setattr(loadtest, "_manage", say_nothing)
    monkeypatch.setattr(loadtest, "_separate_cores", lambda _: None)
    with pytest.raises(CommandError, match="the server did not start"):
        call_command("loadtest")
    [process] = started
    assert process.poll() is not None
