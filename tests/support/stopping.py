"""The end of a process that was told to stop."""

import subprocess
from collections.abc import Callable

STOP_S = 60
"""A process that stops gives its readers some seconds to hear of it. The rest is for a busy
machine."""


def wait_for_end(
    process: subprocess.Popen[bytes] | subprocess.Popen[str], log: Callable[[], str]
) -> None:
    """Wait until a process has ended by itself, and well; show its log if it has not."""
    try:
        code = process.wait(timeout=STOP_S)
    except subprocess.TimeoutExpired:
        code = None
    assert code == 0, f"{code}, after:\n{log()}"
