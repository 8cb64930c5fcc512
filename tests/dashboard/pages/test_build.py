"""A build is known by the files of the pages: any change makes another one, nothing else does."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.pages.build import FOLDERS, build_of, current_build

LOGIN = "/accounts/login/"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "a.js").write_text("one")
    (tmp_path / "b.css").write_text("two")
    return tmp_path


def test_the_same_files_are_the_same_build(folder) -> None:
    assert build_of([folder]) == build_of([folder])
    (folder / "empty").mkdir()
    assert build_of([folder]) == build_of([folder])


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
    before = build_of([folder])
    change(folder)
    assert build_of([folder]) != before


def test_the_folders_of_the_pages_are_there() -> None:
    assert all(any(folder.rglob("*.*")) for folder in FOLDERS)


@pytest.mark.django_db
def test_the_server_and_its_pages_say_the_same_build() -> None:
    """Also to those who are signed out: their page is open as well."""
    answer = Client().get("/version/")
    assert answer.json() == {"build": current_build()}
    assert "no-store" in answer["Cache-Control"]
    assert f'data-build="{current_build()}"' in Client().get(LOGIN).content.decode()
    known = Client()
    known.force_login(User.objects.create_user("ada"))
    assert f'data-build="{current_build()}"' in known.get("/developers/").content.decode()


@pytest.mark.django_db
def test_only_get_asks() -> None:
    assert Client().post("/version/").status_code == 405
