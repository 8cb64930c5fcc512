"""Tools of operators that check the files of deploy/; a test that lacks one says how to get it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def tool(name: str, install: str) -> str:
    """Return the path of a tool; skip the test where it is missing."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is missing: {install}")
    return found


def check(*command: str | Path, **environment: str) -> str:
    """Run a tool; return what it says, which stands in the failure if it complains."""
    done = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, timeout=60, check=False,
        env=environment or None,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said
