"""Which phase each instrument is in, and which ticks may therefore exist.

Pure. Must not know rates, prices or rows. Called by engine.
"""

from feeds.events import FeedState, Phase


def phase_of(state: FeedState, *, halted: bool) -> Phase:
    """Return the phase of an instrument: a closed feed closes it, a halt outlives the close."""
    if state is FeedState.CLOSED:
        return Phase.CLOSED
    return Phase.HALTED if halted else Phase.OPEN


class Sessions:
    """Keep the phase and its reason for every listed symbol."""

    def __init__(self) -> None:
        self._phases: dict[str, tuple[Phase, str]] = {}

    def admits(self, symbol: str) -> bool:
        """Say whether a tick of this symbol may happen now."""
        present = self._phases.get(symbol)
        return present is not None and present[0] is Phase.OPEN

    def present(self, symbol: str) -> tuple[Phase, str] | None:
        """Return the present phase of a listed symbol, and its reason."""
        return self._phases.get(symbol)

    def move(self, symbol: str, phase: Phase, reason: str) -> bool:
        """Enter a phase; return whether that changed anything."""
        if self._phases.get(symbol) == (phase, reason):
            return False
        self._phases[symbol] = (phase, reason)
        return True

    def forget(self, symbol: str) -> None:
        """Drop a symbol that left the market."""
        self._phases.pop(symbol, None)
