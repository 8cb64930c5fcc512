"""Which described schema a frame has: exactly one, or the description is wrong."""

from collections.abc import Sequence

import msgspec

from dashboard.wire.schemas.bars import BarEntry, GoneBar, NoBar
from dashboard.wire.schemas.fields import WireSchema
from dashboard.wire.schemas.replies import ANSWERS, FRAMES
from dashboard.wire.schemas.status import FeedEntry, GoneFeed, GoneInstrument, InstrumentEntry
from dashboard.wire.schemas.trades import CorrectionEntry, TradeEntry

ENTRIES = {
    "Status": (FeedEntry, InstrumentEntry, GoneFeed, GoneInstrument),
    "BarsSn": (BarEntry, NoBar, GoneBar),
    "BarsUp": (BarEntry, GoneBar),
    "Trades": (TradeEntry, CorrectionEntry),
}
"""What stays encoded in a frame whose name begins so."""


def schemas_of(
    text: str | bytes, kinds: Sequence[type[WireSchema]] = (*FRAMES, *ANSWERS)
) -> list[str]:
    """Return the names of the schemas that an encoded frame fits, entries of status included."""
    return [kind.__name__ for kind in kinds if fits(text, kind)]


def fits(text: str | bytes, kind: type[WireSchema]) -> bool:
    """Say whether an encoded frame has this schema."""
    try:
        read = msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError:
        return False
    inside = ENTRIES.get(kind.__name__[:6], (*FRAMES, *ANSWERS))
    raws = getattr(read, "data", None) or getattr(read, "frames", ())
    return all(len(schemas_of(raw, inside)) == 1 for raw in raws if isinstance(raw, msgspec.Raw))
