"""When the state of a market was last stored, read beside the server that stores it."""

from contextlib import closing
from pathlib import Path

from tests.support import storage


def saved_ms(folder: Path) -> int:
    """Return when the market of this folder was last stored (UTC ms), 0 before the first time."""
    with closing(storage.connect(folder)) as rows:
        found = rows.execute("SELECT saved_ms FROM feeds_marketcheckpoint").fetchone()
    return 0 if found is None else int(found[0])
