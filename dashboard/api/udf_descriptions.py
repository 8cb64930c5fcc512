"""What UDF says of this server, its symbols and their values.

Pure. Must not know who asks, or the bars.
"""

from collections.abc import Iterable
from typing import Any, Final

from dashboard.api.resolutions import INTRADAY, RESOLUTIONS, SECONDS
from feeds.market.board import ASK, BID, HIGH, LAST, LOW, OPEN, PREVIOUS_CLOSE, VOLUME, Row
from feeds.market.delayed_keys import delay_of, shown
from feeds.market.events import FeedStatus
from feeds.plan.calendars import EXCHANGES, Exchange, closed_days, date_at
from feeds.plan.schedules import Segment

STOCK: Final = "stock"
"""The only type of symbols here, in UDF's word."""
ROUND_THE_CLOCK: Final = "24x7"
_EXCHANGE_BY_NAME: Final = {exchange.name: exchange for exchange in EXCHANGES.values()}


def config_of(feeds: Iterable[FeedStatus]) -> dict[str, Any]:
    """Return what this server supports; `feeds` are those that the user may know."""
    exchanges = [
        {"value": shown(feed.feed), "name": feed.name, "desc": feed.name} for feed in feeds
    ]
    return {
        "supports_search": True, "supports_group_request": False, "supports_marks": False,
        "supports_timescale_marks": False, "supports_time": True,
        "exchanges": [{"value": "", "name": "All exchanges", "desc": ""}, *exchanges],
        "symbols_types": [{"name": "All types", "value": ""}, {"name": "Stock", "value": STOCK}],
        "supported_resolutions": list(RESOLUTIONS),
    }  # fmt: skip


def symbol_of(row: Row, feed: FeedStatus | None, now_ms: int) -> dict[str, Any]:
    """Return what a chart must know of a symbol; `now_ms` is the exchange's time."""
    definition, slug = row.definition, shown(row.feed)
    steps, scale = definition.tick_size.as_integer_ratio()
    symbol, delay_s = shown(definition.symbol), 60 * delay_of(row.feed)
    return {
        "name": symbol, "ticker": symbol, "full_name": f"{slug}:{symbol}",
        "description": definition.name, "type": STOCK,
        "exchange": slug, "listed_exchange": slug, "sector": definition.sector,
        **_hours_of(feed, now_ms), "format": "price",
        "minmov": steps * 10**definition.decimals // scale, "pricescale": 10**definition.decimals,
        "has_intraday": True, "has_daily": True, "has_weekly_and_monthly": True,
        "has_seconds": True, "seconds_multipliers": SECONDS, "intraday_multipliers": INTRADAY,
        "supported_resolutions": list(RESOLUTIONS), "volume_precision": 0, "delay": delay_s,
        "data_status": "delayed_streaming" if delay_s else "streaming",
    }  # fmt: skip


def match_of(symbol: str, row: Row) -> dict[str, str]:
    """Return a symbol that was found."""
    feed = shown(row.feed)
    return {
        "symbol": symbol, "full_name": f"{feed}:{symbol}", "ticker": symbol,
        "description": row.definition.name, "exchange": feed, "type": STOCK,
    }  # fmt: skip


def values_of(row: Row) -> dict[str, Any]:
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


def _hours_of(feed: FeedStatus | None, now_ms: int) -> dict[str, str]:
    """Return zone and session; a feed without an exchange's hours trades round the clock in UTC."""
    exchange = None if feed is None else _EXCHANGE_BY_NAME.get(feed.exchange)
    if exchange is None:
        return {"timezone": "Etc/UTC", "session": ROUND_THE_CLOCK, "session_holidays": ""}
    return {
        "timezone": exchange.zone,
        "session": _session_of(exchange),
        "session_holidays": _holidays_of(exchange, now_ms),
    }


def _session_of(exchange: Exchange) -> str:
    """Return when trades may happen, as 0930-1601.

    The closing auction trades at its very end, and UDF's sessions end before theirs: so the minute
    that this trade begins is in the session, too.
    """
    begin, close = exchange.starts[Segment.CONTINUOUS], exchange.starts[Segment.CLOSED]
    return f"{begin:%H%M}-{close.replace(minute=close.minute + 1):%H%M}"


def _holidays_of(exchange: Exchange, now_ms: int) -> str:
    """Return the holidays of last year, this year and the next, as 20260101,20260119."""
    year = date_at(exchange, now_ms).year
    days = closed_days(exchange.code, year - 1, year + 1)
    return ",".join(f"{day:%Y%m%d}" for day in sorted(days) if day.weekday() < 5)
