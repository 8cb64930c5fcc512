"""Which faults of all are planted: some from everywhere, by a seed, and the same for the same seed.

Pure. A list of all faults, file by file, is cut into as many equal parts as faults are wanted, and
each part gives one. So every file has its share, by its size, and none is chosen by looking.
"""

from collections.abc import Sequence
from itertools import pairwise
from random import Random

from tests.planted.fault import Fault


def chosen(faults: Sequence[Fault], count: int, seed: int) -> list[Fault]:
    """Return so many faults, in any order: a run that is cut short is still a fair sample."""
    random = Random(seed)
    ordered = sorted(faults)
    count = min(count, len(ordered))
    bounds = [part * len(ordered) // count for part in range(count + 1)] if count else [0]
    picked = [ordered[random.randrange(begin, end)] for begin, end in pairwise(bounds)]
    random.shuffle(picked)
    return picked
