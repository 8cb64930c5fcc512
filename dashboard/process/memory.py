"""How much memory is in use, of how much: by a setting, by the container, and by the machine.

Linux says so in files; elsewhere nothing is known. Must not know what follows from it.
"""

import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path("/")
GROUPS: Final = "sys/fs/cgroup"
KIB: Final = 1024
MIB: Final = 1024 * KIB
LAST_BYTES: Final = 2_560 * MIB
"""Only the last part of the machine's memory counts, which has this size.

With a tenth of this part left memory is short. With a tenth of the whole memory left, a large
machine would still have many GiB.
"""


class Memory(NamedTuple):
    """How much of a limit is in use (bytes), and whose limit it is."""

    used: int
    limit: int
    owner: str

    @property
    def share(self) -> float:
        """Return the share of the limit that is in use."""
        return self.used / self.limit

    @property
    def left(self) -> int:
        """Return how much is left (bytes)."""
        return max(0, self.limit - self.used)


def read_memory(limit_bytes: int = 0, root: Path = ROOT) -> Memory | None:
    """Return the memory limit that is nearest to full; None where no limit is known.

    `limit_bytes` is a limit of this process alone, 0 for none.
    """
    found = [*_of_process(limit_bytes, root), *_of_container(root), *_of_machine(root)]
    return max(found, key=lambda memory: memory.share, default=None)


def _of_process(limit_bytes: int, root: Path) -> Iterator[Memory]:
    """Yield the resident memory of this process, if it has a limit of its own."""
    if not limit_bytes:
        return
    with suppress(OSError, ValueError, IndexError):
        pages = int((root / "proc/self/statm").read_text().split()[1])
        yield Memory(pages * resource.getpagesize(), limit_bytes, "the process")


def _of_container(root: Path) -> Iterator[Memory]:
    """Yield each limit of the control groups (v2) that this process is in."""
    groups = root / GROUPS
    path = ""
    with suppress(OSError):
        lines = (root / "proc/self/cgroup").read_text().splitlines()
        path = next((line[3:] for line in lines if line.startswith("0::")), "").lstrip("/")
    # In a container the path is that of the host, which is not there: the top is its own then.
    for folder in (groups / path, *(groups / path).parents):
        if folder.is_relative_to(groups):
            with suppress(OSError, ValueError):
                yield _of_group(folder)


def _of_group(folder: Path) -> Memory:
    """Return the memory of a control group.

    Raises:
        ValueError: it has no limit.
        OSError: it is not there.
    """
    limit = int((folder / "memory.max").read_text())
    used = int((folder / "memory.current").read_text())
    # Files that were read stay in memory until it is needed: they do not count.
    with suppress(OSError, KeyError):
        used -= _named_numbers((folder / "memory.stat").read_text())["inactive_file"]
    if limit <= 0:
        raise ValueError(f"limit was {limit}")
    return Memory(max(0, used), limit, "the container")


def _of_machine(root: Path) -> Iterator[Memory]:
    """Yield the last of the memory of the machine, its swap included, whoever uses it."""
    with suppress(OSError, KeyError, ValueError):
        known = _named_numbers((root / "proc/meminfo").read_text())
        total = (known["MemTotal:"] + known.get("SwapTotal:", 0)) * KIB
        left = (known["MemAvailable:"] + known.get("SwapFree:", 0)) * KIB
        limit = min(total, LAST_BYTES)
        yield Memory(max(0, limit - left), limit, "the machine")


def _named_numbers(text: str) -> dict[str, int]:
    """Return the numbers of lines such as `name 7` or `name: 7 kB`."""
    parts = (line.split() for line in text.splitlines())
    return {words[0]: int(words[1]) for words in parts if len(words) > 1 and words[1].isdigit()}
