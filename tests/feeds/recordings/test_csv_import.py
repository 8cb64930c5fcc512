"""Every row of a table is taken, or all that cannot be are told with their lines."""

import csv
import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.exceptions import InvalidImport
from feeds.market.events import Event, FeedState, FeedStatus, Listing, Phase, Side, Status, Trade
from feeds.plan.plans import FeedPlan
from feeds.recordings.csv_import import Table, TableKind
from tests.support.market_script import definition

PLAN = FeedPlan(
    feed="demo",
    name="Demo",
    state=FeedState.CLOSED,
    rate=5.0,
    seed=1,
    definitions=(definition("NVX"), definition("ORB", tick="0.05")),
)
TRADES = "time,symbol,price,size\n"
BARS = "time,symbol,open,high,low,close,volume\n"


def read(text: str, kind: TableKind = TableKind.TRADES, *, interval_s: int = 60) -> list[Event]:
    lines = io.StringIO(text, newline="")
    return list(Table(PLAN, kind, interval_s=interval_s).events(lines))


def trades(text: str, kind: TableKind = TableKind.TRADES, **how: int) -> list[Trade]:
    return [event for event in read(text, kind, **how) if isinstance(event, Trade)]


def faults(text: str, kind: TableKind = TableKind.TRADES) -> list[tuple[int, str]]:
    with pytest.raises(InvalidImport) as caught:
        read(text, kind)
    return caught.value.faults


def test_the_instruments_come_first_and_are_open() -> None:
    events = read(TRADES + "1000,NVX,1.01,5\n")
    assert events == [
        FeedStatus("demo", "Demo", FeedState.RUNNING, 5.0, "", 1000),
        *(
            event
            for instrument in PLAN.definitions
            for event in (
                Listing("demo", instrument, 1000),
                Status(instrument.symbol, Phase.OPEN, "", 1000),
            )
        ),
        Trade("NVX", 101, 5, Side.BUY, 1000, 1000),
    ]


def test_a_table_as_the_standard_has_it_is_read() -> None:
    text = (
        '"size","SYMBOL",time,price,Side\r\n'
        '5,NVX,1970-01-01T00:00:01Z,"1.01",SELL\r\n'
        '5,"ORB",1970-01-01T00:00:01.5+00:00,1.0500,b\r\n'
        "5,NVX,1500,2,\r\n"
    )
    assert trades(text) == [
        Trade("NVX", 101, 5, Side.SELL, 1000, 1000),
        Trade("ORB", 21, 5, Side.BUY, 1500, 1500),
        Trade("NVX", 200, 5, Side.BUY, 1500, 1500),
    ]


def test_a_missing_side_is_that_of_the_last_change_of_price() -> None:
    prices = (100, 101, 101, 99, 99, 100)
    text = TRADES + "".join(f"{n},NVX,{price / 100},1\n" for n, price in enumerate(prices))
    sides = "".join(trade.side[0] for trade in trades(text))
    assert sides == "BBBSSB"


def test_blank_lines_are_no_rows() -> None:
    assert len(trades(TRADES + "\n1,NVX,1.01,5\n\n2,NVX,1.01,5\n\n")) == 2


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("x,NVX,1.01,5", "time was 'x'"),
        ("2026-02-30T00:00:00Z,NVX,1.01,5", "no calendar"),
        ("1,ZED,1.01,5", "'ZED' is no instrument of feed demo"),
        ("1,nvx,1.01,5", "'nvx' is no instrument"),
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
    assert "before that of a row above" in found[1][1]


def test_the_message_lists_some_and_counts_all() -> None:
    text = TRADES + "x,NVX,1.01,5\n" * 1234
    with pytest.raises(InvalidImport) as caught:
        read(text)
    lines = str(caught.value).splitlines()
    assert lines[0] == "1234 rows cannot be taken"
    assert lines[1].startswith("line 2: time was 'x'")
    assert lines[-1] == "and 1184 more"
    assert len(lines) == 52
    assert len(caught.value.faults) == 1234


def test_a_line_is_that_of_the_file_also_after_a_cell_of_several_lines() -> None:
    found = faults(TRADES + '1,"N\nV\nX",1.01,5\n2,NVX,x,5\n')
    assert [line for line, _ in found] == [4, 5]


def test_a_quote_that_never_ends_is_reported() -> None:
    assert faults(TRADES + '1,"NVX,1.01,5\n2,NVX,1.01,5\n')[-1][1] == "unexpected end of data"


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        ("time,symbol,price\n", "missing columns size"),
        ("\n", "missing columns time, symbol, price, size"),
        ("time,symbol,price,size,sid\n", "unknown column 'sid'"),
        ("time,symbol,price,size,size\n", "a column appears twice"),
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
    assert [(trade.ts_event, trade.price_ticks, trade.size, trade.side) for trade in found] == [
        (60_000, 101, 25, Side.BUY),
        (75_000, 105, 25, Side.BUY),
        (90_000, 99, 25, Side.SELL),
        (119_999, 102, 28, Side.BUY),
    ]
    assert all(trade.exchange_ms == trade.ts_event for trade in found)


def test_neighbours_of_one_price_are_one_trade() -> None:
    found = trades(BARS + "0,NVX,1.01,1.01,1.01,1.01,1\n60000,NVX,1,2,1,1,9\n", TableKind.BARS)
    assert [(trade.ts_event, trade.price_ticks, trade.size) for trade in found] == [
        (0, 101, 1), (60_000, 100, 3), (75_000, 200, 3), (90_000, 100, 3),
    ]  # fmt: skip


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
        ("1,NVX,1,0.5,0.5,1,9", "the high is not the highest"),
        ("1,NVX,1,2,1.5,2,9", "the low not the lowest"),
        ("1,NVX,1,2,1,1.005,9", "expected a multiple of 0.01"),
        ("1,NVX,1,2,0.5,1,3", "volume was 3, expected 4"),
        ("1,NVX,1,1,1,1,0", "size was 0"),
        ("1,NVX,1,,1,1,9", "high was ''"),
    ],
)
def test_a_bar_that_cannot_be_is_reported(row: str, fault: str) -> None:
    [(line, message)] = faults(f"{BARS}{row}\n", TableKind.BARS)
    assert line == 2
    assert fault in message


def test_bars_that_overlap_are_reported() -> None:
    text = BARS + "0,NVX,1,1,1,1,1\n59999,NVX,1,1,1,1,1\n59999,ORB,1,1,1,1,1\n"
    assert faults(text, TableKind.BARS) == [(3, "bars of NVX overlap at 60 s each")]


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
        (wait, symbol, size) for wait, symbol, _, size, _ in sorted(rows)
    ]


@given(st.text(max_size=200), st.sampled_from(TableKind), st.booleans())
def test_no_text_breaks_the_reader(text: str, kind: TableKind, with_header: bool) -> None:
    header = {TableKind.TRADES: TRADES, TableKind.BARS: BARS}[kind] if with_header else ""
    attempt: Callable[[], list[Event]] = lambda: read(header + text, kind)
    try:
        attempt()
    except InvalidImport as error:
        assert error.faults  # noqa: PT017 text that happens to be a table is fine, too
