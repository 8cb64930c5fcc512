"""REST, version 1: instruments, quotes, bars and trades of what somebody may see.

Must not know how bars are put together or who is let in.
"""

from typing import Annotated, Any, Final, cast

import msgspec
from csp.constants import SELF
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from ninja import NinjaAPI, Query, Router, Schema
from ninja.errors import ValidationError
from pydantic import Field

from dashboard.api import schemas
from dashboard.api.charts import FOREVER_MS, MOST_BARS, Charts, Wanted
from dashboard.api.responses import (
    SYMBOL_CHARACTERS,
    bad,
    cacheable,
    fresh,
    let_in,
    refusal,
    unknown,
)
from dashboard.delivery.hub import Hub
from dashboard.exceptions import UnknownSymbol
from dashboard.people.access import Access
from dashboard.transports.http import Gatekeeper, RequestRefused
from dashboard.wire.frames import encode_instrument
from dashboard.wire.registry import EVERYTHING, FIELDS, SYMBOL_LIMIT, Error
from feeds.market.bars import Bar
from feeds.market.board import (
    ASK,
    ASK_SIZE,
    BID,
    BID_SIZE,
    HIGH,
    LAST,
    LOW,
    OPEN,
    PHASE,
    PREVIOUS_CLOSE,
    TS_EVENT,
    VOLUME,
    Row,
)
from feeds.market.events import Levels

PAGE: Final = 500
MOST_TRADES: Final = 500
LEVELS: Final = 5
TEXT_CHARACTERS: Final = 8_192
"""Of a list of symbols: 500 of twelve letters fit."""
_PRICES: Final = {
    "p": LAST, "b": BID, "a": ASK, "o": OPEN, "h": HIGH, "l": LOW, "pc": PREVIOUS_CLOSE,
}  # fmt: skip
_PLAIN: Final = {"bs": BID_SIZE, "as": ASK_SIZE, "v": VOLUME, "ph": PHASE, "t": TS_EVENT}
ERRORS: Final = dict.fromkeys((400, 401, 403, 404, 429, 503), schemas.ErrorOut)
DESCRIPTION: Final = """\
The market by question and answer. Sign in as on the wire: by the session of a page of this server,
or as a program by HTTP Basic with the name of the user and a token of `manage.py token USER`. For
what happens next there are the channels of `/ws/v1/`; see /developers/."""
Symbol = Annotated[str, Field(max_length=64)]
Symbols = Annotated[str, Field(max_length=TEXT_CHARACTERS, description="NVX,ORB or *")]
Moment = Annotated[int, Field(ge=0, le=FOREVER_MS, description="UTC, ms, exchange's time")]


class WantedBars(Schema):
    """Which bars, as the query says it."""

    symbol: Symbol
    interval: schemas.Interval = "1m"
    begin: Moment = Field(0, alias="from")
    end: Moment = Field(FOREVER_MS, alias="to")
    limit: Annotated[int, Field(ge=1, le=MOST_BARS)] = PAGE


class RestMarket:
    """What the operations need: the hub's board, its bars, and a gatekeeper that lets people in."""

    def __init__(self, hub: Hub, gatekeeper: Gatekeeper, charts: Charts) -> None:
        self.hub = hub
        self.gatekeeper = gatekeeper
        self.charts = charts

    async def admit(self, request: HttpRequest) -> Access:
        """Return what who asks may see, before anything else that was asked is looked at.

        Raises:
            RequestRefused: nobody is signed in, there are too many requests, or no market yet.
        """
        identity = await let_in(self.gatekeeper, request)
        if not self.hub.replica.epoch:
            raise RequestRefused(Error.UNAVAILABLE, "the market has not begun")
        return identity.access

    def position(self, access: Access) -> str:
        """Return where the market stands."""
        return str(access.to_reader(self.hub.replica.position))


def access_of(request: HttpRequest) -> Access:
    """Return what who asks may see, once admitted."""
    access: Access = cast(Any, request).auth
    return access


def make_api(market: RestMarket) -> NinjaAPI:
    """Return the API of a market."""
    api = NinjaAPI(
        title="Market",
        version="1",
        description=DESCRIPTION,
        urls_namespace="rest",
        docs_decorator=csp_update({"img-src": [SELF, "data:"]}),  # its arrows are such images
    )
    api.add_router("", _router(market))
    answer_errors(api)
    return api


def answer_errors(api: NinjaAPI) -> None:
    """Answer with errors of the wire, whatever is wrong."""
    api.exception_handler(RequestRefused)(lambda _, error: refusal(error))
    api.exception_handler(UnknownSymbol)(lambda _, error: unknown(error))
    api.exception_handler(ValidationError)(lambda _, error: bad(fact_of(error)))


def fact_of(error: ValidationError) -> str:
    """Return the first thing that is wrong with the parameters."""
    first: dict[str, Any] = error.errors[0]
    return f"{first['loc'][-1]}: {first['msg']}"[:200]


def _router(market: RestMarket) -> Router:
    router = Router(auth=market.admit, by_alias=True)

    @router.get("/instruments", response={200: schemas.InstrumentsOut, **ERRORS})
    async def instruments(
        request: HttpRequest,
        after: Symbol = "",
        limit: Annotated[int, Field(ge=1, le=PAGE)] = PAGE,
    ) -> HttpResponseBase:
        """Return what is listed, by symbol; `after` is where the last page ended."""
        access = access_of(request)
        rows = {s: row for s, row in market.charts.seen(access).items() if s > after}
        page = list(rows.items())[:limit]
        data = [msgspec.Raw(encode_instrument(s, row).encode()) for s, row in page]
        return cacheable(
            request, {"data": data, "after": page[-1][0] if len(rows) > limit else None}
        )

    @router.get("/instruments/{symbol}", response={200: schemas.InstrumentOut, **ERRORS})
    async def instrument(request: HttpRequest, symbol: Symbol) -> HttpResponseBase:
        """Return one instrument."""
        access = access_of(request)
        key, row = market.charts.find(symbol, access)
        return cacheable(request, msgspec.Raw(encode_instrument(key, row).encode()))

    @router.get("/quotes", response={200: schemas.QuotesOut, **ERRORS})
    async def quotes(request: HttpRequest, symbols: Symbols) -> HttpResponse:
        """Return the values of symbols as they are now, with five levels of the book."""
        access = access_of(request)
        found, rejected = _rows(market, symbols, access)
        data = {symbol: _quote(row) for symbol, row in found.items()}
        position = market.position(access)
        return fresh({"position": position, "data": data, "rejected": rejected})

    @router.get("/bars", response={200: schemas.BarsOut, **ERRORS})
    async def bars(request: HttpRequest, wanted: Query[WantedBars]) -> HttpResponseBase:
        """Return the newest bars that begin in [from, to), the live one too."""
        access = access_of(request)
        limit = wanted.limit
        asked = Wanted(wanted.symbol, wanted.interval, wanted.begin, wanted.end, limit + 1)
        row, found, is_live = await market.charts.bars(asked, access)
        data = [bar_of(row, bar) for bar in found[-limit:]]
        has_more = len(found) > limit
        return cacheable(request, {
            "s": wanted.symbol, "iv": wanted.interval, "data": data, "live": is_live,
            "before": data[0]["t"] if has_more else None,
        })  # fmt: skip

    @router.get("/trades", response={200: schemas.TradesOut, **ERRORS})
    async def trades(
        request: HttpRequest,
        symbols: Symbols,
        limit: Annotated[int, Field(ge=1, le=MOST_TRADES)] = 50,
    ) -> HttpResponse:
        """Return the newest trades of symbols."""
        access = access_of(request)
        board = market.hub.replica.board
        found, _ = _rows(market, symbols, access)
        keys = {key for key in (access.key_of(s, board) for s in found) if key is not None}
        newest = market.hub.replica.recent_trades(keys, limit)
        data = [msgspec.Raw(trade.dated().encode()) for trade in newest]
        return fresh({"position": market.position(access), "data": data})

    return router


def _rows(
    market: RestMarket, symbols: str, access: Access
) -> tuple[dict[str, Row], dict[str, str]]:
    """Return the rows of the symbols that are named, and why some are not there.

    Raises:
        RequestRefused: too many are named.
    """
    named = list(dict.fromkeys(one for one in symbols.split(",") if one))
    if EVERYTHING in named:
        return market.charts.seen(access), {}
    if len(named) > SYMBOL_LIMIT:
        raise RequestRefused(Error.TOO_MANY_SYMBOLS, f"limit is {SYMBOL_LIMIT}, was {len(named)}")
    found: dict[str, Row] = {}
    rejected: dict[str, str] = {}
    for symbol in named:
        try:
            found[symbol] = market.charts.find(symbol, access)[1]
        except UnknownSymbol:
            rejected[symbol[:SYMBOL_CHARACTERS]] = "unknown symbol"
    return found, rejected


def _quote(row: Row) -> dict[str, Any]:
    values = row.values
    prices = {key: _price(row, values[_PRICES[key]]) for key in FIELDS if key in _PRICES}
    plain = {key: values[place] for key, place in _PLAIN.items()}
    bids = _levels(row, values[BID], values[BID_SIZE], row.bids)
    asks = _levels(row, values[ASK], values[ASK_SIZE], row.asks)
    return prices | plain | {"bids": bids, "asks": asks}


def _levels(row: Row, best: Any, size: Any, behind: Levels) -> list[tuple[float, int]]:
    if best is None:
        return []
    levels = (best, size, *behind)
    return list(zip(map(row.price, levels[::2]), levels[1::2], strict=True))[:LEVELS]


def _price(row: Row, ticks: Any) -> float | None:
    return None if ticks is None else row.price(ticks)


def bar_of(row: Row, bar: Bar) -> dict[str, Any]:
    """Return a bar in the prices of its instrument."""
    price = row.price
    return {
        "t": bar.start_ms, "o": price(bar.open), "h": price(bar.high), "l": price(bar.low),
        "c": price(bar.close), "v": bar.volume, "n": bar.trades,
    }  # fmt: skip
