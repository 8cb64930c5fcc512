"""The base class of the schemas, and the fields that several of them share.

Pure.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from dashboard.wire.commands import CommandId

SCHEMAS: Final = "#/components/schemas/"


class WireSchema(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Something the server sends; decoding fails on a field that is not described."""


def one_of(*names: str) -> Meta:
    """Return the note that a value which stays encoded has one of these schemas."""
    return Meta(extra_json_schema={"oneOf": [{"$ref": f"{SCHEMAS}{name}"} for name in names]})


def only(value: bool) -> Meta:
    """Return the note that a flag, where it is present, always has this value."""
    return Meta(extra_json_schema={"const": value})


Time = Annotated[int, Meta(ge=0, description="UTC, ms")]
Sent = Annotated[int, Meta(ge=0, description="when this server received the position; UTC, ms")]
Sequence = Annotated[int, Meta(ge=0, description="sequence on the tape")]
From = Annotated[int, Meta(ge=0, description="the frame covers what came after this sequence")]
Through = Annotated[
    int, Meta(ge=0, description="the frame covers what came up to and with this sequence")
]
Epoch = Annotated[str, Meta(description="life of the tape; positions of another epoch are void")]
Symbol = Annotated[str, Meta(description="key of an instrument")]
More = Annotated[bool, only(True), Meta(description="further frames of this snapshot follow")]
AGO: Final = Meta(description="how long before `ts` the tick happened; ms")
EXCHANGE_TIME: Final = Meta(ge=0, description="when it happened, in the exchange's time; UTC, ms")
Reason = Annotated[str, Meta(description="why; empty when there is no reason to give")]
Gone = Annotated[bool, only(True), Meta(description="always true: it left the market")]
AlwaysTrue = Annotated[bool, only(True)]
AlwaysFalse = Annotated[bool, only(False)]
Id = Annotated[CommandId, Meta(description="the id that the command had")]
Price = float | None
"""Null until there is a value."""
Size = int | float
"""A decimal number that is exact; whole sizes have no point."""
PositiveSize = Annotated[int, Meta(gt=0)] | Annotated[float, Meta(gt=0)]
