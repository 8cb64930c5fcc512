"""Which tests one worker runs together, because they share what is dear to make.

The rest goes by files, as `--dist loadfile` does.
"""

import re
from typing import Final

from xdist.scheduler import LoadFileScheduling

LAWS: Final = "tests/laws/"
SCRIPTS: Final = "tests/js/test_scripts.py::"
ROOM: Final = re.compile(r"\[(\w+)/")
"""The folder at the beginning of a case's name."""


class RoomScheduling(LoadFileScheduling):
    """The laws read the same trees; the tests of scripts are too many for one worker."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def group_of(nodeid: str) -> str:
    """Return the name of the group of a test."""
    if nodeid.startswith(LAWS):
        return LAWS
    if nodeid.startswith(SCRIPTS):
        room = ROOM.search(nodeid)
        return f"scripts of {room[1] if room else 'the rest'}"
    return nodeid.split("::")[0]
