"""Files of the site that only its own account may read: passwords, sessions and recordings.

Must not know what is in them. Where the account does not own a file (a shared volume) its mode
stays as it is, and `manage.py doctor` says so.
"""

import os
from contextlib import suppress
from pathlib import Path

from feeds.file_modes import FILE_MODE, FOLDER_MODE


def make_private_folder(folder: Path) -> None:
    """Make a folder that only its owner may enter, or take the rights of others from one.

    Raises:
        OSError: the folder cannot be made.
    """
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    _restrict(folder, FOLDER_MODE)


def make_private_file(file: Path) -> None:
    """Make an empty file that only its owner may read, or take the rights of others from one.

    What SQLite keeps beside a database has the mode of the database. A file that exists is never
    opened: to close it would take this process's locks from its connections to the database (POSIX
    locks belong to the process), and the next other process would delete the log under them.
    """
    with suppress(OSError):
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
        os.close(os.open(file, flags, FILE_MODE))
    _restrict(file, FILE_MODE)


def _restrict(path: Path, mode: int) -> None:
    with suppress(OSError):
        if path.stat().st_mode & ~mode & 0o777:
            path.chmod(mode)
