"""The market for charts that use UDF, TradingView's protocol for data from other servers.

Must not know how bars are put together. UDF has times in seconds and its own format of errors.
https://www.tradingview.com/charting-library-docs/latest/connecting_data/UDF/
"""

import asyncio
from typing import Annotated, Any, Final

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Query, Router, Schema
from ninja.errors import ValidationError
from pydantic import Field

from dashboard.api.bar_search import BarSearch, TooManyBars
from dashboard.api.charts import FOREVER_MS, MOST_BARS
from dashboard.api.context import ApiContext, access_of
from dashboard.api.resolutions import Resolution, refusal_of, resolution_of
from dashboard.api.responses import (
    NOT_FOUND,
    TEXT_CHARACTERS,
    first_fault,
    fresh_json,
    no_endpoint_text,
    refused_response,
)
from dashboard.api.udf_descriptions import (
    STOCK,
    config_of,
    found_in,
    match_of,
    symbol_of,
    values_of,
)
from dashboard.exceptions import UnknownSymbol
from dashboard.people.access import Access
from dashboard.transports.gatekeeper import RequestRefused
from dashboard.wire.frames import size_of
from dashboard.wire.registry import SYMBOL_LIMIT
from feeds.market.bars import Bar
from feeds.market.board import Row
from feeds.market.delayed_keys import shown
from feeds.market.symbols import LONGEST_SYMBOL, read_symbol

FOUND: Final = 30
SECOND_MS: Final = 1000
LAST_S: Final = FOREVER_MS // SECOND_MS
Symbol = Annotated[str, Field(max_length=64)]
Seconds = Annotated[int, Field(ge=-LAST_S, le=LAST_S)]


class UdfBarQuery(Schema):
    """The parameters of a request for bars; a chart may send times before 1970."""

    symbol: Symbol
    resolution: Annotated[str, Field(max_length=8)]
    begin: Seconds = Field(0, alias="from")
    end: Seconds = Field(alias="to")
    countback: Annotated[int | None, Field(ge=0)] = None


class UdfError(Exception):
    """A request that UDF answers with an error text."""


def make_udf(context: ApiContext) -> NinjaAPI:
    """Return the UDF endpoints."""
    api = NinjaAPI(title="UDF", version="1", urls_namespace="udf", docs_url=None, openapi_url=None)
    api.add_router("", _router(context))
    api.exception_handler(RequestRefused)(lambda _, error: _refused(error))
    api.exception_handler(UdfError)(lambda _, error: _error(str(error)))
    api.exception_handler(TooManyBars)(lambda _, error: _error(str(error)))
    api.exception_handler(UnknownSymbol)(lambda _, __: _error("unknown_symbol"))
    api.exception_handler(ValidationError)(lambda _, error: _error(first_fault(error)))
    return api


async def _bar_answer(row: Row, bars: list[Bar]) -> HttpResponse:
    """Return bars as columns; many are written beside the event loop, which they would hold up."""
    if len(bars) <= MOST_BARS:
        return fresh_json(_table(row, bars))
    return await asyncio.to_thread(lambda: fresh_json(_table(row, bars)))


def _refused(refused: RequestRefused) -> HttpResponse:
    """Return the error in UDF's format, with the status that the other transports use."""
    plain, answer = refused_response(refused), _error(str(refused))
    answer.status_code = plain.status_code
    if "Retry-After" in plain:
        answer["Retry-After"] = plain["Retry-After"]
    return answer


async def no_udf_endpoint(request: HttpRequest) -> HttpResponse:
    """Return the error of an address at which there is no endpoint, in UDF's format."""
    answer = _error(no_endpoint_text(request))
    answer.status_code = NOT_FOUND
    return answer


def _error(fact: str) -> HttpResponse:
    return fresh_json({"s": "error", "errmsg": fact})


def _router(context: ApiContext) -> Router:
    router = Router(auth=context.admit)

    @router.get("/config")
    async def config(request: HttpRequest) -> HttpResponse:
        """Return what this server supports."""
        return fresh_json(config_of(context.feeds(access_of(request))))

    @router.get("/time")
    async def time(request: HttpRequest) -> HttpResponse:
        """Return the time of the bars, in seconds."""
        now_s = context.exchange_ms(access_of(request)) // SECOND_MS
        return HttpResponse(str(now_s), content_type="text/plain")

    @router.get("/symbols")
    async def symbols(request: HttpRequest, symbol: Symbol) -> HttpResponse:
        """Return the description of a symbol that a chart needs."""
        access = access_of(request)
        row = _find(context, symbol, access)
        feed = context.hub.replica.board.feeds.get(row.feed)
        return fresh_json(symbol_of(row, feed, context.hub.clock.now_ms()))

    @router.get("/search")
    async def search(
        request: HttpRequest,
        query: Symbol = "",
        type: Symbol = "",
        exchange: Symbol = "",
        limit: Annotated[int, Field(ge=0)] = FOUND,
    ) -> HttpResponse:
        """Return the symbols that begin with a text, those that have it, then those named so."""
        access = access_of(request)
        before, _, text = query.strip().casefold().rpartition(":")
        # A type that is not traded here must find nothing, and not count as "all types".
        is_known_type = type.strip().casefold() in ("", STOCK)
        seen = context.charts.seen(access) if is_known_type else {}
        feeds = {exchange.strip().casefold(), before.strip()} - {""}
        rows = {s: row for s, row in seen.items() if feeds <= {shown(row.feed).casefold()}}
        found = found_in(rows, text.strip())[:limit]
        return fresh_json([match_of(symbol, rows[symbol]) for symbol in found])

    @router.get("/history")
    async def history(request: HttpRequest, asked: Query[UdfBarQuery]) -> HttpResponse:
        """Return the bars in [from, to), or the last `countback` before `to`."""
        access, resolution = access_of(request), _resolution_of(asked.resolution)
        row = _find(context, asked.symbol, access)
        search = BarSearch(context.charts, access, _symbol_of(asked.symbol), resolution)
        # `countback` takes precedence over `from`, as UDF demands.
        from_ms, to_ms = (max(0, SECOND_MS * second) for second in (asked.begin, asked.end))
        bars = await search.bars(0 if asked.countback else from_ms, to_ms, asked.countback)
        if bars:
            return await _bar_answer(row, bars)
        # A chart stops at an empty page unless the answer says where the next older bars are.
        older = await search.bars(0, min(from_ms, to_ms), 1)
        next_time = {"nextTime": older[-1].start_ms // SECOND_MS} if older else {}
        return fresh_json({"s": "no_data"} | next_time)

    @router.get("/quotes")
    async def quotes(
        request: HttpRequest, symbols: Annotated[str, Field(max_length=TEXT_CHARACTERS)]
    ) -> HttpResponse:
        """Return the values of symbols as they are now."""
        access = access_of(request)
        named = list(filter(None, symbols.split(",")))
        if len(named) > SYMBOL_LIMIT:
            raise UdfError(f"limit is {SYMBOL_LIMIT} symbols, was {len(named)}")
        data = []
        for name in named:
            try:
                row = _find(context, name, access)
            except UnknownSymbol:
                # UDF has a status for each symbol, so one that is unknown spoils no others.
                data.append({"s": "error", "n": name[:64], "v": {}})
            else:
                data.append({"s": "ok", "n": name, "v": values_of(row)})
        return fresh_json({"s": "ok", "d": data})

    return router


def _resolution_of(spelled: str) -> Resolution:
    """Return a resolution by any of its spellings.

    Raises:
        UdfError: it is unknown.
    """
    resolution = resolution_of(spelled)
    if resolution is None:
        raise UdfError(refusal_of(spelled))
    return resolution


def _find(context: ApiContext, name: str, access: Access) -> Row:
    """Return the row of a name; one of another exchange is as unknown as one that does not exist.

    Raises:
        UnknownSymbol: the user sees no such symbol, or not on that exchange.
    """
    row = context.charts.find(_symbol_of(name), access)[1]
    exchange, mark, _ = name.rpartition(":")
    if mark and exchange.strip().casefold() != shown(row.feed).casefold():
        raise UnknownSymbol(f"symbol was {name[:LONGEST_SYMBOL]!r}")
    return row


def _symbol_of(name: str) -> str:
    """Return the symbol of a name, which may begin with the exchange: demo:nvx."""
    return read_symbol(name.rpartition(":")[2])


def _table(row: Row, bars: list[Bar]) -> dict[str, Any]:
    """Return bars as columns."""
    price = row.price
    return {
        "s": "ok",
        "t": [bar.start_ms // SECOND_MS for bar in bars],
        "o": [price(bar.open) for bar in bars],
        "h": [price(bar.high) for bar in bars],
        "l": [price(bar.low) for bar in bars],
        "c": [price(bar.close) for bar in bars],
        "v": [size_of(row, bar.volume) for bar in bars],
    }
