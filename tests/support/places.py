"""Where things of the project are, whichever test asks."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
GOLDEN: Final = ROOT / "tests" / "golden"
"""Frames that Python writes and the browser reads: each proves that the other is its twin."""
