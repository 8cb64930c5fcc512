"""What one module logged in a test.

The log of a test also has what others say meanwhile: asyncio tells of a task of an earlier test
when its memory is freed.
"""

from logging import LogRecord
from types import ModuleType

import pytest

from feeds.engine import runner


def records_of(caplog: pytest.LogCaptureFixture, module: ModuleType | str) -> list[LogRecord]:
    """Return the records of a module's logger."""
    name = module if isinstance(module, str) else module.__name__
    return [record for record in caplog.records if record.name == name]


def lines_of(caplog: pytest.LogCaptureFixture, module: ModuleType | str) -> list[str]:
    """Return the messages of a module's logger."""
    return [record.getMessage() for record in records_of(caplog, module)]


def lines_beside_market(log: str) -> list[str]:
    """Return the lines of a server's log but those of the market.

    On a busy machine it says by itself, at any time, that it is late or makes fewer ticks.
    """
    return [line for line in log.splitlines() if f" {runner.__name__} " not in line]
