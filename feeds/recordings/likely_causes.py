"""Why a table has no columns that are known: the likely cause, from how its first row looks.

Pure. Must not know files.
"""

from typing import Final

from feeds.recordings.table_numbers import is_missing
from feeds.recordings.table_times import unit_of

SEPARATORS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
FAR_MS: Final = 32_503_680_000_000
"""The year 3000: here it only matters whether a text looks like a time."""


def suspicion(names: list[str], separator: str) -> str:
    """Return the likely cause as the end of a sentence, "" without any."""
    text = separator.join(names)
    if text.startswith("PK\x03\x04"):
        return "; this is an Excel file (xlsx), not CSV"
    # The mark of gzip is 1f 8b 08. `strip` takes the 1f for white space, so it may be gone.
    if text.lstrip("\x1f").startswith(("\x8b\x08", "\ufffd\x08")):
        return "; this is a gzip file, not CSV"
    if text.startswith(("\ufffd\ufffd\x11", "\xd0\xcf\x11\xe0")):
        return "; this is an old Excel file (xls), not CSV"
    if "\0" in text or "\ufffd" in text:
        return "; the encoding is not UTF-8, perhaps UTF-16: save the table as UTF-8"
    others = [other for other in SEPARATORS if other != separator and text.count(other) > 1]
    if len(names) <= 2 and others:
        return f"; the columns seem to be separated by {SEPARATORS[others[0]]}"
    if any(is_value(name) for name in names):
        return "; the first row looks like values: there is no header"
    return ""


def is_value(text: str) -> bool:
    """Say whether a cell of the first row is a number or a time, so no name of a column."""
    text = text.strip()
    if is_missing(text):
        return False
    plain = text.replace(".", "", 1).replace(",", "", 1).replace("-", "", 1)
    return (plain.isascii() and plain.isdigit()) or unit_of(text, now_ms=FAR_MS) is not None
