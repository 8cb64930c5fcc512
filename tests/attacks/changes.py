"""Changes of rows that another process makes, as the admin does, and when they were done."""

import time
from typing import Final

from tests.support.served import Served

SCRIPT: Final = (
    "import time; from django.contrib.auth.models import User; {}; print('done', time.time())"
)


def change(served: Served, code: str) -> float:
    """Run code on the data of a server; return when it was done (epoch seconds)."""
    said = served.manage("shell", "-v0", "-c", SCRIPT.format(code)).splitlines()[-1]
    return float(said.removeprefix("done "))


def seconds_since(done_s: float, seen_s: float | None = None) -> float:
    """Return how long after a change something was seen; readers may see it before it returns."""
    return max(0.0, (time.time() if seen_s is None else seen_s) - done_s)
