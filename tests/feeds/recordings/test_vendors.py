"""Tables of vendors are read or refused with the reason; docs/imports.md says which."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeds.exceptions import InvalidImport
from feeds.market.events import FeedState, Trade
from feeds.plan.calendars import utc_of
from feeds.plan.plans import FeedPlan
from feeds.recordings.csv_import import Table
from feeds.recordings.layout import TableKind
from feeds.recordings.recognition import Recognised
from feeds.recordings.survey import definitions_of
from feeds.recordings.table_files import recognise_file, rows_of
from feeds.recordings.vendors import headless_roles, vendor_of
from tests.feeds.recordings.vendor_tables import CASES, NOW_MS, Case
from tests.laws.sources import ROOT

PAGE = ROOT / "docs" / "imports.md"
TABLE = "| vendor | spelling | what happens |\n|---|---|---|\n"


def written(case: Case, folder: Path) -> Path:
    path = folder / "table"
    path.write_bytes(case.text if isinstance(case.text, bytes) else case.text.encode())
    return path


def read(path: Path, found: Recognised) -> tuple[list[Trade], list[str]]:
    """Return the trades of a table read as recognised, and the notes of the import."""
    with rows_of(path, found.layout.separator) as rows:
        definitions = definitions_of(rows, found.layout)
    plan = FeedPlan(
        feed="import", name="Import", state=FeedState.RUNNING, rate=1.0, seed=1,
        definitions=definitions,
    )  # fmt: skip
    table = Table(plan, found.layout, now_ms=NOW_MS, utc_of=utc_of(found.layout.zone))
    with rows_of(path, found.layout.separator) as rows:
        trades = [event for event in table.events(rows) if isinstance(event, Trade)]
    return trades, table.findings.lines()


def outcome(case: Case, folder: Path) -> str:
    """Return what happens to a table, in words."""
    path = written(case, folder)
    try:
        found = recognise_file(path, case.file_name, now_ms=NOW_MS)
        trades, lines = read(path, found)
    except InvalidImport as error:
        return f"refused: {error.faults[0][1]}"
    symbols = ", ".join(sorted({trade.symbol for trade in trades}))
    said = [f"trades of {symbols}: {len(trades)}", *found.notes, *lines]
    return "; ".join(said)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.vendor}, {case.spelling}")
def test_a_table_of_a_vendor_is_taken_whole_or_refused(case: Case, tmp_path: Path) -> None:
    path = written(case, tmp_path)
    if case.refusal:
        with pytest.raises(InvalidImport, match=r"rows? (is|are) wrong") as caught:
            read(path, recognise_file(path, case.file_name, now_ms=NOW_MS))
        assert case.refusal in str(caught.value)
        return
    found = recognise_file(path, case.file_name, now_ms=NOW_MS)
    assert found.vendor == ("" if case.unknown else case.vendor)
    trades, _ = read(path, found)
    first = datetime.fromtimestamp(trades[0].ts_event / 1000, UTC)
    assert (len(trades), f"{first:%Y-%m-%d %H:%M}") == (case.trades, case.first)


def test_the_page_says_what_happens_to_each(tmp_path: Path) -> None:
    rows = "".join(
        f"| {case.vendor} | {case.spelling} | {outcome(case, tmp_path).replace('|', '/')} |\n"
        for case in CASES
    )
    assert TABLE + rows in PAGE.read_text(), f"write into {PAGE.name}:\n{TABLE}{rows}"


BARS_OF_TWO_DAYS = "{},Open,High,Low,Close,Volume\n{},1,2,1,2,100\n{},1,2,1,2,100\n"


@pytest.mark.parametrize("name", ["Quand", "D\u00e4te", "", "x", "Kurs"])
def test_a_table_whose_times_have_an_unknown_name_is_shown_without_them(name, tmp_path) -> None:
    """The mapping step then asks which column it is."""
    path = tmp_path / "NVX.csv"
    path.write_text(BARS_OF_TWO_DAYS.format(name, "2026-01-05", "2026-01-06"))
    for encoding in ("utf-8", "latin-1"):
        path.write_bytes(BARS_OF_TWO_DAYS.format(name, "2026-01-05", "2026-01-06").encode(encoding))
        found = recognise_file(path, path.name, now_ms=NOW_MS)
        assert "time" in found.layout.missing()


@pytest.mark.parametrize(
    ("first", "second", "is_noted"),
    [
        ("01/10/2026 9:30", "02/10/2026 9:30", True),
        ("1-2-2026", "2-2-2026", True),
        ("13/10/2026", "14/10/2026", False),
        ("01/13/2026", "01/14/2026", False),
        ("01.10.2026", "02.10.2026", False),
        ("2026-10-01", "2026-10-02", False),
        ("01/01/2026", "02/02/2026", False),
    ],
)
def test_a_date_with_two_readings_is_noted(first, second, is_noted, tmp_path) -> None:
    path = tmp_path / "NVX.csv"
    path.write_text(BARS_OF_TWO_DAYS.format("Date", first, second))
    found = recognise_file(path, path.name, now_ms=NOW_MS)
    assert any("month first" in note for note in found.notes) is is_noted


@pytest.mark.parametrize(
    ("separator", "price", "decimal", "is_noted"),
    [
        (",", '"1,100"', ".", False),
        (",", '"1,10"', ",", False),
        (";", "1,100", ",", True),
        (";", "1,1721", ",", False),
        (";", "1.100", ".", False),
    ],
)
def test_a_comma_before_three_digits_is_not_taken_for_decimals_in_silence(
    separator: str, price: str, decimal: str, is_noted: bool, tmp_path: Path
) -> None:
    """1,100 may be a thousand and a hundred: prices would be a thousandth of what they were."""
    path, names = tmp_path / "NVX.csv", ("Date", "Open", "High", "Low", "Close", "Volume")
    rows = [names, *(("2026-01-0" + day, *[price] * 4, "400") for day in "56")]
    path.write_text("".join(separator.join(row) + "\n" for row in rows))
    found = recognise_file(path, path.name, now_ms=NOW_MS)
    assert found.layout.decimal == decimal
    assert any("decimal comma" in note for note in found.notes) is is_noted


def test_times_with_a_fraction_of_a_second_need_no_zone(tmp_path: Path) -> None:
    path = tmp_path / "NVX.csv"
    path.write_text("time,price,size\n1767225600000.0,1,5\n1767225600123.5,1,5\n")
    found = recognise_file(path, path.name, now_ms=NOW_MS)
    assert (found.layout.zone, found.notes) == ("", ())


def test_days_with_names_of_months_are_days(tmp_path: Path) -> None:
    path = tmp_path / "NVX.csv"
    path.write_text(BARS_OF_TWO_DAYS.format("Date", '"Jan 05, 2026"', '"Jan 06, 2026"'))
    found = recognise_file(path, path.name, now_ms=NOW_MS)
    assert (found.layout.interval_s, found.notes) == (86_400, ())
    trades, _ = read(path, found)
    assert [trade.ts_event // 86_400_000 for trade in trades][::4] == [20_458, 20_459]


KLINES = {"time": 0, "open": 1, "high": 2, "low": 3, "close": 4, "volume": 5}
TRADES = {"price": 1, "size": 2, "time": 4, "is_buyer_maker": 5}
AGGREGATES = {"price": 1, "size": 2, "time": 5, "is_buyer_maker": 6}
META = {"time": 0, "clock": 1, "open": 2, "high": 3, "low": 4, "close": 5, "volume": 6}


@pytest.mark.parametrize(
    ("width", "cells", "vendor", "columns"),
    [
        (12, {}, "Binance klines", KLINES),
        (11, {}, "Binance klines", KLINES),
        (12, {5: "True"}, "", {}),
        (13, {}, "", {}),
        (10, {}, "", {}),
        (6, {5: "True"}, "Binance trades", TRADES),
        (7, {5: "false", 6: "TRUE"}, "Binance trades", TRADES),
        (8, {5: "True"}, "", {}),
        (7, {6: "False"}, "Binance aggregated trades", AGGREGATES),
        (8, {6: "true", 7: "true"}, "Binance aggregated trades", AGGREGATES),
        (9, {6: "true"}, "", {}),
        (7, {1: "09:30"}, "MetaTrader", META),
        (7, {}, "", {}),
        (8, {1: "09:30"}, "", {}),
        (6, {}, "", KLINES),
        (6, {4: "true"}, "", KLINES),
        (5, {}, "", {}),
        (5, {4: "true"}, "", {}),
    ],
)
def test_a_table_without_a_header_is_known_by_its_width_and_its_flags(
    width: int, cells: dict[int, str], vendor: str, columns: dict[str, int]
) -> None:
    row = [cells.get(place, "1") for place in range(width)]
    kind = TableKind.BARS if "open" in columns else TableKind.TRADES
    assert headless_roles(row) == (vendor, kind, columns)


@pytest.mark.parametrize(
    ("header", "vendor"),
    [
        ("<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<VOL>,<OPENINT>", "Stooq"),
        ("Date,Open,High,Low,Close,Adj Close,Volume", "Yahoo"),
        ("Date,Close,Dividends,Stock Splits", "Yahoo"),
        ("open_time,open,close_time", "Binance klines"),
        ("id,price,qty,quote_qty,time,is_buyer_maker", "Binance trades"),
        ("agg_trade_id,price,quantity,transact_time", "Binance aggregated trades"),
        ("Gmt time,Open", "Dukascopy"),
        ("Local time,Open", "Dukascopy"),
        ("timestamp,open,trade_count,vwap", "Alpaca bars"),
        ("t,o,h,l,c,v,n,vw", "Alpaca bars"),
        ("timestamp,price,size,conditions", "Alpaca trades"),
        ("t,p,s,x", "Alpaca trades"),
        ("unix,date,symbol,open", "CryptoDataDownload"),
        ("Timestamp,Open,Volume_(BTC),Weighted_Price", "Kaggle (Bitcoin)"),
        ("date,open,high,low,close,volume,Name", "Kaggle (S&P 500)"),
        ("<DATE>,<TIME>,<OPEN>,<TICKVOL>", "MetaTrader"),
        ("time,price,size", ""),
        ("Adj,Close", ""),
        ("", ""),
    ],
)
def test_a_vendor_is_known_by_the_names_of_its_columns(header: str, vendor: str) -> None:
    assert vendor_of(header.split(",")) == vendor
