"""Every row of a table is taken, or all wrong rows are named with their lines."""

import csv
import io
import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from feeds.exceptions import InvalidImport
from feeds.market.events import Event, FeedState, FeedStatus, Listing, Phase, Side, Status, Trade
from feeds.market.instruments import Definition
from feeds.market.parsing import parse_rfc3339
from feeds.plan.calendars import utc_of
from feeds.plan.plans import FeedPlan
from feeds.recordings.csv_import import CsvRows, Table
from feeds.recordings.faults import Fault
from feeds.recordings.layout import Layout, TableKind
from feeds.recordings.survey import definitions_of
from feeds.recordings.table_times import TimeReader, Unit
from tests.support.market_script import definition

PLAN = FeedPlan(
    feed="demo",
    name="Demo",
    state=FeedState.CLOSED,
    rate=5.0,
    seed=1,
    definitions=(definition("NVX"), definition("ORB", tick="0.05")),
)
NOW_MS = 1_795_000_000_000
BASE = 1_767_225_600_000
"""2026-01-01T00:00:00Z, on every grid."""
TRADES = "time,symbol,price,size\n"
BARS = "time,symbol,open,high,low,close,volume\n"


def at(ms: int) -> int:
    return BASE + ms


def shifted(text: str) -> str:
    """Put the small numbers at the start of lines into the window of times."""
    return re.sub(r"^(\d{1,5})(?=,)", lambda found: str(at(int(found[1]))), text, flags=re.M)


def read(text: str, kind: TableKind = TableKind.TRADES, *, interval_s: int = 60) -> list[Event]:
    lines = io.StringIO(shifted(text), newline="")
    table = Table(PLAN, Layout(kind=kind, interval_s=interval_s), now_ms=NOW_MS)
    return list(table.events(CsvRows(lines)))


def trades(text: str, kind: TableKind = TableKind.TRADES, **how: int) -> list[Trade]:
    return [event for event in read(text, kind, **how) if isinstance(event, Trade)]


def faults(text: str, kind: TableKind = TableKind.TRADES) -> list[tuple[int, str]]:
    with pytest.raises(InvalidImport) as caught:
        read(text, kind)
    return caught.value.faults


def test_the_instruments_come_first_and_are_open() -> None:
    events = read(TRADES + "1000,NVX,1.01,5\n")
    assert events == [
        FeedStatus("demo", "Demo", FeedState.RUNNING, 5.0, "", at(1000)),
        *(
            event
            for instrument in PLAN.definitions
            for event in (
                Listing("demo", instrument, at(1000)),
                Status(instrument.symbol, Phase.OPEN, "", at(1000)),
            )
        ),
        Trade("NVX", 101, 5, Side.BUY, at(1000), at(1000)),
    ]


def test_a_table_as_the_standard_has_it_is_read() -> None:
    text = (
        '"size","SYMBOL",time,price,Side\r\n'
        '5.0,NVX,2026-01-01T00:00:01Z,"1.01",SELL\r\n'
        '5.0,"ORB",2026-01-01T00:00:01.5+00:00,1.0500,b\r\n'
        f"5.0,NVX,{at(1500)},2,\r\n"
    )
    assert trades(text) == [
        Trade("NVX", 101, 5, Side.SELL, at(1000), at(1000)),
        Trade("ORB", 21, 5, Side.BUY, at(1500), at(1500)),
        Trade("NVX", 200, 5, Side.BUY, at(1500), at(1500)),
    ]


def test_a_missing_side_is_that_of_the_last_change_of_price() -> None:
    prices = (100, 101, 101, 99, 99, 100)
    text = TRADES + "".join(f"{n},NVX,{price / 100},1\n" for n, price in enumerate(prices))
    sides = "".join(trade.side[0] for trade in trades(text))
    assert sides == "BBBSSB"


@pytest.mark.parametrize(
    ("column", "cell", "expected"),
    [("side", "UP", "BUY, SELL or nothing"), ("is_buyer_maker", "BUY", "true or false")],
)
def test_another_side_is_refused_with_those_that_there_are(
    column: str, cell: str, expected: str
) -> None:
    columns = {"time": 0, "price": 1, "size": 2, column: 3}
    layout = Layout(kind=TableKind.TRADES, columns=columns, symbol="NVX")
    text = f"Time,Price,Size,Taker\n{at(1)},1.01,5,{cell}\n"
    with pytest.raises(InvalidImport) as caught:
        list(Table(PLAN, layout, now_ms=NOW_MS).events(CsvRows(io.StringIO(text))))
    assert caught.value.faults == [(2, f"Taker was {cell!r}, expected {expected}")]


@pytest.mark.parametrize(
    ("cell", "side"),
    [("true", Side.SELL), ("1", Side.SELL), ("FALSE", Side.BUY), ("0", Side.BUY), ("", Side.BUY)],
)
def test_a_trade_whose_buyer_had_waited_was_a_sale(cell: str, side: Side) -> None:
    columns = {"time": 0, "price": 1, "size": 2, "is_buyer_maker": 3}
    layout = Layout(kind=TableKind.TRADES, columns=columns, symbol="NVX", has_header=False)
    table = Table(PLAN, layout, now_ms=NOW_MS)
    *_, found = table.events(CsvRows(io.StringIO(f"{at(1)},1.01,5,{cell}\n")))
    assert found == Trade("NVX", 101, 5, side, at(1), at(1))


def test_blank_lines_are_no_rows() -> None:
    assert len(trades(TRADES + "\n1,NVX,1.01,5\n\n2,NVX,1.01,5\n\n")) == 2


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("x,NVX,1.01,5", "time was 'x'"),
        ("2026-02-30T00:00:00Z,NVX,1.01,5", "no calendar"),
        ("1,ZED,1.01,5", "'ZED' is no instrument of feed demo"),
        ("1,,1.01,5", "'' is no instrument"),
        ("1,NVX\ufffd,1.01,5", "is no instrument"),
        ("1,NVX,1.015,5", "price was 1.015, expected a multiple of 0.01"),
        ("1,ORB,1.01,5", "expected a multiple of 0.05"),
        ("1,NVX,0,5", "price was 0"),
        ("1,NVX,-1,5", "price was '-1'"),
        ("1,NVX,NaN,5", "price was 'NaN'"),
        ("1,NVX,1e3,5", "price was '1e3'"),
        ("1,NVX,١,5", "price was '١'"),
        ("1,NVX,,5", "price was ''"),
        ("1,NVX,9999999999999999,5", "price was '9999999999999999'"),
        ("1,NVX,999999999999999,5", "expected above 0 to 1000000000000"),
        ("1,NVX,1.01,0", "size was 0"),
        ("1,NVX,1.01,1.5", "size was 1.5, expected a whole number"),
        ("1,NVX,1.01,-5", "size was '-5'"),
        ("1,NVX,1.01", "3 columns, expected 4"),
        ("1,NVX,1.01,5,6", "5 columns, expected 4"),
        ('1,"NVX"x,1.01,5', "',' expected after '\"'"),
    ],
)
def test_a_row_that_cannot_be_taken_is_reported_with_its_line(row: str, fault: str) -> None:
    [(line, message)] = faults(f"{TRADES}0,NVX,1.00,1\n{row}\n5,NVX,1.00,1\n")
    assert line == 3
    assert fault in message


def test_all_rows_that_cannot_be_taken_are_reported() -> None:
    rows = ["0,NVX,1.01,5", "x,NVX,1.01,5", "9,NVX,1.01,5", "8,NVX,1.01,5", "9,ZED,0,0", "9"]
    found = faults(TRADES + "\n".join(rows))
    assert [line for line, _ in found] == [3, 5, 6, 7]
    assert "before that of a row above" in dict(found)[5]


@pytest.mark.slow
def test_a_cause_is_one_line_with_its_count() -> None:
    rows = "x,NVX,1.01,5\n" * 30_000 + "1,ZED,1,1\n1,ABC,1,1\n1,ZED,1,1\n"
    with pytest.raises(InvalidImport) as caught:
        read(TRADES + rows)
    lines = str(caught.value).splitlines()
    assert lines[0] == "30003 rows are wrong"
    assert lines[1].startswith("line 2: time was 'x'")
    assert "30,000 rows like this to line 30,001" in lines[1]
    assert lines[2] == (
        "line 30002: 'ZED' is no instrument of feed demo "
        "(3 rows like this to line 30,004, also 'ABC')"
    )
    assert len(lines) == 3


def test_a_line_is_that_of_the_file_also_after_a_cell_of_several_lines() -> None:
    found = faults(TRADES + '1,"N\nV\nX",1.01,5\n2,NVX,x,5\n')
    assert [line for line, _ in found] == [4, 5]


def test_a_quote_that_never_ends_is_reported() -> None:
    assert faults(TRADES + '1,"NVX,1.01,5\n2,NVX,1.01,5\n')[-1][1] == "unexpected end of data"


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        ("time,symbol,price\n", "missing columns size"),
        ("time,symbol,price,size,size\n", "column 'size' appears twice"),
        ("1,NVX,1.01,5\n", "missing columns"),
        (BARS, "missing columns price, size"),
    ],
)
def test_a_header_that_names_other_columns_is_refused(header: str, fault: str) -> None:
    [(line, message)] = faults(header + "1,NVX,1.01,5\n")
    assert line == 1
    assert fault in message


@pytest.mark.parametrize("text", ["", TRADES])
def test_a_table_without_rows_is_refused(text: str) -> None:
    assert faults(text) == [(1, "there is no row")]


# --- bars -----------------------------------------------------------------------------------


def test_a_bar_is_trades_at_open_high_low_and_close() -> None:
    found = trades(BARS + "60000,NVX,1.01,1.05,0.99,1.02,103\n", TableKind.BARS)
    assert [
        (trade.ts_event - BASE, trade.price_ticks, trade.size, trade.side) for trade in found
    ] == [
        (60_000, 101, 25, Side.BUY),
        (75_000, 105, 25, Side.BUY),
        (90_000, 99, 25, Side.SELL),
        (119_999, 102, 28, Side.BUY),
    ]
    assert all(trade.exchange_ms == trade.ts_event for trade in found)


def test_neighbours_of_one_price_are_one_trade() -> None:
    found = trades(BARS + "0,NVX,1.01,1.01,1.01,1.01,1\n60000,NVX,1,2,1,1,9\n", TableKind.BARS)
    assert [(trade.ts_event - BASE, trade.price_ticks, trade.size) for trade in found] == [
        (0, 101, 1), (60_000, 100, 3), (75_000, 200, 3), (90_000, 100, 3),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "prices"),
    [
        ("1,2,1,2,2", [100, 200]),
        ("1,2,1,2,3", [100, 200]),
        ("1,2,1,2,4", [100, 200, 100, 200]),
        ("1,2,0.5,2,3", [100, 50, 200]),
        ("1,2,1,1.5,3", [100, 200, 150]),
        ("2,2,1,1,2", [200, 100]),
    ],
)
def test_a_bar_of_few_shares_is_as_few_trades(row: str, prices: list[int]) -> None:
    """Two shares that were traded at 1 and 2 are a bar of 1, 2, 1 and 2."""
    found = trades(f"{BARS}0,NVX,{row}\n", TableKind.BARS)
    assert [trade.price_ticks for trade in found] == prices
    assert sum(trade.size for trade in found) == int(row[-1])


def test_bars_of_several_instruments_are_merged_in_time() -> None:
    text = BARS + "".join(
        f"{n},{symbol},1,2,1,2,8\n" for n in (0, 1000) for symbol in ("NVX", "ORB")
    )
    found = trades(text, TableKind.BARS, interval_s=1)
    stamps = [event.ts_event for event in found]
    assert stamps == sorted(stamps)
    assert [trade.symbol for trade in found[:2]] == ["NVX", "ORB"]
    assert sum(trade.size for trade in found) == 32


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("0,NVX,1,0.5,0.5,1,9", "the high is not the highest"),
        ("0,NVX,1,2,1.5,2,9", "the low not the lowest"),
        ("0,NVX,1,2,1,1.005,9", "expected a multiple of 0.01"),
        ("0,NVX,1,2,0.5,1.5,3", "volume was 3, expected 4"),
        ("0,NVX,1,2,1,1,2", "volume was 2, expected 3"),
        ("0,NVX,1,,1,1,9", "high was ''"),
        ("0,NVX,1,2,1,2,x", "volume was 'x', expected a number, such as 101.25"),
        ("0,NVX,x,2,1,2,9", "open was 'x', expected a number above 0, such as 101.25"),
    ],
)
def test_a_bar_that_cannot_be_is_reported(row: str, fault: str) -> None:
    [(line, message)] = faults(f"{BARS}{row}\n", TableKind.BARS)
    assert line == 2
    assert fault in message


def test_bars_that_overlap_are_reported() -> None:
    text = BARS + "0,NVX,1,1,1,1,1\n59999,NVX,1,1,1,1,1\n59999,ORB,1,1,1,1,1\n"
    assert faults(text, TableKind.BARS) == [
        (3, "bars of NVX overlap at 60 s each, they are 59.999 s apart"),
        (4, "the bar begins 59.999 s after the grid of 1 minute"),
    ]


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(st.integers(0, 5000), st.sampled_from(["NVX", "ORB"]), st.integers(1, 10**6),
                  st.integers(1, 10**6), st.sampled_from(["", "BUY", "SELL"])),
        min_size=1, max_size=30,
    )
)  # fmt: skip
def test_every_table_of_good_rows_is_taken_whole(rows: list[tuple]) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["time", "symbol", "price", "size", "side"])
    for wait, symbol, steps, size, side in sorted(rows):
        writer.writerow([wait, symbol, f"{steps * 0.05:.2f}", size, side])
    found = trades(out.getvalue())
    assert [(trade.ts_event, trade.symbol, trade.size) for trade in found] == [
        (at(wait), symbol, size) for wait, symbol, _, size, _ in sorted(rows)
    ]


@given(st.text(max_size=200), st.sampled_from(TableKind), st.booleans())
def test_no_text_breaks_the_reader(text: str, kind: TableKind, with_header: bool) -> None:
    header = {TableKind.TRADES: TRADES, TableKind.BARS: BARS}[kind] if with_header else ""
    attempt: Callable[[], list[Event]] = lambda: read(header + text, kind)
    try:
        attempt()
    except InvalidImport as error:
        assert error.faults  # noqa: PT017 text that happens to be a table is fine, too


# --- files that people have -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("time", "looks"),
    [
        ("1767225600", "seconds since 1970 (2026-01-01 00:00)"),
        ("17672256000000", "no time of a market"),
        ("20261001", "dates, such as 20261001 (2026-10-01 00:00)"),
        ("0", "no time of a market"),
        ("1767225600000000", "microseconds since 1970 (2026-01-01 00:00)"),
        ("1767225600000000000", "nanoseconds since 1970 (2026-01-01 00:00)"),
        ("1989-12-31T23:59:59.999Z", "no time of a market"),
        ("2101-01-01T00:00:00Z", "would be 2101-01-01 00:00, later than a day from now"),
        ("9999-12-31T23:59:59-01:00", "would be after the year 9999"),
        (str(NOW_MS + 86_400_001), "later than a day from now"),
    ],
)
def test_a_time_outside_the_window_is_refused_with_its_likely_unit(time: str, looks: str) -> None:
    [(line, message)] = faults(f"symbol,time,price,size\nNVX,{time},1.01,5\n")
    assert line == 2
    assert f"time {time} would be" in message
    assert looks in message


@pytest.mark.parametrize("time", ["1990-01-01T00:00:00Z", "631152000000", str(NOW_MS + 86_400_000)])
def test_the_window_has_its_ends(time: str) -> None:
    assert len(trades(f"{TRADES}{time},NVX,1.01,5\n")) == 1


@pytest.mark.parametrize(
    ("step_s", "found"),
    [(300, "5 minutes"), (3600, "1 hour"), (86_400, "1 day"), (7 * 86_400, "7 days")],
)
def test_bars_that_are_longer_than_said_are_refused_with_their_distance(
    step_s: int, found: str
) -> None:
    rows = "".join(f"{at(n * step_s * 1000)},NVX,1,2,1,2,8\n" for n in (0, 1, 5))
    [(_, message)] = faults(BARS + rows, TableKind.BARS)
    assert f"the bars are {found} apart ({step_s:,} s), not 1 minute (60 s)" in message


def test_a_date_alone_is_no_bar_of_a_minute() -> None:
    [(_, message)] = faults(BARS + "2026-01-05,NVX,1,2,1,2,8\n", TableKind.BARS)
    assert "the bars are 1 day apart" in message


def test_gaps_between_bars_are_no_longer_bars() -> None:
    rows = "".join(f"{at(n * 60_000)},NVX,1,2,1,2,8\n" for n in (0, 5, 7, 31))
    assert len(trades(BARS + rows, TableKind.BARS)) == 16


def test_bars_off_the_grid_are_refused_with_the_distance() -> None:
    rows = f"{at(7000)},NVX,1,2,1,2,8\n{at(67_000)},NVX,1,2,1,2,8\n"
    [(line, message)] = faults(BARS + rows, TableKind.BARS)
    assert (line, message) == (
        2, "the bar begins 7 s after the grid of 1 minute (2 rows like this to line 3)",
    )  # fmt: skip


def test_bars_without_volume_or_prices_are_left_out_and_counted() -> None:
    rows = "0,NVX,1,1,1,1,0\n60000,NVX,,,,,5\n60000,ORB,nan,NaN,null,,\n"
    table = Table(PLAN, Layout(kind=TableKind.BARS), now_ms=NOW_MS)
    text = shifted(BARS + rows) + f"{at(120_000)},NVX,1,1,1,1,4\n"
    events = list(table.events(CsvRows(io.StringIO(text))))
    assert sum(isinstance(event, Trade) for event in events) == 1
    assert table.findings.lines() == [
        "bars without volume that were left out: 1", "bars without prices that were left out: 2",
    ]  # fmt: skip


def test_columns_that_are_not_known_are_named_and_not_used() -> None:
    table = Table(PLAN, Layout(kind=TableKind.TRADES), now_ms=NOW_MS)
    text = f"time,symbol,price,size,venue,\n{at(0)},nvx,1.01,5,XNYS,\n"
    assert len(list(table.events(CsvRows(io.StringIO(text))))) == 6
    assert table.findings.notes == ["columns not used: 'venue'"]


def test_messages_use_the_names_of_the_file() -> None:
    layout = Layout(kind=TableKind.TRADES, columns={"time": 0, "price": 1, "size": 2}, symbol="NVX")
    text = f"When,Last Px,Volume USD\n{at(0)},1.01,1.5\n{at(0)},x,1\nx,1,1\n"
    with pytest.raises(InvalidImport) as caught:
        list(Table(PLAN, layout, now_ms=NOW_MS).events(CsvRows(io.StringIO(text))))
    said = [message for _, message in caught.value.faults]
    assert [message.split(" was ")[0] for message in said] == ["Volume USD", "Last Px", "When"]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("time;symbol;price;size\n", "separated by semicolons"),
        ("time\tsymbol\tprice\tsize\n", "separated by tabs"),
        ("time|symbol|price|size\n", "separated by bars"),
        ("PK\x03\x04\x14\0\n", "this is an Excel file (xlsx)"),
        ("\ufffd\ufffd\x11\ufffd\n", "this is an old Excel file (xls)"),
        ("\xd0\xcf\x11\xe0\n", "this is an old Excel file (xls)"),
        ("\x1f\ufffd\x08\0\n", "this is a gzip file"),
        ("\ufffd\ufffdt\0i\0m\0e\0\n", "the encoding is not UTF-8"),
        ("1767225600000,NVX,1.01,5\n", "there is no header"),
        ("2026-01-05T14:30:00Z,NVX,x,y\n", "there is no header"),
    ],
)
def test_a_refusal_names_the_likely_cause(text: str, cause: str) -> None:
    [(line, message)] = faults(text + text)
    assert line == 1
    assert cause in message


@pytest.mark.parametrize(
    ("row", "cause"),
    [
        ('0,NVX,"1,01",5', "it looks like a decimal comma"),
        ('0,NVX,"1,101",5', "it has a separator of thousands, or it looks like a decimal comma"),
        ('0,NVX,"1,101.25",5', "it has separators of thousands"),
        ('0,NVX,"1,101,250",5', "it has separators of thousands"),
        ("0,NVX,1'101.25,5", "it has separators of thousands"),
        ("0,NVX,1\u00a0101,5", "it has separators of thousands"),
        ("0,NVX,1.01,1.2M", "a letter stands for zeros"),
        ("0,NVX,1,01,5", "it looks like decimal commas between commas"),
        ("0,NVX,1.01E+05,5", "a spreadsheet may have shortened it"),
        ("0,NVX,$1.01,5", "the sign of a currency"),
        ("0,NV\ufffd,1.01,5", "the file is not UTF-8"),
    ],
)
def test_a_number_that_is_spelled_otherwise_names_the_likely_cause(row: str, cause: str) -> None:
    [(_, message)] = faults(f"{TRADES}{row}\n")
    assert cause in message


def test_sorting_and_rounding_are_done_when_they_are_wanted() -> None:
    layout = Layout(kind=TableKind.BARS, sorts=True, rounds_prices=True, rounds_times=True)
    text = f"{BARS}{at(67_000)},NVX,2,2,2,2,1\n{at(7_000)},NVX,1.014,1.014,1.014,1.014,1\n"
    events = Table(PLAN, layout, now_ms=NOW_MS).events(CsvRows(io.StringIO(text)))
    found = [event for event in events if isinstance(event, Trade)]
    assert [(trade.ts_event - BASE, trade.price_ticks) for trade in found] == [
        (0, 101), (60_000, 200),
    ]  # fmt: skip


@pytest.mark.parametrize("rows", [3, 4])
def test_only_so_many_rows_are_sorted(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.recordings.csv_import.MOST_SORTED", 3)
    table = Table(PLAN, Layout(kind=TableKind.TRADES, sorts=True), now_ms=NOW_MS)
    text = TRADES + "".join(f"{at(9 - n)},NVX,1.01,5\n" for n in range(rows))
    if rows == 3:
        *_, first, second, third = table.events(CsvRows(io.StringIO(text)))
        assert [first.ts_event, second.ts_event, third.ts_event] == [at(7), at(8), at(9)]
        return
    with pytest.raises(InvalidImport) as caught:
        list(table.events(CsvRows(io.StringIO(text))))
    assert caught.value.faults == [(5, "more than 3 rows to sort")]


@pytest.mark.parametrize(
    ("time", "zone", "utc"),
    [
        ("2026-01-05 09:30", "America/New_York", "2026-01-05T14:30:00Z"),
        ("2026-07-06 09:30:00.5", "America/New_York", "2026-07-06T13:30:00.500Z"),
        ("01/05/2026 9:30 PM", "UTC", "2026-01-05T21:30:00Z"),
        ("05.01.2026 09:30", "Europe/Berlin", "2026-01-05T08:30:00Z"),
        ("20260105 093000", "UTC", "2026-01-05T09:30:00Z"),
        ("2026/1/5 9:30", "UTC", "2026-01-05T09:30:00Z"),
        ("2026-01-05 09:30:00 UTC", "America/New_York", "2026-01-05T09:30:00Z"),
        ("2026-01-05", "America/New_York", "2026-01-05T00:00:00Z"),
        ("2026-06-30T23:59:60Z", "", "2026-07-01T00:00:00Z"),
        ("Oct 1, 2026", "UTC", "2026-10-01T00:00:00Z"),
        ("October 01, 2026 9:30 PM", "UTC", "2026-10-01T21:30:00Z"),
        ("01-Oct-2026", "UTC", "2026-10-01T00:00:00Z"),
        ("1 Sept. 2026 09:30", "America/New_York", "2026-09-01T13:30:00Z"),
        ("05-MAY-2026 09:30:00", "Europe/Berlin", "2026-05-05T07:30:00Z"),
        ("Thu, 01 Oct 2026 14:30:00 GMT", "", "2026-10-01T14:30:00Z"),
    ],
)
def test_times_are_read_as_many_systems_spell_them(time: str, zone: str, utc: str) -> None:
    reader = TimeReader(Unit.CALENDAR, now_ms=NOW_MS, utc_of=utc_of(zone))
    assert reader.read(time) == parse_rfc3339(utc)


@pytest.mark.parametrize(
    "time",
    ["32-Oct-2026", "Okt 1, 2026", "Octo 1, 2026", "Marvellous 1, 2026", "Oct 2026", "1-Oct-26",
     "2026-10-01T14:30:00 EST", "2026-W40-4", "2026-274", "Oct 1, 2026, maybe"],
)  # fmt: skip
def test_a_time_that_nobody_can_tell_for_sure_is_refused(time: str) -> None:
    with pytest.raises(Fault):
        TimeReader(Unit.CALENDAR, now_ms=NOW_MS, utc_of=utc_of("UTC")).read(time)


@pytest.mark.parametrize("time", ["1.759329E+12", "1,76e9", "1.8e+15", "2E+10"])
def test_a_time_that_a_spreadsheet_shortened_says_so(time: str) -> None:
    for unit in Unit:
        with pytest.raises(Fault, match="a spreadsheet may have shortened it"):
            TimeReader(unit, now_ms=NOW_MS).read(time)


def test_a_time_without_a_zone_is_refused_unless_one_is_chosen() -> None:
    [(_, message)] = faults(TRADES + "2026-01-05 09:30,NVX,1.01,5\n")
    assert "which names no time zone" in message


# --- sizes that are fractions ---------------------------------------------------------------
def made_of(text: str, **layout: object) -> tuple[tuple[Definition, ...], list[Trade]]:
    """Return the instruments that a table makes, and its trades."""
    columns = {"time": 0, "symbol": 1, "price": 2, "size": 3}
    how = Layout(kind=TableKind.TRADES, columns=columns, **layout)
    made = definitions_of(CsvRows(io.StringIO(shifted(text))), how)
    table = Table(replace(PLAN, definitions=made), how, now_ms=NOW_MS)
    events = table.events(CsvRows(io.StringIO(shifted(text))))
    return made, [event for event in events if isinstance(event, Trade)]


def test_the_lot_of_an_instrument_is_the_finest_that_its_sizes_need() -> None:
    rows = "1,btc/usd,1,0.5\n2,BTC/USD,1,1e-8\n3,NVX,1,100\n4,m&m,1,1.50\n5,BTC/USD,1,3\n"
    made, traded = made_of(TRADES + rows)
    assert [(each.symbol, f"{each.lot_size:f}") for each in made] == [
        ("BTC/USD", "0.00000001"), ("NVX", "1"), ("M&M", "0.1"),
    ]  # fmt: skip
    assert [trade.size for trade in traded] == [50_000_000, 1, 100, 15, 300_000_000]


def test_a_large_size_with_eight_decimals_is_exact() -> None:
    _, traded = made_of(f"{TRADES}1,BTC/USD,1,12345678.12345678\n")
    assert traded[0].size == 1_234_567_812_345_678


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ("0.123456789", "expected a multiple of 0.00000001: the lot size of BTC/USD is 0.00000001"),
        ("0", "size was 0, expected"), ("-0.5", "size was '-0.5', expected a number above 0"),
        ("0,5", "it looks like a decimal comma"), ("1e8", "a spreadsheet may have shortened it"),
    ],
)  # fmt: skip
def test_a_size_that_cannot_be_is_named_with_its_line(size: str, said: str) -> None:
    with pytest.raises(InvalidImport) as caught:
        made_of(f'{TRADES}1,BTC/USD,1,0.5\n2,BTC/USD,1,"{size}"\n')
    ((line, fault),) = caught.value.faults
    assert line == 3
    assert said in fault


def test_a_size_off_a_given_lot_is_named_with_its_line() -> None:
    with pytest.raises(InvalidImport) as caught:
        made_of(f"{TRADES}1,BTC/USD,1,0.5\n2,BTC/USD,1,0.25\n", lot=Decimal("0.1"))
    assert caught.value.faults == [
        (3, "size was 0.25, expected a multiple of 0.1: the lot size of BTC/USD is 0.1")
    ]


def test_a_fraction_of_a_share_is_refused_where_the_feed_trades_whole_shares() -> None:
    ((line, fault),) = faults(f"{TRADES}1,NVX,1.01,0.5\n")
    assert (line, fault) == (
        2, "size was 0.5, expected a whole number of shares: the lot size of NVX is 1",
    )  # fmt: skip


def test_a_bar_divides_its_volume_in_lots() -> None:
    columns = {"time": 0, "symbol": 1, "open": 2, "high": 3, "low": 4, "close": 5, "volume": 6}
    how = Layout(kind=TableKind.BARS, columns=columns)
    for volume, sizes in (("5.5", [13, 13, 13, 16]), ("0.3", None)):
        text = f"{BARS}60000,BTC/USD,2,4,1,3,{volume}\n"
        made = definitions_of(CsvRows(io.StringIO(shifted(text))), how)
        table = Table(replace(PLAN, definitions=made), how, now_ms=NOW_MS)
        events = table.events(CsvRows(io.StringIO(shifted(text))))
        if sizes is None:
            with pytest.raises(InvalidImport, match=r"volume was 0\.3, expected 0\.4 for as many"):
                list(events)
        else:
            assert [event.size for event in events if isinstance(event, Trade)] == sizes
