"""Visitors who leave early cause no traceback, keep nothing busy, and stop no server.

The moments are drawn by a seed; where they fall depends on the machine, so that each run tries
others.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard.servers.serving import SERVERS
from tests.support.early_closes import (
    Address,
    Storm,
    blowing,
    leave_before_accepted,
    serves,
)
from tests.support.ports import free_port
from tests.support.served import Served, serve
from tests.support.stopping import STOP_S
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

VISITS = 400
ENDLESS = 4_000
"""More than there is time for: the test ends the storm."""


@pytest.mark.parametrize("seed", [1, 2])
def test_a_storm_of_early_closes_leaves_no_traceback(
    served: Served, eventually: Callable[..., None], seed: int
) -> None:
    Storm(served, seed=seed, count=VISITS).run()
    assert serves(served)
    eventually(lambda: served.census()["connections"] == 0)
    assert "Traceback" not in served.log()


def test_visitors_that_leave_before_being_accepted_leave_no_traceback(
    served: Served, eventually: Callable[..., None]
) -> None:
    leave_before_accepted(served, seed=3, count=VISITS // 4)
    assert serves(served)
    eventually(lambda: served.census()["connections"] == 0)
    assert "Traceback" not in served.log()


def flags(server: str, address: Address) -> tuple[str, ...]:
    return "--server", server, "--port", str(address.port)


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_starts_and_stops_in_a_storm(server: str, tmp_path: Path) -> None:
    """It listens before it serves, so that the first visitors are gone when it looks at them.

    Its end asserts that it stops in time with exit code 0, and that there is no traceback.
    """
    address = Address(free_port())
    early = Storm(address, seed=4, count=VISITS)
    with blowing(early, address), serve(tmp_path, *flags(server, address)) as served:
        wait_until(lambda: early.made == VISITS)
        assert serves(served)
        late = Storm(served, seed=5, count=ENDLESS)
        with blowing(late, served):
            wait_until(lambda: late.made > VISITS // 4)
            served.process.terminate()
            served.process.wait(timeout=STOP_S)
