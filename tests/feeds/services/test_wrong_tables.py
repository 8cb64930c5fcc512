"""A table that cannot be taken is refused with the cause, whatever is wrong with it."""

from pathlib import Path

import pytest

from feeds.exceptions import InvalidImport
from feeds.services.table_imports import TableSource, recognise_table, try_table

pytestmark = pytest.mark.django_db
TRADE = "time,symbol,price,size\n2026-01-05T10:00:00Z,CL,{},5\n"
BARS = (
    "Date,Open,High,Low,Close,Volume\n2026-01-05,{0},{0},{0},{0},9\n2026-01-06,{0},{0},{0},{0},9\n"
)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("Date,High,Low\n2026-01-05,2,1\n", "missing columns"),
        ("Date,Open,High,Low,Close\n2026-01-05,1,2,1,2\n", "missing columns"),
        ("time,symbol,bid,ask\n1767225600000,A,1,2\n", "missing columns"),
        ("Datum;Hoch;Tief;Schluss\n05.01.2026;2,5;1,5;2,5\n", "missing columns"),
        ("a,b,c\n1,2,3\n", "missing columns"),
        ("Date,Open\0,High\n1,2,3\n", "missing columns"),
        (TRADE.format("-37.63"), "price was '-37.63'"),
        (TRADE.format("0"), "price was 0"),
        (TRADE.format("$1.5"), "price was '$1.5'"),
        (TRADE.format('"1,001.5"'), "price was '1,001.5'"),
        (TRADE.format("abc"), "price was 'abc'"),
        (TRADE.format(""), "price was ''"),
        (BARS.format('"1,001.5"'), "Open was '1,001.5'"),
        (BARS.format("$2"), "Open was '$2'"),
        (BARS.format("-2"), "Open was '-2'"),
    ],
)
def test_a_table_that_cannot_be_taken_names_the_cause(text: str, cause: str, tmp_path: Path):
    path = tmp_path / "NVX.csv"
    path.write_text(text)
    found = recognise_table(path, path.name)
    with pytest.raises(InvalidImport) as refused:
        try_table(TableSource(path, found.layout), plays=True)
    assert cause in str(refused.value)


def test_a_table_of_more_characters_than_it_may_have_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "NVX.csv"
    path.write_text(text := TRADE.format("1.5"))
    layout = recognise_table(path, path.name).layout
    assert try_table(TableSource(path, layout, most=len(text))).trades == 1
    with pytest.raises(InvalidImport):
        try_table(TableSource(path, layout, most=len(text) - 1))


def test_bars_without_prices_make_no_instrument(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    days = [f"2026-01-{day:02},{symbol},{rest}" for day in (5, 6) for symbol, rest in ROWS.items()]
    path.write_text("Date,Symbol,Open,High,Low,Close,Volume\n" + "\n".join(days) + "\n")
    found = recognise_table(path, path.name)
    outcome = try_table(TableSource(path, found.layout), plays=True)
    assert [definition.symbol for definition in outcome.definitions] == ["NVX"]


ROWS = {"NVX": "1,2,1,2,9", "ORB": "null,null,null,null,null"}
