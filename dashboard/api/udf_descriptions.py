"""What UDF says of this server, its symbols and their values.

Pure. Must not know who asks, or the bars.
"""

from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from typing import Any, Final, cast

from dashboard.api.resolutions import INTRADAY, MONTHS, RESOLUTIONS, SECONDS
from dashboard.wire.frames import size_of
from feeds.market.board import ASK, BID, HIGH, LAST, LOW, OPEN, PREVIOUS_CLOSE, VOLUME, Row
from feeds.market.delayed_keys import delay_of, shown
from feeds.market.events import FeedStatus
from feeds.market.lots import decimals_of
from feeds.plan.calendars import EXCHANGES, Exchange, date_at, early_dates, trading_dates
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
    """Return what a chart must know of a symbol; `now_ms` is our time, and its feed has its own."""
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
        "monthly_multipliers": MONTHS, "supported_resolutions": list(RESOLUTIONS), "delay": delay_s,
        "volume_precision": decimals_of(definition.lot_size),
        "data_status": "delayed_streaming" if delay_s else "streaming",
    }  # fmt: skip


def found_in(rows: Mapping[str, Row], text: str) -> list[str]:
    """Return the symbols that begin with a text in small letters, those that have it elsewhere,
    then those with it in their names."""
    starts = [symbol for symbol in rows if symbol.casefold().startswith(text)]
    parts = [symbol for symbol in rows if text in symbol.casefold()]
    named = [symbol for symbol, row in rows.items() if text in row.definition.name.casefold()]
    return list(dict.fromkeys([*starts, *parts, *named]))


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
        "original_name": f"{shown(row.feed)}:{symbol}",
        "volume": size_of(row, cast(int, row.values[VOLUME])),
    }  # fmt: skip
    return prices | words


def _hours_of(feed: FeedStatus | None, now_ms: int) -> dict[str, str]:
    """Return zone and session; a feed without an exchange's hours trades round the clock in UTC."""
    exchange = None if feed is None else _EXCHANGE_BY_NAME.get(feed.exchange)
    if feed is None or exchange is None:
        return {"timezone": "Etc/UTC", "session": ROUND_THE_CLOCK, "session_holidays": ""}
    year = date_at(exchange, feed.exchange_at(now_ms)).year
    return {
        "timezone": exchange.zone,
        "session": _session_of(exchange, exchange.starts[Segment.CLOSED]),
        "session_holidays": _holidays_of(exchange, year),
        **_early_closes_of(exchange, year),
    }


def _session_of(exchange: Exchange, close: time) -> str:
    """Return when trades may happen, as 0930-1601.

    The closing auction trades at its very end, and UDF's sessions end before theirs: so the minute
    that this trade begins is in the session, too.
    """
    begin = exchange.starts[Segment.CONTINUOUS]
    return f"{begin:%H%M}-{close.replace(minute=close.minute + 1):%H%M}"


def _holidays_of(exchange: Exchange, year: int) -> str:
    """Return the holidays of the year before, this one and the next, as 20260101,20260119."""
    traded = {day for each in _around(year) for day in trading_dates(exchange.code, each)}
    first, last = date(year - 1, 1, 1), date(year + 1, 12, 31)
    days = (first + timedelta(days=passed) for passed in range((last - first).days + 1))
    # The session of UDF has no weekends anyway.
    return _listed(day for day in days if day.weekday() < 5 and day not in traded)


def _early_closes_of(exchange: Exchange, year: int) -> dict[str, str]:
    """Return the sessions of half days, as 0930-1301:20261127,20261224; nothing without any."""
    early = [day for each in _around(year) for day in early_dates(exchange, each)]
    if exchange.early_close is None or not early:
        return {}
    return {"corrections": f"{_session_of(exchange, exchange.early_close)}:{_listed(early)}"}


def _around(year: int) -> range:
    return range(year - 1, year + 2)


def _listed(days: Iterable[date]) -> str:
    return ",".join(f"{day:%Y%m%d}" for day in days)
