"""The schemas of what the server says of a connection: welcome, pace, heartbeat, shutdown.

Pure.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from dashboard.wire.schemas.fields import (
    Epoch,
    Sequence,
    Time,
    WireSchema,
)


class Limits(WireSchema):
    """The limits of a connection."""

    symbols: Annotated[
        int, Meta(description="how many symbols one reader may name; `*` is not counted")
    ]
    message_bytes: Annotated[int, Meta(description="size of the largest command; bytes")]
    commands_per_s: Annotated[int, Meta(description="how many commands are accepted per second")]
    max_rate: Annotated[float, Meta(description="the highest pace; frames per second")]


class Welcome(WireSchema):
    """The first frame of a WebSocket or an event stream."""

    channel: Literal["status"]
    type: Literal["welcome"]
    version: Annotated[int, Meta(description="version of this protocol")]
    server_time: Time
    epoch: Epoch
    heartbeat_ms: Annotated[int, Meta(description="a frame arrives at least this often; ms")]
    limits: Limits


class Shutdown(WireSchema):
    """The last frame before a restart; the server then closes with code 4503."""

    channel: Literal["status"]
    type: Literal["shutdown"]
    retry_ms: Annotated[int, Meta(ge=0, description="wait this long before you reconnect; ms")]


class Pace(WireSchema):
    """The pace of merged frames, sent when it changed."""

    channel: Literal["status"]
    type: Literal["pace"]
    rate: Annotated[float, Meta(gt=0, description="frames per second")]
    reason: Annotated[
        str, Meta(description="what limits the pace; empty when only your `max_rate` does")
    ]


class Heartbeat(WireSchema):
    """You have everything up to `seq`; sent when there was nothing else for `heartbeat_ms`."""

    channel: Literal["heartbeat"]
    seq: Sequence
    ts: Annotated[int, Meta(ge=0, description="when the server sent this; UTC, ms")]
    stale: Annotated[
        int | UnsetType,
        Meta(description="when the market was last heard, while a fault silences it; UTC, ms"),
    ] = UNSET
    trouble: Annotated[
        str | UnsetType,
        Meta(
            description="for staff: what is wrong with the database and what to do; "
            "absent while all is well"
        ),
    ] = UNSET
