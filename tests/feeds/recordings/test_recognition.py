"""The limits of what is concluded from the first rows of a table."""

import pytest

from feeds.recordings.recognition import Recognised, recognise, separator_of
from tests.feeds.recordings.vendor_tables import NOW_MS

NAMES = ("time", "price", "size")


def recognised(prices: list[str], sizes: list[str], *before: list[str]) -> Recognised:
    times = [f"2026-01-05T14:30:{second:02}Z" for second in range(len(prices))]
    rows = [*before, list(NAMES), *map(list, zip(times, prices, sizes, strict=True))]
    return recognise(rows, separator=";", file_name="NVX.csv", now_ms=NOW_MS)


@pytest.mark.parametrize(("commas", "decimal"), [(0, "."), (1, "."), (2, "."), (3, ","), (4, ",")])
def test_a_decimal_comma_is_what_most_prices_have(commas: int, decimal: str) -> None:
    prices = ["10,25"] * commas + ["10.25"] * (4 - commas)
    assert recognised(prices, ["1"] * 4).layout.decimal == decimal


@pytest.mark.parametrize("titles", [0, 1, 2])
def test_titles_before_a_table_of_three_columns_are_left_out(titles: int) -> None:
    found = recognised(["10"], ["1"], *[["Trades of a day"]] * titles)
    assert found.layout.skips == titles
    assert set(found.layout.columns) == set(NAMES)


@pytest.mark.parametrize(
    ("size", "smallest"),
    [("1.5", "0.1"), ("0.00000001", "0.00000001"), ("0.0000000001", "0.00000001"), ("2.0", "")],
)
def test_a_note_names_the_finest_size_that_can_be_kept(size: str, smallest: str) -> None:
    notes = [note for note in recognised(["10"], [size]).notes if "fractions" in note]
    wanted = [f"sizes are fractions, such as multiples of {smallest}"] if smallest else []
    assert notes == wanted


@pytest.mark.parametrize(("price", "is_rounded"), [("1.123456", False), ("1.1234567", True)])
def test_prices_with_more_than_six_decimals_are_rounded(price: str, is_rounded: bool) -> None:
    assert recognised([price], ["1"]).layout.rounds_prices is is_rounded


def test_the_separator_gives_most_lines_the_same_number_of_columns() -> None:
    assert separator_of(["a;b;c", "1,5;2,5;3", "", "4;5;6"]) == ";"
    assert separator_of(["a,b", "1,2"]) == ","
    assert separator_of(["alone"]) == ","
    assert separator_of([]) == separator_of(["", " \n"]) == ","


@pytest.mark.parametrize("symbols", [("",), ("NVX", "ORB")])
def test_bars_are_as_long_as_the_shortest_distance_of_one_symbol(symbols: tuple[str, ...]) -> None:
    minutes = (0, 5, 10, 45)
    head = ["symbol", "time", "open", "high", "low", "close", "volume"]
    rows = [
        [symbol, f"2026-01-05T14:{minute + offset:02}:00Z", "1", "2", "1", "2", "9"]
        for offset, symbol in enumerate(symbols)
        for minute in minutes
    ]
    table = [head, *rows] if symbols[0] else [row[1:] for row in [head, *rows]]
    found = recognise(table, separator=";", file_name="NVX.csv", now_ms=NOW_MS)
    assert found.layout.interval_s == 300


def test_a_title_before_two_columns_looks_like_a_row() -> None:
    rows = [["a title"], ["time", "price"], ["2026-01-05T14:30:00Z", "10"]]
    assert recognise(rows, separator=",", file_name="NVX.csv", now_ms=NOW_MS).layout.skips == 0
    assert recognise([], separator=",", file_name="NVX.csv", now_ms=NOW_MS).layout.skips == 0


def test_columns_have_the_names_of_the_header_or_numbers_without_one() -> None:
    assert recognised(["10"], ["1"]).names == NAMES
    rows = [["2026-01-05T14:30:00Z", " 10", "1"]]
    found = recognise(rows, separator=";", file_name="NVX.csv", now_ms=NOW_MS)
    assert (found.layout.has_header, found.layout.symbol) == (False, "NVX")
    assert found.names == ("column 1", "column 2", "column 3")


def test_of_a_header_alone_nothing_is_assumed() -> None:
    found = recognised([], [])
    assert (found.layout.columns, found.notes) == ({"time": 0, "price": 1, "size": 2}, ())
    assert not found.layout.rounds_prices


def test_bars_without_a_time_say_nothing_of_their_distance() -> None:
    head = ["time", "open", "high", "low", "close", "volume"]
    times = ["2026-01-05T14:00:00Z", "soon", "2026-01-05T14:10:00Z", "2026-01-05T14:05:00Z"]
    rows = [head, *([time, "1", "2", "1", "2", "9"] for time in times)]
    found = recognise(rows, separator=";", file_name="NVX.csv", now_ms=NOW_MS)
    assert (found.layout.interval_s, found.layout.sorts) == (300, True)
    assert found.notes == ("the rows are not in the order of time: they are sorted",)


def test_dates_with_the_day_first_are_in_order_and_as_far_apart_as_they_say() -> None:
    head = ["time", "open", "high", "low", "close", "volume"]
    times = ["31/01/2026 23:50", "01/02/2026 00:00", "01/02/2026 00:10"]
    rows = [head, *([time, "1", "2", "1", "2", "9"] for time in times)]
    layout = recognise(rows, separator=";", file_name="NVX.csv", now_ms=NOW_MS).layout
    assert (layout.day_first, layout.sorts, layout.interval_s) == (True, False, 600)
