"""How often Python looks for cyclic garbage: seldom, as every look holds up everything else.

Must not import anything of the project: it is for the beginning of a process.
"""

import gc
from typing import Final

COLLECT_AFTER: Final = (50_000, 20, 50)
"""New objects before a collection, and collections before one of the next generation.

Python's own thresholds are 700, 10 and 10. With these, a quarter of a start was collections, which
found nothing: nearly all that is loaded stays.
"""


def collect_seldom() -> None:
    """Collect cyclic garbage seldom from now on."""
    gc.set_threshold(*COLLECT_AFTER)


def exempt_what_is_loaded() -> None:
    """Leave out of all collections what is there now, as it lives as long as the process.

    At a start a collection before would find next to nothing, and take a tenth of the start. At an
    end Python would look through everything again and again, for 0.7 s of CPU.
    """
    gc.freeze()
