"""A build is known by the files of the pages: any change makes another one, nothing else does."""

from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest

from dashboard.static_files.sources import (
    SCRIPTS,
    TEMPLATES,
    build_of,
    current_build,
    files_below,
    source_files,
    source_folders,
)

LIBRARY: Final = "756b0ba9f58930226d6b8b9d47ad310448ab85d799ea1f7c2c02304777c10b52"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "a.js").write_text("one")
    (tmp_path / "b.css").write_text("two")
    return tmp_path


def build_below(folder: Path) -> str:
    return build_of(files_below(folder))


def test_the_same_files_are_the_same_build(folder) -> None:
    assert build_below(folder) == build_below(folder)
    (folder / "empty").mkdir()
    assert build_below(folder) == build_below(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "js" / "a.js").write_text("other"),
        lambda folder: (folder / "js" / "a.js").rename(folder / "js" / "c.js"),
        lambda folder: (folder / "b.css").unlink(),
        lambda folder: (folder / "new.css").write_text(""),
    ],
)
def test_any_change_is_another_build(folder, change) -> None:
    before = build_below(folder)
    change(folder)
    assert build_below(folder) != before


def test_files_of_the_project_and_of_its_packages_are_found() -> None:
    found = {source.name: source for source in source_files()}
    assert found["js/pages/dashboard.js"].is_own
    assert not found["admin/css/base.css"].is_own
    assert not [name for name in found if name.endswith((".map", ".py"))]
    assert all(path.read_bytes() for _, path in found.values())


def test_every_file_lies_below_a_folder_that_is_searched() -> None:
    """They are served from there when they cannot be published."""
    folders = source_folders()
    for name, path in source_files():
        places = (f / name[len(prefix) :] for f, prefix in folders if name.startswith(prefix))
        assert next(place for place in places if place.is_file()) == path


def test_the_chart_library_is_the_one_that_was_chosen() -> None:
    """It is the official file of Lightweight Charts 5.1.0, as its makers publish it."""
    found = {source.name: source.path for source in source_files()}
    library = found["vendor/lightweight-charts/lightweight-charts.js"].read_bytes()
    assert sha256(library).hexdigest() == LIBRARY
    assert b"Lightweight Charts\xe2\x84\xa2 v5.1.0" in library[:200]


def test_a_build_is_of_all_files_and_templates() -> None:
    assert current_build() == build_of([*source_files(), *files_below(TEMPLATES)])
    assert current_build() != build_below(SCRIPTS)
