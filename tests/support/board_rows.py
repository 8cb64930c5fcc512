"""Rows of the engine's board as readers have them."""

import json
from typing import Any

from dashboard.wire.frames import encode_row
from feeds.market.board import Row
from feeds.market.delayed_keys import shown


def entry_of(symbol: str, row: Row) -> dict[str, Any]:
    """Return a row as a reader has it, with the time of its last tick (UTC ms) under `t`."""
    fields: dict[str, Any] = json.loads(f"{{{encode_row(symbol, row, ts=0)}}}")[shown(symbol)]
    ago = fields.pop("ms")
    return fields | {"t": None if ago is None else -ago}
