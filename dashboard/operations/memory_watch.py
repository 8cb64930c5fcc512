"""Looks every second how much memory is left, and says what is to be given up.

Must not know who reads, or who is notified.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from dashboard.delivery.saving import Saving, next_saving
from dashboard.process.memory import MIB, Memory
from feeds.engine.feed_watch import Trouble, TroubleKind

log = logging.getLogger(__name__)
LOOK_S: Final = 1.0
FACT: Final = (
    "{owner} has {mib} MiB left: readers get one frame a second, and new ones are refused if it "
    "becomes less"
)


class MemoryWatch:
    """Reads the memory; `memory` is the newest, `saving` what is given up now."""

    def __init__(
        self,
        read: Callable[[], Memory | None],
        *,
        save: Callable[[Saving], None],
        report: Callable[[Trouble], None],
    ) -> None:
        """Take what reads, what gives things up, and what reports the beginning of a shortage."""
        self.memory: Memory | None = None
        self.saving = Saving.NOTHING
        self._read = read
        self._save = save
        self._report = report

    @property
    def share(self) -> float:
        """Return the share of the memory that is in use; 0 where that is not known."""
        return 0.0 if self.memory is None else self.memory.share

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            # Files are not read in the loop, not even those of the kernel.
            self.look(await asyncio.to_thread(self._read))
            await asyncio.sleep(LOOK_S)

    def look(self, memory: Memory | None) -> None:
        """Look at the memory; what changes is logged, and a shortage is reported as it begins."""
        self.memory = memory
        former, self.saving = self.saving, next_saving(self.saving, self.share)
        if self.saving is former:
            return
        log.warning("memory saving=%s share=%.2f", self.saving.name.lower(), self.share)
        self._save(self.saving)
        if former is Saving.NOTHING and self.memory is not None:
            fact = FACT.format(owner=self.memory.owner, mib=self.memory.left // MIB)
            self._report(Trouble("", TroubleKind.MEMORY, fact))
