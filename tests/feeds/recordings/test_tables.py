"""How a table is read row by row: its header, its notes, its hints, and what is read when."""

import io
from collections.abc import Iterator

import pytest

from feeds.exceptions import InvalidImport
from feeds.market.events import Event, FeedState, Trade
from feeds.plan.plans import FeedPlan
from feeds.recordings.csv_import import CsvRows, Table
from feeds.recordings.layout import Layout, TableKind
from feeds.recordings.likely_causes import is_value, suspicion
from feeds.recordings.survey import definitions_of
from feeds.recordings.table_times import Unit
from tests.support.market_script import definition

AT = 1_767_225_600_000
"""2026-01-01T00:00:00Z."""
NOW_MS = 1_795_000_000_000
DAY_MS = 86_400_000
PLAN = FeedPlan(
    feed="demo", name="Demo", state=FeedState.CLOSED, rate=5.0, seed=1,
    definitions=(definition("NVX"),),
)  # fmt: skip
PLACES = {"time": 0, "symbol": 1, "price": 2, "size": 3}
HEADER = "time,symbol,price,size\n"
BARS = {"time": 0, "open": 1, "high": 2, "low": 3, "close": 4, "volume": 5}
GOOD = f"{AT},NVX,1.01,5\n"


def table_of(kind: TableKind = TableKind.TRADES, *, utc_of=None, **layout: object) -> Table:
    return Table(PLAN, Layout(kind=kind, **layout), now_ms=NOW_MS, utc_of=utc_of)  # type: ignore[arg-type]


def rows_of(text: str, separator: str = ",") -> CsvRows:
    return CsvRows(io.StringIO(text, newline=""), separator)


def trades(table: Table, text: str, separator: str = ",") -> list[Trade]:
    events = table.events(rows_of(text, separator))
    return [event for event in events if isinstance(event, Trade)]


def faults(table: Table, text: str, separator: str = ",") -> list[tuple[int, str]]:
    with pytest.raises(InvalidImport) as caught:
        list(table.events(rows_of(text, separator)))
    return caught.value.faults


def test_trades_come_before_the_rest_of_the_table_is_read() -> None:
    """A table of any length takes little memory."""
    read: list[int] = []

    def lines() -> Iterator[str]:
        yield HEADER
        for number in range(100):
            read.append(number)
            yield f"{AT + number},NVX,1.01,5\n"

    events: Iterator[Event] = table_of().events(CsvRows(lines()))
    first = next(event for event in events if isinstance(event, Trade))
    assert first.ts_event == AT
    assert len(read) < 5


def test_after_a_row_that_cannot_be_read_the_others_are() -> None:
    broken = '1,"NVX"x,1.01,5\n'
    text = HEADER + GOOD + broken + GOOD + "x,NVX,1.01,5\n"
    found = faults(table_of(), text)
    assert [line for line, _ in found] == [3, 5]


def test_without_a_header_that_can_be_read_nothing_else_is_said() -> None:
    found = faults(table_of(), 'time,"symbol"x,price,size\n' + GOOD * 2)
    assert [line for line, _ in found] == [1]


def test_columns_that_are_not_used_are_named_up_to_a_limit() -> None:
    names = [f"{number:02}" + "x" * 39 for number in range(21)]
    table = table_of()
    assert (
        len(trades(table, f"{HEADER.strip()},{','.join(names)}\n{GOOD.strip()}{',' * 21}\n")) == 1
    )
    shown = ", ".join(f"'{number:02}{'x' * 38}'" for number in range(20))
    assert table.findings.notes == [f"columns not used: {shown}"]


def test_rows_are_counted_that_are_as_wide_as_the_header() -> None:
    table = table_of()
    assert table.findings.rows == 0
    faults(table, HEADER + GOOD * 3 + "1\n" + "x,NVX,1,1\n")
    assert table.findings.rows == 4


def test_times_without_an_offset_are_those_of_the_clock_of_the_table() -> None:
    table = table_of(utc_of=lambda ms: ms - 3_600_000, unit=Unit.CALENDAR)
    (found,) = trades(table, HEADER + "2026-01-01 01:00:00,NVX,1.01,5\n")
    assert found.ts_event == AT


def test_a_bar_of_a_day_is_of_its_date_whatever_its_zone() -> None:
    how = {"columns": BARS, "symbol": "NVX", "has_header": False, "unit": Unit.CALENDAR}
    text = "2026-01-01T00:00:00-05:00,1,1,1,1,8\n"
    (found,) = trades(table_of(TableKind.BARS, interval_s=86_400, **how), text)
    assert found.ts_event == AT
    (hourly,) = trades(table_of(TableKind.BARS, interval_s=3_600, **how), text)
    assert hourly.ts_event == AT + 5 * 3_600_000


def test_numbers_have_the_decimal_sign_of_the_table() -> None:
    table = table_of(columns=PLACES, separator=";", decimal=",")
    (found,) = trades(table, f"{HEADER.replace(',', ';')}{AT};NVX;1,01;5\n", ";")
    assert (found.price_ticks, found.size) == (101, 5)


@pytest.mark.parametrize(("volume", "least"), [(1, 2), (2, 3)])
def test_a_bar_needs_as_many_shares_as_its_fewest_trades(volume: int, least: int) -> None:
    prices = "1,2,1,2" if least == 2 else "1,2,1,1"
    how = {"columns": BARS, "symbol": "NVX", "has_header": False}
    found = faults(table_of(TableKind.BARS, **how), f"{AT},{prices},{volume}\n")
    assert found == [(1, f"volume was {volume}, expected {least} for as many trades")]


@pytest.mark.parametrize(
    ("separator", "row", "said"),
    [
        (",", "1,NVX,1,01,5", "5 columns, expected 4; it looks like decimal commas between commas"),
        (";", "1;NVX;1;01;5", "5 columns, expected 4"),
        (",", "1,NVX,1", "3 columns, expected 4"),
        (",", "1;NVX;1;5", "1 columns, expected 4; this line is separated by semicolons"),
        (";", "1\tNVX\t1\t5", "1 columns, expected 4; this line is separated by tabs"),
        (",", "1;NVX;1", "1 columns, expected 4"),
        (",", '"1,NVX,1,5"', "1 columns, expected 4"),
        (",", "1;2;3;4,5", "2 columns, expected 4"),
    ],
)
def test_a_row_of_another_width_names_the_likely_cause(separator, row, said) -> None:
    text = f"{HEADER.replace(',', separator)}{row}\n"
    assert faults(table_of(columns=PLACES, separator=separator), text, separator) == [(2, said)]


def test_instruments_are_made_of_rows_that_have_all_columns() -> None:
    text = HEADER + "1,ORB,2\n" + '1,"QAL"x,2,1\n' + "\n" + "1,NVX,1.005,2\n" + "1,ZED,2,1,9\n"
    layout = Layout(kind=TableKind.TRADES, columns=PLACES)
    made = definitions_of(rows_of(text), layout)
    assert [(each.symbol, str(each.tick_size), each.reference_ticks) for each in made] == [
        ("NVX", "0.001", 1005), ("ZED", "0.01", 200),
    ]  # fmt: skip


@pytest.mark.parametrize("missing", PLACES)
def test_without_a_needed_column_there_are_no_instruments(missing: str) -> None:
    places = {role: place for role, place in PLACES.items() if role != missing}
    layout = Layout(kind=TableKind.TRADES, columns=places)
    assert definitions_of(rows_of(HEADER + GOOD), layout) == ()


def test_not_more_than_so_many_instruments_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.recordings.survey.MOST_SYMBOLS", 2)
    text = HEADER + "1,NVX,1,2\n1,ORB,1,2\n1,QAL,1,2\n2,NVX,1.005,2\n"
    made = definitions_of(rows_of(text), Layout(kind=TableKind.TRADES, columns=PLACES))
    assert [(each.symbol, str(each.tick_size)) for each in made] == [
        ("NVX", "0.001"), ("ORB", "0.01"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("price", "rounds", "tick_size"),
    [
        ("1", True, "0.01"), ("0.99", True, "0.0001"), ("0.01", True, "0.0001"),
        ("0.009", True, "0.00000001"), ("1.123456", False, "0.000001"),
        ("1.1234567", False, "0.01"), ("0.1234567", False, "0.0001"),
    ],
)  # fmt: skip
def test_rounded_prices_have_more_decimals_where_they_are_small(
    price: str, rounds: bool, tick_size: str
) -> None:
    layout = Layout(kind=TableKind.TRADES, columns=PLACES, rounds_prices=rounds)
    (made,) = definitions_of(rows_of(f"{HEADER}1,NVX,{price},2\n"), layout)
    assert f"{made.tick_size:f}" == tick_size


@pytest.mark.parametrize(
    ("row", "cause"),
    [
        ("a;b;c,d", "; the columns seem to be separated by semicolons"),
        ("a;b;c,d,e", ""),
        ("a;b,c", ""),
        ("a,b", ""),
        ("a|b|c", "; the columns seem to be separated by bars"),
    ],
)
def test_another_separator_is_suspected_of_one_or_two_columns(row: str, cause: str) -> None:
    assert suspicion(row.split(","), ",") == cause


def test_a_value_has_at_most_one_of_each_sign() -> None:
    values = ["1", " 5 ", "-1,234.5", "2026-01-05", "14,5"]
    names = ["", "nan", "-", "1,234,567", "1.2.3", "--1", "price", "\u0661", "."]
    assert [text for text in values + names if is_value(text)] == values


def test_a_cause_names_its_first_row_and_a_few_other_values() -> None:
    sizes = ["a", "b", "a", "", "c", "d", "e", "f"]
    (found,) = faults(table_of(), HEADER + "".join(f"{AT},NVX,1,{size}\n" for size in sizes))
    said = "size was 'a', expected a number above 0, such as 101.25"
    assert found == (2, f"{said} (8 rows like this to line 9, also 'b', 'c', 'd', 'e')")
    (same,) = faults(table_of(), HEADER + f"{AT},NVX,1,a\n" * 2)
    assert same == (2, f"{said} (2 rows like this to line 3)")


def test_of_distances_nothing_is_said_beside_wrong_rows() -> None:
    how = {"columns": BARS, "symbol": "NVX", "has_header": False}
    rows = [f"{AT + n * 3_600_000},1,1,1,1,8\n" for n in range(4)]
    ((line, _),) = faults(table_of(TableKind.BARS, **how), "x,1,1,1,1,8\n" + "".join(rows))
    assert line == 1
    ((line, said),) = faults(table_of(TableKind.BARS, **how), "".join(rows))
    assert (line, said.split(" (")[0]) == (4, "the bars are 1 hour apart")
