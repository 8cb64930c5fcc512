"""Which tests one worker runs together, because they share what is dear to make.

The rest goes by files, as `--dist loadfile` does.
"""

import re
from typing import Final

from xdist.scheduler import LoadFileScheduling

from tests.support.examples import FAST

LAWS: Final = "tests/laws/"
SCRIPTS: Final = "tests/js/test_scripts.py::"
SITE: Final = ("tests/e2e/", "tests/js/", "tests/sockets/")
ROOM: Final = re.compile(r"\[(\w+)/")
"""The folder at the beginning of a case's name."""


class RoomScheduling(LoadFileScheduling):
    """The laws read the same trees; the tests of scripts are too many for one worker.

    The fast tier has few tests of a site, so it starts one site and one browser for all of them.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid, is_fast=self.config.getoption("markexpr") == FAST)


def group_of(nodeid: str, *, is_fast: bool) -> str:
    """Return the name of the group of a test."""
    if nodeid.startswith(LAWS):
        return LAWS
    if is_fast and nodeid.startswith(SITE):
        return "site"
    if nodeid.startswith(SCRIPTS):
        room = ROOM.search(nodeid)
        return f"scripts of {room[1] if room else 'the rest'}"
    return nodeid.split("::")[0]
