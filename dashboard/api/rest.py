"""REST, version 1: instruments, quotes, bars and trades, as far as the user may see them.

Must not know how bars are put together, or who may ask.
"""

from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from csp.constants import SELF
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from ninja import NinjaAPI, Query, Router, Schema
from ninja.errors import ValidationError
from ninja.openapi.docs import Swagger
from pydantic import Field

from dashboard.api import schemas
from dashboard.api.charts import FOREVER_MS, MOST_BARS, BarRequest
from dashboard.api.context import ApiContext, access_of
from dashboard.api.responses import (
    TEXT_CHARACTERS,
    bad_parameter,
    cacheable_json,
    fresh_json,
    refused_response,
    unknown_symbol,
)
from dashboard.api.sparklines import MOST_LINES, Sparklines
from dashboard.exceptions import UnknownSymbol
from dashboard.people.access import Access
from dashboard.transports.gatekeeper import RequestRefused
from dashboard.wire.frames import (
    FIELD_INDEX,
    PRICE_FIELDS,
    SIZE_FIELDS,
    book_of,
    encode_instrument,
    size_of,
)
from dashboard.wire.registry import EVERYTHING, FIELDS, SYMBOL_LIMIT, Error
from feeds.market.bars import Bar
from feeds.market.board import TS_EVENT, Row
from feeds.market.delayed_keys import shown
from feeds.market.symbols import LONGEST_SYMBOL, read_symbol

PAGE: Final = 500
MOST_TRADES: Final = 500
ERRORS: Final = dict.fromkeys((400, 401, 403, 404, 429, 503), schemas.ErrorOut)
SERVER_ANSWERS: Final = {
    status.value: {"description": status.phrase, "content": {"text/plain": {}}}
    for status in (
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    )
}
"""What the server says by itself of a request that no endpoint gets to see."""
DESCRIPTION: Final = """\
The market by request and response. Sign in as on the wire: with the session of a page of this
server, or as a program by HTTP Basic with the user's name and a token of `manage.py token USER`.
For live data subscribe to the channels of `/ws/v1/`; see /developers/."""
Symbol = Annotated[str, Field(max_length=64)]
Symbols = Annotated[str, Field(max_length=TEXT_CHARACTERS, description="NVX,ORB or *")]
Moment = Annotated[int, Field(ge=0, le=FOREVER_MS, description="UTC, ms, exchange's time")]


class BarQuery(Schema):
    """The parameters of a request for bars."""

    symbol: Symbol
    interval: schemas.Interval = "1m"
    begin: Moment = Field(0, alias="from")
    end: Moment = Field(FOREVER_MS, alias="to")
    limit: Annotated[int, Field(ge=1, le=MOST_BARS)] = PAGE
    corrections: Annotated[
        bool, Field(description="1: also say how often closed bars were amended")
    ] = False


def make_api(context: ApiContext) -> NinjaAPI:
    """Return the API, with its OpenAPI document and page."""
    api = NinjaAPI(
        title="Market",
        version="1",
        description=DESCRIPTION,
        urls_namespace="rest",
        # A link to each endpoint would stand inside the button that opens it.
        docs=Swagger(settings={"deepLinking": False}),
        docs_decorator=csp_update(
            {"img-src": [SELF, "data:"]}
        ),  # the arrows of its page are such images
    )
    api.add_router("", _router(context))
    api.exception_handler(RequestRefused)(lambda _, error: refused_response(error))
    api.exception_handler(UnknownSymbol)(lambda _, error: unknown_symbol(error))
    api.exception_handler(ValidationError)(lambda _, error: bad_parameter(error))
    return api


def _router(context: ApiContext) -> Router:
    router = Router(auth=context.admit, by_alias=True)
    endpoint = partial(router.get, openapi_extra={"responses": SERVER_ANSWERS})

    @endpoint("/instruments", response={200: schemas.InstrumentsOut, **ERRORS})
    async def instruments(
        request: HttpRequest,
        after: Symbol = "",
        limit: Annotated[int, Field(ge=1, le=PAGE)] = PAGE,
    ) -> HttpResponseBase:
        """Return a page of the listed instruments by symbol; it begins after the symbol `after`."""
        access = access_of(request)
        rows = {s: row for s, row in context.charts.seen(access).items() if s > read_symbol(after)}
        page = list(rows.items())[:limit]
        data = [msgspec.Raw(encode_instrument(s, row).encode()) for s, row in page]
        return cacheable_json(
            request, {"data": data, "after": page[-1][0] if len(rows) > limit else None}
        )

    # A path, as symbols may have a slash (BTC/USD).
    @endpoint("/instruments/{path:symbol}", response={200: schemas.InstrumentOut, **ERRORS})
    async def instrument(request: HttpRequest, symbol: Symbol) -> HttpResponseBase:
        """Return name, sector, tick size and phase of an instrument."""
        access = access_of(request)
        key, row = context.charts.find(symbol, access)
        return cacheable_json(request, msgspec.Raw(encode_instrument(key, row).encode()))

    @endpoint("/quotes", response={200: schemas.QuotesOut, **ERRORS})
    async def quotes(request: HttpRequest, symbols: Symbols) -> HttpResponse:
        """Return the values of symbols as they are now, with five levels of the book."""
        access = access_of(request)
        found, rejected = _rows(context, symbols, access)
        data = {symbol: _quote(row) for symbol, row in found.items()}
        position = context.position(access)
        return fresh_json({"position": position, "data": data, "rejected": rejected})

    @endpoint("/bars", response={200: schemas.BarsOut, **ERRORS})
    async def bars(request: HttpRequest, wanted: Query[BarQuery]) -> HttpResponseBase:
        """Return the newest bars that begin in [from, to), including the live one."""
        access = access_of(request)
        limit = wanted.limit
        # One more than wanted: it says whether there is a page before this one.
        asked = BarRequest(
            wanted.symbol, wanted.interval, wanted.begin, wanted.end, limit + 1, wanted.corrections
        )
        row, found, is_live, revisions, is_cut = await context.charts.bars(asked, access)
        data = [bar_of(row, bar, revisions.get(bar.start_ms, 0)) for bar in found[-limit:]]
        has_more = len(found) > limit or (is_cut and bool(data))
        return cacheable_json(request, {
            "s": read_symbol(wanted.symbol), "iv": wanted.interval, "data": data, "live": is_live,
            "before": data[0]["t"] if has_more else None,
        })  # fmt: skip

    @endpoint("/sparklines", response={200: schemas.SparklinesOut, **ERRORS})
    async def sparklines(request: HttpRequest, symbols: Symbols) -> HttpResponse:
        """Return the day so far of up to 100 symbols, each as a line of few points."""
        access = access_of(request)
        found, rejected = _rows(context, symbols, access)
        if len(found) > MOST_LINES:
            fact = f"limit is {MOST_LINES} symbols, was {len(found)}"
            raise RequestRefused(Error.TOO_MANY_SYMBOLS, fact)
        board = context.hub.replica.board
        keys = {access.key_of(symbol, board) or symbol: row for symbol, row in found.items()}
        lines = await Sparklines(context.hub).lines(keys)
        data = {
            shown(key): {
                "day": line.day_ms,
                "t": [minute for minute, _ in line.points],
                "c": [keys[key].price(close) for _, close in line.points],
            }
            for key, line in lines.items()
        }
        return fresh_json({"data": data, "rejected": rejected})

    @endpoint("/trades", response={200: schemas.TradesOut, **ERRORS})
    async def trades(
        request: HttpRequest,
        symbols: Symbols,
        limit: Annotated[int, Field(ge=1, le=MOST_TRADES)] = 50,
    ) -> HttpResponse:
        """Return the newest trades of symbols."""
        access = access_of(request)
        board = context.hub.replica.board
        found, rejected = _rows(context, symbols, access)
        keys = {key for key in (access.key_of(s, board) for s in found) if key is not None}
        newest = context.hub.replica.recent_trades(keys, limit)
        data = [msgspec.Raw(trade.dated().encode()) for trade in newest]
        position = context.position(access)
        return fresh_json({"position": position, "data": data, "rejected": rejected})

    return router


def _rows(
    context: ApiContext, symbols: str, access: Access
) -> tuple[dict[str, Row], dict[str, str]]:
    """Return the rows of the named symbols, and the reasons why others have none.

    Raises:
        RequestRefused: too many symbols are named.
    """
    # Between two commas in a row there is an empty text, which is no symbol.
    named = list(dict.fromkeys(filter(None, symbols.split(","))))
    if EVERYTHING in named:
        return context.charts.seen(access), {}
    if len(named) > SYMBOL_LIMIT:
        fact = f"limit is {SYMBOL_LIMIT} symbols, was {len(named)}"
        raise RequestRefused(Error.TOO_MANY_SYMBOLS, fact)
    found: dict[str, Row] = {}
    rejected: dict[str, str] = {}
    for name in named:
        try:
            key, row = context.charts.find(name, access)
            found[shown(key)] = row
        except UnknownSymbol:
            rejected[name[:LONGEST_SYMBOL]] = "unknown symbol"
    return found, rejected


def _quote(row: Row) -> dict[str, Any]:
    values = row.values
    found = {key: values[FIELD_INDEX[key]] for key in FIELDS}
    prices = {key: _price(row, found[key]) for key in FIELDS if key in PRICE_FIELDS}
    sizes = {key: _size(row, found[key]) for key in FIELDS if key in SIZE_FIELDS}
    others = {"ph": row.phase, "t": values[TS_EVENT]}
    return prices | sizes | others | book_of(row)


def _price(row: Row, ticks: Any) -> float | None:
    return None if ticks is None else row.price(ticks)


def _size(row: Row, lots: Any) -> msgspec.Raw | None:
    return None if lots is None else size_of(row, lots)


def bar_of(row: Row, bar: Bar, revision: int = 0) -> dict[str, Any]:
    """Return a bar in the prices of its instrument; one that was amended says how often."""
    price = row.price
    entry = {
        "t": bar.start_ms, "o": price(bar.open), "h": price(bar.high), "l": price(bar.low),
        "c": price(bar.close), "v": size_of(row, bar.volume), "n": bar.trades,
    }  # fmt: skip
    return entry | {"rev": revision} if revision else entry
