"""A build is published once, whole or not at all, and earlier ones stay for a while."""

import gzip
import os
import stat
from pathlib import Path

import pytest

from dashboard.static_files import publishing
from dashboard.static_files.publishing import KEPT_BUILDS, publish
from dashboard.static_files.sources import SCRIPTS, SourceFile, files_below
from tests.planted.script_tokens import tokens_of

BUILD = "0123456789ab"
TEXT = "/* a remark */\n" + "p { color: red }\n" * 50


@pytest.fixture
def sources(tmp_path: Path) -> list[SourceFile]:
    folder = tmp_path / "sources"
    (folder / "css").mkdir(parents=True)
    (folder / "css" / "a.css").write_text(TEXT)
    (folder / "b.svg").write_text("<svg/>")
    return files_below(folder)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "static"


def names(root: Path) -> set[str]:
    return {entry.name for entry in root.iterdir()}


def test_files_are_copied_and_compressed(sources: list[SourceFile], root: Path) -> None:
    folder = publish(BUILD, sources, root)
    assert folder == root / BUILD
    assert {file.name for file in files_below(folder)} == {"b.svg", "css/a.css", "css/a.css.gz"}
    assert (folder / "css" / "a.css").read_text() == TEXT
    assert gzip.decompress((folder / "css" / "a.css.gz").read_bytes()).decode() == TEXT


def test_nobody_else_may_read_them(sources: list[SourceFile], root: Path) -> None:
    """They are not secret, but the folder of data is."""
    folder = publish(BUILD, sources, root)
    modes = {stat.S_IMODE(place.stat().st_mode) for place in (root, folder)}
    assert modes == {0o700}


@pytest.mark.slow
def test_scripts_of_our_own_lose_their_remarks_and_nothing_else(root: Path) -> None:
    sources = [source for source in files_below(SCRIPTS) if source.name.startswith("js/")]
    folder = publish(BUILD, sources, root)
    for name, path in sources:
        before = [token.text for token in tokens_of(path.read_text())]
        if len("".join(before)) < 200:
            continue  # gzip would make it longer
        sent = gzip.decompress((folder / f"{name}.gz").read_bytes()).decode()
        assert [token.text for token in tokens_of(sent)] == before, name
        assert "@ts-check" not in sent


def test_a_build_is_published_once(sources: list[SourceFile], root: Path) -> None:
    folder = publish(BUILD, sources, root)
    inode = folder.stat().st_ino
    os.utime(folder, (1, 1))
    publish(BUILD, sources, root)
    assert folder.stat().st_ino == inode
    assert folder.stat().st_mtime > 1


@pytest.mark.parametrize("name", ["css/a.css", "css/a.css.gz"])
def test_a_build_with_an_empty_file_is_published_again(
    sources: list[SourceFile], root: Path, name: str
) -> None:
    """As after a loss of power, when a folder has its name and a file has no content yet."""
    folder = publish(BUILD, sources, root)
    (folder / name).write_bytes(b"")
    assert (publish(BUILD, sources, root) / name).read_bytes()


def test_a_build_with_a_missing_file_is_published_again(
    sources: list[SourceFile], root: Path
) -> None:
    (publish(BUILD, sources, root) / "b.svg").unlink()
    assert (publish(BUILD, sources, root) / "b.svg").read_bytes()


def test_of_two_processes_the_first_wins(
    sources: list[SourceFile], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = publishing._put

    def put_late(source: SourceFile, file: Path) -> None:
        monkeypatch.setattr(publishing, "_put", put)
        publish(BUILD, sources, root)
        put(source, file)

    monkeypatch.setattr(publishing, "_put", put_late)
    folder = publish(BUILD, sources, root)
    assert (folder / "b.svg").read_text() == "<svg/>"
    assert names(root) == {BUILD}


def test_a_failure_leaves_nothing(
    sources: list[SourceFile], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(source: SourceFile, file: Path) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(publishing, "_put", fail)
    with pytest.raises(OSError, match="no space"):
        publish(BUILD, sources, root)
    assert names(root) == set()


def test_builds_that_were_used_last_stay(sources: list[SourceFile], root: Path) -> None:
    builds = [f"{number:012x}" for number in range(KEPT_BUILDS + 3)]
    for second, build in enumerate(builds):
        os.utime(publish(build, sources, root), (second, second))
    assert names(root) == set(builds[3:])
    publish(builds[3], sources, root)
    publish("f" * 12, sources, root)
    assert names(root) == {builds[3], *builds[5:], "f" * 12}


def test_only_builds_and_what_dead_processes_left_are_deleted(
    sources: list[SourceFile], root: Path
) -> None:
    for name, used_s in ((".publishing-old", 1), (".publishing-new", None), ("notes", 1)):
        (root / name).mkdir(parents=True)
        os.utime(root / name, None if used_s is None else (used_s, used_s))
    publish(BUILD, sources, root)
    assert names(root) == {BUILD, ".publishing-new", "notes"}


@pytest.mark.parametrize(("used_s", "is_left"), [(6_399, False), (6_400, True)])
def test_what_is_unfinished_for_an_hour_may_still_be_in_work(
    sources: list[SourceFile],
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    used_s: int,
    is_left: bool,
) -> None:
    monkeypatch.setattr(publishing.time, "time", lambda: 10_000.0)
    (root / ".publishing-x").mkdir(parents=True)
    os.utime(root / ".publishing-x", (used_s, used_s))
    publish(BUILD, sources, root)
    assert (".publishing-x" in names(root)) is is_left
