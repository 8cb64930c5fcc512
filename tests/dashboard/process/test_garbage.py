"""A process looks for garbage neither while it loads nor when it ends: it would find nothing."""

import subprocess
import sys

import pytest

from dashboard.process.garbage import COLLECT_AFTER
from tests.support.places import ROOT

SCRIPT = """
import atexit, gc, sys
looks = []
gc.callbacks.append(lambda phase, info: looks.append(info["generation"]))
atexit.register(lambda: print(gc.get_threshold(), gc.get_freeze_count() > 10_000, max(looks) < 2))
import manage
sys.argv = ["manage.py", *sys.argv[1:]]
manage.main()
"""


@pytest.mark.parametrize(
    "command", ["nonsense", pytest.param("prune --help", marks=pytest.mark.slow)]
)
def test_every_command_begins_and_ends_without_full_collections(command: str) -> None:
    arguments = [sys.executable, "-c", SCRIPT, *command.split()]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, check=False, text=True)
    last = done.stdout.splitlines()[-1]
    assert last == f"{COLLECT_AFTER} True True", done.stderr
