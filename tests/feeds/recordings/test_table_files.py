"""Files that unpack endlessly are refused early, and files of other programs are named."""

import codecs
import gzip
import io
import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from feeds.exceptions import InvalidImport
from feeds.recordings.csv_import import CsvRows
from feeds.recordings.table_files import SheetRows, recognise_file, rows_of, sample_of
from tests.feeds.recordings.vendor_tables import NOW_MS, workbook


def refusal(path: Path, content: bytes, most: int = 1_000_000) -> str:
    path.write_bytes(content)
    with pytest.raises(InvalidImport) as caught, rows_of(path, ",", most=most) as rows:
        for _ in rows:
            pass
    return str(caught.value)


@pytest.mark.slow
def test_a_gzip_file_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    bomb = gzip.compress(b"1,2,3\n" * 2_000_000)
    assert len(bomb) < 50_000
    assert "more than 1,000,000 characters" in refusal(tmp_path / "a", bomb)


def test_a_line_without_an_end_is_refused(tmp_path: Path) -> None:
    assert "a line is longer" in refusal(tmp_path / "a", gzip.compress(b"1" * 1_000_000))


def test_a_workbook_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.recordings.table_files.MOST_SHARED_BYTES", 100_000)
    packed = io.BytesIO(workbook([["time", "price", "size"]]))
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/media/more.xml", b"<a/>" * 1_000_000)
    assert "which is too much" in refusal(tmp_path / "a", packed.getvalue())


def test_a_zip_file_is_no_workbook(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as parts:
        parts.writestr("a.csv", "time,price,size\n")
    said = "1 row is wrong\nline 1: this is a zip file, not a workbook: unpack it first"
    assert refusal(tmp_path / "a", packed.getvalue()) == said


def test_a_byte_that_is_no_character_does_not_end_the_reading(tmp_path: Path) -> None:
    """Only the first bytes of a file say how it is encoded; a bad one may come much later."""
    file = tmp_path / "a.csv"
    file.write_bytes(b"1,2,3\n" * 50_000 + b"4,\xff,6\n7,8,9\n")
    with rows_of(file, ",", most=1_000_000) as rows:
        assert list(rows)[-2:] == [["4", "\N{REPLACEMENT CHARACTER}", "6"], ["7", "8", "9"]]


@pytest.mark.parametrize("content", [b"PK\x03\x04broken", b"\x1f\x8bbroken"])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    assert "damaged" in refusal(tmp_path / "a", content)
    with pytest.raises(InvalidImport, match="damaged"):
        recognise_file(tmp_path / "a", "a.csv", now_ms=NOW_MS)


def test_of_a_formula_the_saved_value_is_read(tmp_path: Path) -> None:
    packed = io.BytesIO(workbook([["time", "price"], ["2026-01-05T10:00:00Z", "=1+1"]]))
    # Excel keeps what it calculated beside the formula.
    with zipfile.ZipFile(packed) as plain, zipfile.ZipFile(tmp_path / "a", "w") as saved:
        for name in plain.namelist():
            text = plain.read(name)
            saved.writestr(name, text.replace(b"<v />", b"<v>2</v>"))
    with rows_of(tmp_path / "a", ",") as rows:
        assert list(rows) == [["time", "price"], ["2026-01-05T10:00:00Z", "2"]]


def test_a_cell_far_away_does_not_widen_the_rows(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book, out = Workbook(), io.BytesIO()
    book.active["XFD3"] = 1
    book.save(out)
    (tmp_path / "a").write_bytes(out.getvalue())
    with rows_of(tmp_path / "a", ",") as rows:
        assert max(map(len, rows)) <= 64


TABLE = "Größe,Kurs\n1,½\n"


@pytest.mark.parametrize(
    "content",
    [
        TABLE.encode(),
        codecs.BOM_UTF8 + TABLE.encode(),
        TABLE.encode("cp1252"),
        TABLE.encode("utf-16"),
        TABLE.encode("utf-16-le"),
        TABLE.encode("utf-16-be"),
        codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"),
        TABLE.encode("utf-32"),
        codecs.BOM_UTF32_BE + TABLE.encode("utf-32-be"),
    ],
)
def test_a_text_is_read_in_every_encoding_that_programs_write(
    content: bytes, tmp_path: Path
) -> None:
    for name, packed in (("a", content), ("b", gzip.compress(content))):
        (tmp_path / name).write_bytes(packed)
        with rows_of(tmp_path / name, ",") as rows:
            assert list(rows) == [["Größe", "Kurs"], ["1", "½"]]


def test_a_text_that_is_cut_within_a_character_is_still_utf_8(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.recordings.table_files._SNIFFED", 3)
    (tmp_path / "a").write_bytes(TABLE.encode())
    with rows_of(tmp_path / "a", ",") as rows:
        assert next(rows) == ["Größe", "Kurs"]


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"\xd0\xcf\x11\xe0\xa1", "an old Excel file (xls): save it as xlsx or CSV"),
        (b"PAR1", "a Parquet file: save it as CSV"),
        (b"%PDF-1.7", "a PDF file"),
        (b"BZh91AY", "a bzip2 file: unpack it first"),
        (b"\xfd7zXZ\0", "an xz file: unpack it first"),
        (b"7z\xbc\xaf\x27", "a 7-Zip file: unpack it first"),
        (b' \n{"a": 1}', "JSON: save it as CSV"),
        (b"[1]", "JSON: save it as CSV"),
        (b"\xef\xbb\xbf<html>", "a web page or XML: the download may have failed"),
    ],
)
def test_a_file_of_another_program_is_named(head: bytes, said: str, tmp_path: Path) -> None:
    assert refusal(tmp_path / "a", head) == f"1 row is wrong\nline 1: this is {said}"
    packed = refusal(tmp_path / "a", gzip.compress(head))
    assert packed == f"1 row is wrong\nline 1: the gzip file holds {said}"


@pytest.mark.parametrize("name", ["<TICKER>", "<date>"])
def test_a_header_in_angle_brackets_is_no_web_page(name: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_text(f"{name},<CLOSE>\n")
    with rows_of(tmp_path / "a", ",") as rows:
        assert list(rows) == [[name, "<CLOSE>"]]


@pytest.mark.parametrize("content", [gzip.compress(b"1"), b"PK\x03\x04x"])
def test_a_file_that_is_packed_twice_is_refused(content: bytes, tmp_path: Path) -> None:
    said = "the gzip file holds another packed file or an Excel workbook: unpack it first"
    assert refusal(tmp_path / "a", gzip.compress(content)) == f"1 row is wrong\nline 1: {said}"


def test_a_line_and_a_text_may_be_as_long_as_the_limit(tmp_path: Path) -> None:
    longest = "1" * (64 * 1024 - 2) + "\n"
    (tmp_path / "a").write_text(longest)
    with rows_of(tmp_path / "a", ",", most=len(longest)) as rows:
        assert len(next(rows)[0]) == len(longest) - 1
    assert refusal(tmp_path / "a", b"1" + longest.encode()) == (
        "1 row is wrong\nline 1: a line is longer than 65,536 characters"
    )
    assert refusal(tmp_path / "a", b"1,2\n" * 3, most=11) == (
        "1 row is wrong\nline 1: unpacked, the file has more than 11 characters"
    )


def test_the_cells_of_a_sheet_are_as_csv_would_have_them() -> None:
    at = datetime(2026, 1, 5, 9, 30)  # noqa: DTZ001 a cell of Excel
    values = (None, 5, 5.0, 1e16, -3.0, 0.1, 0.001, 0.0009, 1e-8, 1.5, at, True, "x")
    assert next(SheetRows(iter([values]))) == [
        "", "5", "5", "10000000000000000", "-3", "0.1", "0.001", "0.0009", "0.00000001", "1.5",
        "2026-01-05 09:30:00", "True", "x",
    ]  # fmt: skip


def test_the_rows_of_a_sheet_are_as_wide_as_the_widest_before() -> None:
    cells = [(1, None, None), (1, 2, None), (None, None, None), (1, None, None), (1, 2, 3)]
    rows = SheetRows(iter(cells))
    found = [(row, rows.line) for row in rows]
    assert found == [
        (["1"], 1), (["1", "2"], 2), ([], 3), (["1", ""], 4), (["1", "2", "3"], 5),
    ]  # fmt: skip


def book(folder: Path, *sheets: tuple[str, str, list[list[object]]]) -> Path:
    """Write a workbook of sheets, each with its name and whether it is visible."""
    from openpyxl import Workbook

    made = Workbook()
    made.remove(made.active)
    for name, state, rows in sheets:
        sheet = made.create_sheet(name)
        sheet.sheet_state = state
        for row in rows:
            sheet.append(row)
    made.save(folder / "a")
    return folder / "a"


TITLE = [["only a title"]]
PRICES = [["time", "price", "size"], ["2026-01-05T10:00:00Z", 1, 2]]


@pytest.mark.parametrize(
    ("sheets", "note"),
    [
        ([("Prices", "visible", PRICES)], ""),
        (
            [("Notes", "visible", TITLE), ("Prices", "visible", PRICES), ("More", "visible", [])],
            "the sheet 'Prices' is read, these are not: 'Notes', 'More'",
        ),
        ([("Secret", "hidden", [["a", "b", "c"]] * 3), ("Prices", "visible", PRICES)], ""),
        ([("Prices", "visible", [*TITLE * 49, *PRICES])], ""),
    ],
)
def test_the_first_sheet_with_a_table_that_people_see_is_read(
    sheets: list, note: str, tmp_path: Path
) -> None:
    path = book(tmp_path, *sheets)
    with rows_of(path, ",") as rows:
        assert list(rows)[-2:] == [
            ["time", "price", "size"], ["2026-01-05T10:00:00Z", "1", "2"],
        ]  # fmt: skip
    notes = recognise_file(path, "NVX.xlsx", now_ms=NOW_MS).notes
    assert [text for text in notes if text.startswith("the sheet")] == ([note] if note else [])


def test_without_a_sheet_that_has_a_table_the_first_one_is_read(tmp_path: Path) -> None:
    with rows_of(book(tmp_path, ("A", "visible", TITLE), ("B", "visible", [])), ",") as rows:
        assert list(rows) == [["only a title"]]
    far = [*TITLE * 50, ["time", "price"]]
    with rows_of(book(tmp_path, ("A", "visible", [["a"]]), ("B", "visible", far)), ",") as rows:
        assert list(rows) == [["a"]]


def test_a_workbook_without_its_parts_cannot_be_read(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as parts:
        parts.writestr("[Content_Types].xml", "<Types/>")
    said = refusal(tmp_path / "a", packed.getvalue())
    assert said.startswith("1 row is wrong\nline 1: the workbook cannot be read: ")


@pytest.mark.parametrize(
    ("name", "is_refused"), [("xl/more.xml", True), ("xl/worksheets/a", False)]
)
def test_the_texts_of_a_workbook_have_a_limit_of_their_own(
    name: str, is_refused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sheets are read row by row; all else is read into memory at once."""
    packed = io.BytesIO(workbook(PRICES))
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr(name, b" " * 100_000)
        sizes = {part.filename: part.file_size for part in parts.infolist()}
    (tmp_path / "a").write_bytes(packed.getvalue())
    total = sum(sizes.values())
    shared = sum(n for part, n in sizes.items() if not part.startswith("xl/worksheets/"))
    monkeypatch.setattr("feeds.recordings.table_files.MOST_SHARED_BYTES", 100_000)
    monkeypatch.setattr("feeds.recordings.table_files.MOST_SHEET_BYTES", total)
    said = f"1 row is wrong\nline 1: unpacked, the workbook has {total:,} bytes, which is too much"
    if is_refused:
        assert refusal(tmp_path / "a", packed.getvalue()) == said
        monkeypatch.setattr("feeds.recordings.table_files.MOST_SHARED_BYTES", shared)
    with rows_of(tmp_path / "a", ",") as rows:
        assert len(list(rows)) == 2
    monkeypatch.setattr("feeds.recordings.table_files.MOST_SHEET_BYTES", total - 1)
    assert refusal(tmp_path / "a", packed.getvalue()) == said


@pytest.mark.parametrize(
    ("content", "row"),
    [(b"ab\0cd\0", ["ab\0cd\0"]), (b"a\0b\0c\0de", ["abc\u6564"]), (b"\0a\0b\0cde", ["abc\u6465"])],
)
def test_a_text_of_which_more_than_a_third_is_zeros_is_utf_16(
    content: bytes, row: list[str], tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(content)
    with rows_of(tmp_path / "a", ",") as rows:
        assert next(rows) == row


def test_a_sample_is_made_of_the_rows_that_can_be_read_and_have_something() -> None:
    rows = CsvRows(["a,b\n", "\n", " , \n", '"x"y,2\n', "1,2\n"])
    assert sample_of(rows) == [["a", "b"], ["1", "2"]]


def test_the_separator_is_that_of_the_text_and_a_comma_for_sheets(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("time;price;size\n2026-01-05T10:00:00Z;1;2\n")
    sheets = book(tmp_path, ("A", "visible", PRICES))
    for path, separator in ((tmp_path / "text", ";"), (sheets, ",")):
        found = recognise_file(path, "NVX.csv", now_ms=NOW_MS)
        assert found.layout.separator == separator
        assert found.layout.missing() == []
        assert found.notes == ()
