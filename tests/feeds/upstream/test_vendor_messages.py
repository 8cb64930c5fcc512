"""The table in docs/recordings.md says what becomes of each message of a vendor."""

from pathlib import Path

from tests.feeds.upstream.vendor_messages import CASES, effect_of
from tests.support.places import ROOT

PAGE: Path = ROOT / "docs" / "recordings.md"
HEAD = "| dialect | message | what happens |"


def test_the_page_says_what_becomes_of_each_message() -> None:
    rows = [f"| {case.name} | {case.spelling} | {effect_of(case)} |" for case in CASES]
    lines = PAGE.read_text().splitlines()
    begin = lines.index(HEAD) + 2
    assert lines[begin : begin + len(rows)] == rows
    assert "".join(lines[begin + len(rows) : begin + len(rows) + 1]) == ""
