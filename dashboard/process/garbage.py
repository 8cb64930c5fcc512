"""How often Python collects cyclic garbage: seldom, as a collection holds up everything else.

Must not import anything of the project: it is imported first in a process.
"""

import gc
from typing import Final

COLLECT_AFTER: Final = (50_000, 20, 50)
"""New objects before a collection, and collections before one of the next generation.

Python's own thresholds are 700, 10 and 10. With them a quarter of the time of a start went into
collections that found nothing, because nearly everything that is loaded stays.
"""


def collect_seldom() -> None:
    """Collect cyclic garbage seldom from now on."""
    gc.set_threshold(*COLLECT_AFTER)


def exempt_what_is_loaded() -> None:
    """Exempt all present objects from collections, because they live as long as the process.

    There is no collection before that: it would take a tenth of the start and find next to nothing.
    At the end of a process it saves 0.7 s of CPU, as Python then collects again and again.
    """
    gc.freeze()
