"""What a process sent, and what went wrong at its doors: sums since it began.

Pure. Must not know who reads. Counted by connection and hub, read by deck.report.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Traffic:
    """Sums; readers take differences."""

    frames: int = 0
    characters: int = 0
    cuts: int = 0
    refused: int = 0
    overruns: int = 0
    changes: int = 0
    merged: int = 0
    """Changes of prices that those who have left had taken, and the ticks they stood for."""

    def leave(self, conflation: tuple[int, int]) -> None:
        """Count what somebody had taken."""
        self.changes += conflation[0]
        self.merged += conflation[1]

    def send(self, frames: list[str]) -> list[str]:
        """Count frames on their way out."""
        self.frames += len(frames)
        self.characters += sum(map(len, frames))
        return frames
