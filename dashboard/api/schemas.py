"""The shape of what REST answers, as types for the OpenAPI document; the keys are the wire's.

Must not know how answers are made: they are written as bytes, and the tests read all of them with
these types, which refuse what is not described.
"""

from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

Interval = Literal["1s", "5s", "1m", "5m", "15m", "1h", "1d"]
Price = float | None
Time = Annotated[int, Field(ge=0, description="UTC, ms")]
Level = Annotated[tuple[float, int], Field(description="price, size")]


class Answer(Schema):
    """Something that is said; a field that is not described is an error in the tests."""

    model_config = ConfigDict(extra="forbid")


class Problem(Answer):
    """Why something was not done."""

    code: Annotated[int, Field(description="as on the wire")]
    name: str
    message: str
    retry: Annotated[bool, Field(description="the same may work later")]


class ErrorOut(Answer):
    """The body of every answer of 400 and above."""

    error: Problem


class InstrumentOut(Answer):
    """An instrument: what it is, and its phase."""

    s: Annotated[str, Field(description="symbol")]
    name: str
    sector: str
    feed: str
    d: Annotated[int, Field(description="decimals of its prices")]
    tick: Annotated[float, Field(description="smallest step of its prices")]
    ph: Annotated[str, Field(description="phase")]
    reason: str
    t: Time
    delay: Annotated[int, Field(description="everything of it is so late; minutes")] = 0


class InstrumentsOut(Answer):
    """A page of instruments by symbol."""

    data: list[InstrumentOut]
    after: Annotated[str | None, Field(description="what to send for the next page")]


class QuoteOut(Answer):
    """The values of an instrument; null is no value yet."""

    p: Annotated[Price, Field(description="last price")]
    b: Annotated[Price, Field(description="bid")]
    a: Annotated[Price, Field(description="ask")]
    bs: Annotated[int | None, Field(description="size of the bid")]
    as_: Annotated[int | None, Field(alias="as", description="size of the ask")]
    o: Annotated[Price, Field(description="open of the trading session")]
    h: Annotated[Price, Field(description="high")]
    l: Annotated[Price, Field(description="low")]  # noqa: E741
    pc: Annotated[Price, Field(description="close before the trading session")]
    v: Annotated[int | None, Field(description="volume")]
    ph: Annotated[str, Field(description="phase")]
    t: Annotated[int | None, Field(description="when it ticked; UTC, ms")]
    bids: Annotated[list[Level], Field(description="up to five, the best first")]
    asks: Annotated[list[Level], Field(description="up to five, the best first")]


class QuotesOut(Answer):
    """Quotes by symbol, as of a position of the tape."""

    position: Annotated[str, Field(description="`epoch:seq`")]
    data: dict[str, QuoteOut]
    rejected: Annotated[dict[str, str], Field(description="why, by symbol")]


class BarOut(Answer):
    """A bar, in the exchange's time."""

    t: Annotated[int, Field(description="when it begins; UTC, ms")]
    o: float
    h: float
    l: float  # noqa: E741
    c: float
    v: Annotated[int, Field(description="volume")]
    n: Annotated[int, Field(description="trades")]


class BarsOut(Answer):
    """Bars of a symbol, the oldest first."""

    s: Annotated[str, Field(description="symbol")]
    iv: Annotated[Interval, Field(description="interval")]
    data: list[BarOut]
    live: Annotated[bool, Field(description="the last one still changes")]
    before: Annotated[
        int | None, Field(description="`to` of the page before this, if there is one")
    ]


class TradeOut(Answer):
    """One execution."""

    s: Annotated[str, Field(description="symbol")]
    p: float
    q: Annotated[int, Field(description="quantity")]
    side: Literal["BUY", "SELL"]
    i: Annotated[int, Field(description="its own sequence: unique in an epoch")]
    t: Time


class TradesOut(Answer):
    """The newest trades, the oldest first."""

    position: Annotated[str, Field(description="`epoch:seq`")]
    data: list[TradeOut]
