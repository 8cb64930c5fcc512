"""The files of tables that wait between their upload and their import, below the recordings.

A file is one person's: its name has the key of that person's row and a random part. Must not know
what is in it.
"""

import os
import re
import secrets
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from django.contrib.auth.models import User

from feeds.exceptions import ChangeRefused, InvalidRecording
from feeds.file_modes import FILE_MODE, FOLDER_MODE
from feeds.services.recordings import recordings_folder

LIFETIME_S: Final = 3600
"""A file that was not imported by then goes with the next upload of anybody."""
FOLDER: Final = "uploads"
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{32}")


def keep_table(chunks: Iterable[bytes], *, actor: User) -> str:
    """Keep an uploaded file and return its key; it takes the place of this person's last one.

    Raises:
        InvalidRecording: the folder cannot be written to.
    """
    key = secrets.token_urlsafe(24)
    try:
        place = _place(key, actor)
        place.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        _remove_old(place.parent, actor)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(place, flags, FILE_MODE), "wb") as file:
            for chunk in chunks:
                file.write(chunk)
    except OSError as error:
        raise InvalidRecording(f"the upload cannot be kept: {error.strerror}") from None
    return key


def find_table(key: str, *, actor: User) -> Path:
    """Return the file of a key.

    Raises:
        ChangeRefused: no such file of this person waits.
    """
    place = _place(key, actor) if _KEY.fullmatch(key) else None
    if place is None or not place.is_file():
        raise ChangeRefused("This upload is too old, or it was imported. Choose the file again")
    return place


def drop_table(key: str, *, actor: User) -> None:
    """Remove the file of a key, if it is still there."""
    if _KEY.fullmatch(key):
        _place(key, actor).unlink(missing_ok=True)


def _place(key: str, actor: User) -> Path:
    return recordings_folder() / FOLDER / f"{actor.pk}.{key}"


def _remove_old(folder: Path, actor: User) -> None:
    oldest = time.time() - LIFETIME_S
    for path in folder.iterdir():
        if path.name.startswith(f"{actor.pk}.") or path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
