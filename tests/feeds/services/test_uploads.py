"""The files of tables that wait for their import: of one person, one at a time, for an hour."""

import os
import stat
import time
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from feeds.exceptions import ChangeRefused, InvalidRecording
from feeds.file_modes import FILE_MODE, FOLDER_MODE
from feeds.services import table_files
from feeds.services.table_files import drop_table, find_table, keep_table

OLGA, NILS = User(pk=1), User(pk=11)
"""One key begins like the other."""


@pytest.fixture(autouse=True)
def folder(settings, tmp_path: Path) -> Path:
    settings.MARKET_RECORDINGS_DIR = tmp_path / "new" / "recordings"
    return settings.MARKET_RECORDINGS_DIR / "uploads"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_an_upload_is_kept_as_it_came_for_its_person_alone(folder: Path) -> None:
    key = keep_table([b"time,", b"price\n"], actor=OLGA)
    place = find_table(key, actor=OLGA)
    assert place == folder / f"1.{key}"
    assert place.read_bytes() == b"time,price\n"
    assert stat.S_IMODE(place.stat().st_mode) == FILE_MODE
    assert stat.S_IMODE(folder.stat().st_mode) == FOLDER_MODE
    with pytest.raises(ChangeRefused, match="too old"):
        find_table(key, actor=NILS)


def test_an_upload_takes_the_place_of_the_last_one_of_its_person(folder: Path) -> None:
    first, other = keep_table([b"a"], actor=OLGA), keep_table([b"b"], actor=NILS)
    second = keep_table([b"c"], actor=OLGA)
    assert first != second
    assert names(folder) == {f"1.{second}", f"11.{other}"}


@pytest.mark.parametrize(("age_s", "is_kept"), [(3590, True), (3610, False)])
def test_an_upload_that_nobody_imports_goes_after_an_hour(
    folder: Path, age_s: int, is_kept: bool
) -> None:
    key = keep_table([b"a"], actor=NILS)
    then = time.time() - age_s
    os.utime(folder / f"11.{key}", (then, then))
    keep_table([b"b"], actor=OLGA)
    assert (f"11.{key}" in names(folder)) is is_kept


def test_an_upload_is_dropped_once_and_by_its_person(folder: Path) -> None:
    key = keep_table([b"a"], actor=OLGA)
    drop_table(key, actor=NILS)
    assert names(folder) == {f"1.{key}"}
    for _ in range(2):
        drop_table(key, actor=OLGA)
    assert names(folder) == set()


@pytest.mark.parametrize("key", ["", "a" * 31, "a" * 33, "é" * 32, "a" * 31 + ".", "a" * 31 + " "])
def test_what_is_no_key_names_no_file(folder: Path, key: str) -> None:
    folder.mkdir(parents=True)
    (folder / f"1.{key}").write_text("x")
    with pytest.raises(ChangeRefused):
        find_table(key, actor=OLGA)
    drop_table(key, actor=OLGA)
    assert names(folder) == {f"1.{key}"}


def test_an_upload_that_cannot_be_written_is_refused(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("a file where the folder should be")
    with pytest.raises(InvalidRecording, match="the upload cannot be kept"):
        keep_table([b"a"], actor=OLGA)


def test_no_upload_overwrites_another(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_files.secrets, "token_urlsafe", lambda _: "k" * 32)
    monkeypatch.setattr(table_files, "_remove_old", lambda *_: None)
    key = keep_table([b"a"], actor=OLGA)
    with pytest.raises(InvalidRecording):
        keep_table([b"b"], actor=OLGA)
    assert find_table(key, actor=OLGA).read_bytes() == b"a"
