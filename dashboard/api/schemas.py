"""Schemas of the responses of REST, for the OpenAPI document; the keys are those of the wire.

Must not know how responses are made: they are encoded directly, which is faster. The tests validate
all of them with these schemas, which forbid fields that are not described.
"""

from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

Interval = Literal["1s", "5s", "1m", "5m", "15m", "1h", "1d"]
Price = float | None
Time = Annotated[int, Field(ge=0, description="UTC, ms")]
Size = int | float
Level = Annotated[tuple[float, Size], Field(description="price, size")]


class ResponseSchema(Schema):
    """Any response or part of it; a field that is not described fails the tests."""

    model_config = ConfigDict(extra="forbid")


class ErrorDetail(ResponseSchema):
    """Why a request was not answered."""

    code: Annotated[int, Field(description="as on the wire")]
    name: str
    message: str
    retry: Annotated[bool, Field(description="the same may work later")]


class ErrorOut(ResponseSchema):
    """The body of every response with a status of 400 and above."""

    error: ErrorDetail


class InstrumentOut(ResponseSchema):
    """An instrument and its phase."""

    s: Annotated[str, Field(description="symbol")]
    name: str
    sector: str
    feed: str
    d: Annotated[int, Field(description="decimals of its prices")]
    tick: Annotated[float, Field(description="smallest step of its prices")]
    ph: Annotated[str, Field(description="phase")]
    reason: str
    t: Time
    lot: Annotated[float, Field(description="of what its sizes are multiples")] = 1
    delay: Annotated[int, Field(description="delay of all its data, in minutes")] = 0


class InstrumentsOut(ResponseSchema):
    """A page of instruments, sorted by symbol."""

    data: list[InstrumentOut]
    after: Annotated[str | None, Field(description="`after` of the next page, if there is one")]


class QuoteOut(ResponseSchema):
    """The values of an instrument; null is no value yet."""

    p: Annotated[Price, Field(description="last price")]
    b: Annotated[Price, Field(description="bid")]
    a: Annotated[Price, Field(description="ask")]
    bs: Annotated[Size | None, Field(description="size of the bid")]
    as_: Annotated[Size | None, Field(alias="as", description="size of the ask")]
    o: Annotated[Price, Field(description="open of the trading session")]
    h: Annotated[Price, Field(description="high")]
    l: Annotated[Price, Field(description="low")]  # noqa: E741
    pc: Annotated[Price, Field(description="close before the trading session")]
    v: Annotated[Size | None, Field(description="volume")]
    ph: Annotated[str, Field(description="phase")]
    t: Annotated[int | None, Field(description="time of the last tick; UTC, ms")]
    bids: Annotated[list[Level], Field(description="up to five levels, the best first")]
    asks: Annotated[list[Level], Field(description="up to five levels, the best first")]


class QuotesOut(ResponseSchema):
    """Quotes by symbol, as of a position of the tape."""

    position: Annotated[str, Field(description="`epoch:seq`")]
    data: dict[str, QuoteOut]
    rejected: Annotated[dict[str, str], Field(description="reason, by symbol")]


class BarOut(ResponseSchema):
    """A bar, in the exchange's time."""

    t: Annotated[int, Field(description="start; UTC, ms")]
    o: float
    h: float
    l: float  # noqa: E741
    c: float
    v: Annotated[Size, Field(description="volume")]
    n: Annotated[int, Field(description="trades")]
    rev: Annotated[
        int | None,
        Field(description="with `corrections`: how often the closed bar was amended, if ever"),
    ] = None


class BarsOut(ResponseSchema):
    """Bars of a symbol, the oldest first."""

    s: Annotated[str, Field(description="symbol")]
    iv: Annotated[Interval, Field(description="interval")]
    data: list[BarOut]
    live: Annotated[bool, Field(description="whether the last bar still changes")]
    before: Annotated[
        int | None, Field(description="`to` of the page before this one, if there is one")
    ]


class SparklineOut(ResponseSchema):
    """The day so far of an instrument, in few points; none before its first trade."""

    day: Annotated[int, Field(description="when the day begins, in the exchange's time; UTC, ms")]
    t: Annotated[list[int], Field(description="minutes after that, in order")]
    c: Annotated[list[float], Field(description="the last price of each")]


class SparklinesOut(ResponseSchema):
    """The day so far of several instruments."""

    data: dict[str, SparklineOut]
    rejected: Annotated[dict[str, str], Field(description="reason, by symbol")]


class TradeOut(ResponseSchema):
    """One execution."""

    s: Annotated[str, Field(description="symbol")]
    p: float
    q: Annotated[Size, Field(description="quantity")]
    side: Literal["BUY", "SELL"]
    i: Annotated[int, Field(description="its sequence, unique within an epoch")]
    et: Annotated[int, Field(description="when it happened, in the exchange's time; UTC, ms")]
    t: Time


class TradesOut(ResponseSchema):
    """The newest trades, the oldest first."""

    position: Annotated[str, Field(description="`epoch:seq`")]
    data: list[TradeOut]
    rejected: Annotated[dict[str, str], Field(description="reason, by symbol")]
