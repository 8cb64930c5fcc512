"""The simulated market whose statistics the tests of realism look at."""

from datetime import date
from typing import Final

from feeds.plan.calendars import EXCHANGES, Calendar

INSTRUMENTS: Final = 16
CALENDAR: Final = Calendar(EXCHANGES["XNYS"], date(2026, 1, 5))
