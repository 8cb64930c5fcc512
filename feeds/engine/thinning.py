"""Which share of its ticks a simulated market makes when its process cannot keep the rate.

Pure. Must not know clocks or loops.
"""

from typing import Final, Protocol, runtime_checkable

OVERLOAD_S: Final = 0.25
"""A market that is later than this cannot keep its rate."""
CALM_S: Final = 0.05
"""A market that is no later than this may make more ticks."""
OWN_SHARE: Final = 0.25
"""Share of a core that the steps of a late market may take: with less, other work makes it late."""
LEAST: Final = 1 / 256
GROWTH: Final = 1.02
"""The share doubles within 35 steps that are on time."""


@runtime_checkable
class ThinnableSource(Protocol):
    """A source that can make fewer ticks: `share` of them, from the next stride on."""

    share: float


class Load:
    """The share of its ticks that a market makes: less at once if late, slowly more if on time.

    The rule is like that of TCP's congestion control (Chiu and Jain 1989, Computer Networks 17:1).
    The share grows by a factor, as rates differ by powers of ten. It shrinks by as much as the
    market is too busy.
    """

    def __init__(self) -> None:
        self.share = 1.0

    @property
    def is_over(self) -> bool:
        """Say whether the market cannot keep its rate, or could not a moment ago."""
        return self.share < 1

    def note(self, lag_s: float, core: float) -> None:
        """Note how late a step ended, and which share of a core the market takes."""
        if lag_s > OVERLOAD_S and core > OWN_SHARE:
            self.share = max(LEAST, self.share * OWN_SHARE / core)
        elif lag_s <= CALM_S:
            self.share = min(1.0, self.share * GROWTH)
