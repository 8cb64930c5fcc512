"""The log of sockets that foreign pages asked for: each reason once, and not many of them.

A refused handshake has no body that could name the cure, so the log names it to operators.
"""

import logging
from typing import Final

log = logging.getLogger(__name__)
MOST_REASONS: Final = 20
"""Anybody can invent origins, and must not fill the log."""


class ForeignPages:
    """Logs why sockets of foreign pages were refused."""

    def __init__(self) -> None:
        self._reasons: set[str] = set()

    def note(self, reason: str) -> None:
        """Log a reason, unless it was logged before or too many were."""
        if reason in self._reasons or len(self._reasons) >= MOST_REASONS:
            return
        self._reasons.add(reason)
        log.warning("socket of a foreign page refused reason=%s", reason)
