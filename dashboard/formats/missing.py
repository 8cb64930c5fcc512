"""What stands where a number is not known."""

from typing import Final

MISSING: Final = "\u2013"
"""A dash; `static/js/format.js` has the same."""
