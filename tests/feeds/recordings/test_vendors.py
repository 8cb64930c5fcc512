"""Tables of vendors are read or refused with the reason; docs/imports.md says which."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeds.exceptions import InvalidImport
from feeds.market.events import FeedState, Trade
from feeds.plan.calendars import utc_of
from feeds.plan.plans import FeedPlan
from feeds.recordings.csv_import import Table
from feeds.recordings.recognition import Recognised
from feeds.recordings.survey import definitions_of
from feeds.recordings.table_files import recognise_file, rows_of
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
