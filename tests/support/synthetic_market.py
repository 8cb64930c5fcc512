"""A market of any size for one page: a worker in the browser writes its frames instead of a server.

The page's own connection, board and table take them. Nothing reaches the server, whose lists hold
fewer instruments. The page must be opened without its content policy, which forbids the worker.
"""

import json
from typing import Final

from playwright.sync_api import Page

from tests.support.places import ROOT

SOCKET: Final = ROOT / "tests" / "support" / "synthetic_socket.js"
HAS_PRICES: Final = """(rows) => document.body.dataset.link === "live"
  && document.querySelector("[data-meter=symbols]").textContent.replace(/\\D/g, "") === `${rows}`
  && document.querySelector("tbody [data-field=bid]").textContent.trim() !== "\\u2013\""""


def give_market(page: Page, *, rows: int, updates: float, frames: float = 10) -> None:
    """Let the page, once it is opened, show so many rows and get so many updates per second."""
    options = json.dumps({"rows": rows, "updates": updates, "frames": frames})
    page.add_init_script(f"({SOCKET.read_text().strip().rstrip(';')})({options})")


def wait_for_prices(page: Page, rows: int) -> None:
    """Wait until the page shows prices of all these rows."""
    page.wait_for_function(HAS_PRICES, arg=f"{rows}", timeout=30_000)
