"""The permissions of operators, by the names that Django asks for. The rows' classes declare them.

Must not know who has which.
"""

from typing import Final

RUN: Final = "feeds.run_feed"
HALT: Final = "feeds.halt_instrument"
SHOCK: Final = "feeds.shock_market"
OPERATE: Final = (RUN, HALT, SHOCK)
"""Any of these lets somebody of the staff see the flight deck."""
