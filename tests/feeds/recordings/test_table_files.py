"""Files that unpack endlessly are refused early, and files of other programs are named."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from feeds.exceptions import InvalidImport
from feeds.recordings.table_files import recognise_file, rows_of
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
    assert "unpack it first" in refusal(tmp_path / "a", packed.getvalue())


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
