"""The market for charts that use UDF, TradingView's protocol for data from other servers.

Must not know how bars are put together. UDF has times in seconds and its own format of errors.
https://www.tradingview.com/charting-library-docs/latest/connecting_data/UDF/
"""

from typing import Annotated, Any, Final

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Query, Router, Schema
from ninja.errors import ValidationError
from pydantic import Field

from dashboard.api.charts import FOREVER_MS, MOST_BARS, BarRequest
from dashboard.api.context import ApiContext, access_of
from dashboard.api.responses import first_fault, fresh_json, refused_response
from dashboard.exceptions import UnknownSymbol
from dashboard.transports.gatekeeper import RequestRefused
from dashboard.wire.registry import SYMBOL_LIMIT
from feeds.market.board import ASK, BID, HIGH, LAST, LOW, OPEN, PREVIOUS_CLOSE, VOLUME, Row
from feeds.market.delayed_keys import delay_of, shown

RESOLUTIONS: Final = {
    "1S": "1s", "5S": "5s", "1": "1m", "5": "5m", "15": "15m", "60": "1h", "1D": "1d",
}  # fmt: skip
ALIASES: Final = {"D": "1D", "1H": "60", "S": "1S"}
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
    api.exception_handler(UnknownSymbol)(lambda _, __: _error("unknown_symbol"))
    api.exception_handler(ValidationError)(lambda _, error: _error(first_fault(error)))
    return api


def _refused(refused: RequestRefused) -> HttpResponse:
    """Return the error in UDF's format, with the status that the other transports use."""
    plain, answer = refused_response(refused), _error(str(refused))
    answer.status_code = plain.status_code
    if "Retry-After" in plain:
        answer["Retry-After"] = plain["Retry-After"]
    return answer


def _error(fact: str) -> HttpResponse:
    return fresh_json({"s": "error", "errmsg": fact})


def _router(context: ApiContext) -> Router:
    router = Router(auth=context.admit)

    @router.get("/config")
    async def config(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
        """Return what this server supports."""
        return fresh_json({
            "supports_search": True, "supports_group_request": False, "supports_marks": False,
            "supports_timescale_marks": False, "supports_time": True,
            "exchanges": [], "symbols_types": [], "supported_resolutions": list(RESOLUTIONS),
        })  # fmt: skip

    @router.get("/time")
    async def time(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
        """Return the time of the server, in seconds."""
        now_s = context.hub.clock.now_ms() // SECOND_MS
        return HttpResponse(str(now_s), content_type="text/plain")

    @router.get("/symbols")
    async def symbols(request: HttpRequest, symbol: Symbol) -> HttpResponse:
        """Return the description of a symbol that a chart needs."""
        access = access_of(request)
        return fresh_json(_symbol(context.charts.find(_symbol_of(symbol), access)[1]))

    @router.get("/search")
    async def search(
        request: HttpRequest,
        query: Symbol = "",
        limit: Annotated[int, Field(ge=0)] = FOUND,
    ) -> HttpResponse:
        """Return the symbols that begin with a text, then those with it in their name."""
        access = access_of(request)
        text = query.strip().casefold()
        rows = context.charts.seen(access)
        starts = [s for s in rows if s.casefold().startswith(text)]
        named = [s for s, row in rows.items() if text in row.definition.name.casefold()]
        found = list(dict.fromkeys([*starts, *named]))[: min(limit, FOUND)]
        return fresh_json([_match(symbol, rows[symbol]) for symbol in found])

    @router.get("/history")
    async def history(request: HttpRequest, asked: Query[UdfBarQuery]) -> HttpResponse:
        """Return the bars in [from, to), or the last `countback` before `to`."""
        access = access_of(request)
        wanted = _bar_request(asked)
        row, bars, _ = await context.charts.bars(wanted, access)
        if bars:
            return fresh_json(_table(row, bars))
        # A chart stops at an empty page unless it is told where the next older bars are.
        _, older, _ = await context.charts.bars(
            wanted._replace(from_ms=0, to_ms=max(0, SECOND_MS * asked.begin), limit=1), access
        )
        next_time = {"nextTime": older[-1].start_ms // SECOND_MS} if older else {}
        return fresh_json({"s": "no_data"} | next_time)

    @router.get("/quotes")
    async def quotes(
        request: HttpRequest, symbols: Annotated[str, Field(max_length=8_192)]
    ) -> HttpResponse:
        """Return the values of symbols as they are now."""
        access = access_of(request)
        named = list(filter(None, symbols.split(",")))
        if len(named) > SYMBOL_LIMIT:
            raise UdfError(f"limit is {SYMBOL_LIMIT} symbols, was {len(named)}")
        data = []
        for name in named:
            try:
                row = context.charts.find(_symbol_of(name), access)[1]
            except UnknownSymbol:
                data.append({"s": "error", "n": name[:64], "v": {}})
            else:
                data.append({"s": "ok", "n": name, "v": _values(row)})
        return fresh_json({"s": "ok", "d": data})

    return router


def _bar_request(asked: UdfBarQuery) -> BarRequest:
    """Return the request for the bars; `countback` takes precedence over `from`, as UDF demands.

    Raises:
        UdfError: the resolution is unknown.
    """
    interval = RESOLUTIONS.get(ALIASES.get(asked.resolution, asked.resolution))
    if interval is None:
        raise UdfError(f"resolution was {asked.resolution!r}")
    from_ms, to_ms = (max(0, SECOND_MS * second) for second in (asked.begin, asked.end))
    if asked.countback:
        from_ms = 0
    limit = min(MOST_BARS, asked.countback or MOST_BARS)
    return BarRequest(_symbol_of(asked.symbol), interval, from_ms, to_ms, limit)


def _symbol_of(name: str) -> str:
    """Return the symbol of a name, which may begin with the exchange: DEMO:NVX."""
    return name.rpartition(":")[2]


def _symbol(row: Row) -> dict[str, Any]:
    definition, feed = row.definition, shown(row.feed)
    steps, scale = definition.tick_size.as_integer_ratio()
    symbol, delay_s = shown(definition.symbol), 60 * delay_of(row.feed)
    return {
        "name": symbol, "ticker": symbol, "description": definition.name, "type": "stock",
        "exchange": feed, "listed_exchange": feed, "sector": definition.sector,
        "session": "24x7", "timezone": "Etc/UTC", "format": "price",
        "minmov": steps * 10**definition.decimals // scale, "pricescale": 10**definition.decimals,
        "has_intraday": True, "has_daily": True, "has_seconds": True,
        "seconds_multipliers": ["1", "5"], "intraday_multipliers": ["1", "5", "15", "60"],
        "supported_resolutions": list(RESOLUTIONS), "volume_precision": 0, "delay": delay_s,
        "data_status": "delayed_streaming" if delay_s else "streaming",
    }  # fmt: skip


def _match(symbol: str, row: Row) -> dict[str, str]:
    feed = shown(row.feed)
    return {
        "symbol": symbol, "full_name": f"{feed}:{symbol}", "ticker": symbol,
        "description": row.definition.name, "exchange": feed, "type": "stock",
    }  # fmt: skip


def _table(row: Row, bars: list[Any]) -> dict[str, Any]:
    """Return bars as columns."""
    price = row.price
    return {
        "s": "ok",
        "t": [bar.start_ms // SECOND_MS for bar in bars],
        "o": [price(bar.open) for bar in bars],
        "h": [price(bar.high) for bar in bars],
        "l": [price(bar.low) for bar in bars],
        "c": [price(bar.close) for bar in bars],
        "v": [bar.volume for bar in bars],
    }


def _values(row: Row) -> dict[str, Any]:
    """Return a quote in UDF's names; values that do not exist yet are left out."""
    names = {
        "lp": LAST, "bid": BID, "ask": ASK, "open_price": OPEN, "high_price": HIGH,
        "low_price": LOW, "prev_close_price": PREVIOUS_CLOSE,
    }  # fmt: skip
    found = {name: row.values[place] for name, place in names.items()}
    prices = {name: row.price(ticks) for name, ticks in found.items() if isinstance(ticks, int)}
    last, close = row.values[LAST], row.values[PREVIOUS_CLOSE]
    if isinstance(last, int) and isinstance(close, int):
        prices |= {"ch": row.price(last - close), "chp": round(100 * (last - close) / close, 2)}
    symbol = shown(row.definition.symbol)
    words = {
        "short_name": symbol, "exchange": shown(row.feed), "description": row.definition.name,
        "original_name": f"{shown(row.feed)}:{symbol}", "volume": row.values[VOLUME],
    }  # fmt: skip
    return prices | words
