"""A pasted or uploaded list is read as it is meant, or refused with the lines that are wrong."""

import pytest

from feeds.exceptions import InvalidImport
from feeds.services import list_text
from feeds.services.list_text import InstrumentText, read_text

COLUMNS = ("symbol", "name", "price")


def read(text: str) -> InstrumentText:
    return read_text(text, COLUMNS, {"price"})


def faults_of(text: str) -> list[tuple[int, str]]:
    with pytest.raises(InvalidImport) as refused:
        read(text)
    return refused.value.faults


def test_rows_keep_the_lines_on_which_they_end() -> None:
    found = read('Symbol,PRICE\nNVX,1.5\n\n,\n"O\nRB",2\n')
    assert found == InstrumentText(["symbol", "price"], [["NVX", "1.5"], ["O\nRB", "2"]], [2, 6])


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("\ufeffsymbol,name\nA,b;c\n", [["A", "b;c"]]),
        ("symbol;name\nA;b,c\n", [["A", "b,c"]]),
        ("symbol\tname\nA\tb,c;d\n", [["A", "b,c;d"]]),
        (";;\n\nsymbol;name\nA;b\n", [["A", "b"]]),
        ("symbol;price\nA;1,5\nB;2\n", [["A", "1.5"], ["B", "2"]]),
        ("symbol;name\nA;1,5\n", [["A", "1,5"]]),
    ],
)
def test_the_first_line_says_what_separates_cells(text: str, rows: list[list[str]]) -> None:
    assert read(text).rows == rows


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", [(1, "no column 'symbol'")]),
        ("NVX,1\n",
         [(1, "no column is known; the first line must name them: symbol, name, price")]),
        ("name,x\n", [(1, "unknown column 'x'"), (1, "no column 'symbol'")]),
        ("symbol,symbol,name,name\n",
         [(1, "column 'symbol' is there twice"), (1, "column 'name' is there twice")]),
        ("\nsymbol\nA\nA,B\n\nA,B,C\n", [(4, "2 cells, expected 1"), (6, "3 cells, expected 1")]),
        ('symbol\n"A\n', [(2, "not a valid list: unexpected end of data")]),
        ('symbol\nA,B\n"A"B\n', [(2, "2 cells, expected 1"),
                                 (3, "not a valid list: ',' expected after '\"'")]),
        ("symbol;price\nA;1,500\nB;2\n",
         [(2, "price: the comma in 1,500 may be a decimal comma or separate thousands.")]),
        ("symbol;price\nA;1,5\nB;2.5\n",
         [(2, "price: 1,5 has a comma, and other numbers of this list have a point.")]),
    ],
)  # fmt: skip
def test_a_list_is_refused_with_all_lines_that_are_wrong(
    text: str, faults: list[tuple[int, str]]
) -> None:
    assert faults_of(text) == faults


def test_a_list_may_be_as_long_as_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_text, "MOST_ROWS", 2)
    monkeypatch.setattr(list_text, "MOST_CHARACTERS", 11)
    assert read("symbol\nA\nB\n").rows == [["A"], ["B"]]
    assert faults_of("symbol\nA\nBC\n") == [(1, "longer than 11 characters")]
    monkeypatch.setattr(list_text, "MOST_CHARACTERS", 99)
    assert faults_of("symbol\nA\nB\nC\nD\nE,\n") == [(4, "more than 2 rows")]
