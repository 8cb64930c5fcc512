"""An outage is logged when it begins and when it ends, however often it is met between."""

import pytest

from feeds.bus import redis_link
from feeds.bus.redis_link import Outage
from tests.support.log_lines import lines_of


def test_an_outage_is_logged_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage("the link")
    outage.end()
    for _ in range(3):
        outage.begin(OSError("refused"))
    outage.end()
    outage.end()
    assert lines_of(caplog, redis_link) == ["the link lost error=refused", "the link is back"]
    outage.begin(OSError("refused again"))
    assert len(lines_of(caplog, redis_link)) == 3
