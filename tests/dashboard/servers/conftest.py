"""Both servers, for the tests of what they have in common."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from dashboard.servers.limits import ConnectionLimits
from dashboard.servers.uploads import Uploads
from tests.dashboard.servers.http_talks import LIMITS, Connect, Talk, connecting


@pytest_asyncio.fixture(params=["daphne", "uvicorn"])
async def connect(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Connect]:
    """Give what opens a connection to a server."""
    talks: list[Talk] = []
    open_talk = connecting(request.param, monkeypatch)

    def connect(limits: ConnectionLimits = LIMITS, uploads: Uploads | None = None) -> Talk:
        talks.append(open_talk(limits, uploads))
        return talks[-1]

    yield connect
    for talk in talks:
        talk.application.over.set()
        talk.leave()
