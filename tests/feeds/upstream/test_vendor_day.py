"""A day of messages in the vendor's shapes gives the bars that the vendor's rules give."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.feeds.upstream.vendor_rules import VendorBar, hourly, vendor_bars

DAY = json.loads((Path(__file__).parent / "vendor_day.json").read_text())
MESSAGES: list[dict[str, Any]] = DAY["messages"]
EXPECTED: dict[str, dict[str, list[list[Any]]]] = DAY["expected"]
SYMBOLS = ["NVX", "ORB"]


def written(bars: list[VendorBar]) -> list[list[Any]]:
    return [[bar.start, *map(float, bar[1:5]), *bar[5:]] for bar in bars]


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_expected_bars_are_those_of_the_vendors_rules(symbol: str) -> None:
    minutes = vendor_bars(MESSAGES, symbol, kind="M")
    assert written(minutes) == EXPECTED[symbol]["1m"]
    assert written(hourly(minutes)) == EXPECTED[symbol]["1h"]
    assert written(vendor_bars(MESSAGES, symbol, kind="D")) == EXPECTED[symbol]["1d"]
