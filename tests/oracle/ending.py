"""Ends a run of real processes: stops the market, and says where every reader must arrive."""

from tests.support.served import operate_feed
from tests.support.shared_market import SharedMarket
from tests.support.waiting import wait_until


def position_at_the_end(market: SharedMarket) -> str:
    """Stop the market; return where all web processes stand."""
    operate_feed(market.webs[0], "pause_feed")
    positions: list[str] = []

    def is_still() -> bool:
        positions[:] = [*positions[-6:], *(web.board()["position"] for web in market.webs)]
        return len(positions) > 6 and len(set(positions)) == 1

    wait_until(is_still, poll_s=0.3)
    return positions[-1]
