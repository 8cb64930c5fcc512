"""What the command gives to a program that it starts: the work, as JSON."""

import json
import os

from tests.benchmarks.peers.peer import Work


def work_in(text: str) -> Work:
    """Return the work that a text describes."""
    return Work(*json.loads(text))


def work_around() -> Work:
    """Return the work of a program that another command starts, such as `daphne`."""
    return work_in(os.environ["PEER_WORK"])
