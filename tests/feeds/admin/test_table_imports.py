"""The pages that make a recording from a table: what they keep, show, refuse and say."""

import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from feeds.admin import table_imports
from feeds.exceptions import InvalidRecording
from feeds.models import AuditEntry, Feed, Instrument, Recording

pytestmark = pytest.mark.django_db
PAGE = "/admin/feeds/recording/add/"
TOO_OLD = "Nothing was imported. This upload is too old, or it was imported. Choose the file again."
TABLE = "time,symbol,price,size\n1767225601000,NVX,1.01,5\n1767225661500,NVX,1.02,5\n"
"""Two trades from 2026-01-01T00:00:01Z on."""
BINANCE = "id,price,qty,quote_qty,time,is_buyer_maker\n2,1.01,5,5.05,1767225661000,true\n"
LATER_FIRST = BINANCE + "1,1.01,5,5.05,1767225601000,true\n"
DAMAGED = gzip.compress(TABLE.encode() * 1000)[:-40]


@pytest.fixture(autouse=True)
def folder(settings, tmp_path: Path) -> Path:
    settings.MARKET_RECORDINGS_DIR = tmp_path / "recordings"
    return tmp_path / "recordings"


@pytest.fixture(autouse=True)
def feed() -> Feed:
    feed = Feed.objects.create(slug="demo", name="Demo Exchange")
    Instrument.objects.create(
        feed=feed, symbol="NVX", name="Novexa", sector="Technology", reference_price="1"
    )
    return feed


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser("root")


def sends(user: User, **sent: Any) -> tuple[Any, list[str]]:
    """Return the answer to what somebody sends, not rendered, and the messages."""
    request = RequestFactory().post(PAGE, sent)
    request.user, request._messages = user, CookieStorage(request)
    answer = table_imports.import_recording(request)
    return answer, [str(message) for message in get_messages(request)]


def uploads(user: User, content: str | bytes = TABLE, name: str = "a.csv", **sent: Any) -> Any:
    raw = content if isinstance(content, bytes) else content.encode()
    table = SimpleUploadedFile(name, raw)
    return sends(user, table=table, **{"name": "Monday", "feed": ""} | sent)[0].context_data


def mapping_of(shown: dict[str, Any]) -> dict[str, Any]:
    """Return what the form of a page sends when nothing is changed."""
    values = {field.name: field.value() for field in shown["mapping"]}
    return {name: value for name, value in values.items() if not (value is None or value is False)}


def waiting(folder: Path) -> int:
    return len(list((folder / "uploads").iterdir()))


def test_an_upload_shows_what_an_import_would_give(boss, feed, folder):
    shown = uploads(boss, feed=feed.pk)
    assert shown["mapping"].errors == {}
    sent = mapping_of(shown)
    assert (sent["file_name"], sent["name"], sent["feed"]) == ("a.csv", "Monday", feed.pk)
    assert "plays" not in sent
    assert (shown["vendor"], shown["outcome"].trades, shown["outcome"].rows) == (
        "no known vendor", 2, 2,
    )  # fmt: skip
    assert shown["first_at"] == datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert shown["last_at"] == datetime(2026, 1, 1, 0, 1, 1, 500_000, tzinfo=UTC)
    assert ([each.symbol for each in shown["instruments"]], shown["hidden"]) == (["NVX"], 0)
    assert waiting(folder) == 1
    assert not Recording.objects.exists()


def test_a_table_without_a_feed_makes_one_and_names_its_vendor(boss):
    shown = uploads(boss, LATER_FIRST, "NVXUSDT-trades-2026-01.csv")
    sent = mapping_of(shown)
    assert (sent["feed"], sent["plays"]) == ("", True)
    assert shown["vendor"] == "Binance trades"
    assert shown["notes"] == ("the rows are not in the order of time: they are sorted",)


@pytest.mark.parametrize(("count", "hidden"), [(20, 0), (21, 1), (23, 3)])
def test_a_dry_run_shows_twenty_instruments_and_counts_the_rest(boss, count, hidden):
    rows = "".join(f"17672256010{n:02},A{n:02},1.01,5\n" for n in range(count))
    shown = uploads(boss, "time,symbol,price,size\n" + rows)
    assert [each.symbol for each in shown["instruments"]] == [f"A{n:02}" for n in range(20)]
    assert shown["hidden"] == hidden


def test_an_upload_that_cannot_be_kept_says_why(boss, folder):
    folder.write_text("a file in the place of the folder")
    form = uploads(boss)["form"]
    assert form.non_field_errors() == ["the upload cannot be kept: Not a directory"]


def test_an_upload_that_is_no_table_says_so_at_its_field_and_goes(boss, folder):
    form = uploads(boss, DAMAGED, "a.csv.gz")["form"]
    assert list(form.errors) == ["table"]
    assert form.errors["table"] != [""]
    assert waiting(folder) == 0


def test_an_upload_for_a_feed_that_is_not_there_is_not_kept(boss, folder):
    form = uploads(boss, feed="999")["form"]
    assert list(form.errors) == ["feed"]
    assert not folder.exists()


def test_an_upload_is_tried_again_and_imported_by_who_sent_it_only(boss, feed, folder):
    sent = mapping_of(uploads(boss, feed=feed.pk))
    ada = User.objects.create_superuser("ada")
    for action in ({}, {"action": "preview"}, {"action": "import"}):
        answer, said = sends(ada, **sent, **action)
        assert (answer.status_code, answer.url, said) == (302, PAGE, [TOO_OLD])
    answer, said = sends(boss, **sent, action="preview")
    assert (answer.context_data["outcome"].trades, said) == (2, [])
    assert not Recording.objects.exists()
    answer, said = sends(boss, **sent, action="import")
    assert answer.url == "/admin/feeds/recording/"
    assert said == ["Imported 2 trades as Monday."]
    assert waiting(folder) == 0
    assert AuditEntry.objects.get().actor == boss
    assert sends(boss, **sent, action="import")[1] == [TOO_OLD]


def test_an_import_that_plays_leads_to_its_feed(boss):
    sent = mapping_of(uploads(boss)) | {"symbol_prefix": "R"}
    answer, said = sends(boss, **sent, action="import")
    replay = Feed.objects.get(kind="replay")
    assert answer.url == f"/admin/feeds/feed/{replay.pk}/change/"
    assert said == [
        "Imported 2 trades as Monday.",
        f"{replay} plays it. It is closed: start it with the button below.",
    ]


def test_a_file_that_was_damaged_meanwhile_is_not_imported(boss, feed, folder):
    sent = mapping_of(uploads(boss, feed=feed.pk))
    next((folder / "uploads").iterdir()).write_bytes(DAMAGED)
    answer, [text] = sends(boss, **sent, action="import")
    assert (answer.status_code, answer.url) == (302, PAGE)
    assert text.startswith("Nothing was imported. ")
    assert len(text) > len("Nothing was imported. ")


@pytest.mark.parametrize("action", ["preview", "import"])
@pytest.mark.parametrize(
    ("content", "changes", "errors"),
    [
        (TABLE, {"column_price": ""}, ["Choose a column for price."]),
        (
            TABLE,
            {},
            ["Symbols are taken: NVX (on Demo Exchange). Choose a prefix for the new ones."],
        ),
        (
            TABLE + "1767225661500,NVX,x,5\n",
            {"symbol_prefix": "R"},
            [
                "1 row is wrong",
                "line 4: price was 'x', expected a number above 0, such as 101.25",
            ],
        ),
    ],
)
def test_what_is_wrong_is_said_on_the_page_and_the_file_waits(
    boss, folder, content, changes, errors, action
):
    sent = mapping_of(uploads(boss, content)) | changes
    answer, said = sends(boss, **sent, action=action)
    shown = answer.context_data
    assert (shown["mapping"].non_field_errors(), said) == (errors, [])
    assert "outcome" not in shown
    assert (waiting(folder), Recording.objects.count(), Feed.objects.count()) == (1, 0, 1)


def test_a_folder_that_is_full_is_said_on_the_page_and_the_file_waits(
    boss, feed, folder, monkeypatch
):
    def full(*args: object, **kwargs: object) -> None:
        raise InvalidRecording("the disk is full")

    sent = mapping_of(uploads(boss, feed=feed.pk))
    monkeypatch.setattr(table_imports, "apply_table", full)
    answer, said = sends(boss, **sent, action="import")
    errors = answer.context_data["mapping"].non_field_errors()
    assert (errors, said, waiting(folder)) == (["the disk is full"], [], 1)


def test_only_who_may_make_a_feed_is_asked_for_a_prefix(boss, feed):
    assert "symbol_prefix" in uploads(boss, feed=feed.pk)["mapping"].fields
    ada = User.objects.create_user("ada", is_staff=True)
    for may in ("add_recording", "add_feed", "add_instrument"):
        assert "symbol_prefix" not in uploads(ada, feed=feed.pk)["mapping"].fields
        ada.user_permissions.add(Permission.objects.get(codename=may))
        ada = User.objects.get(pk=ada.pk)
    assert "symbol_prefix" in uploads(ada, feed=feed.pk)["mapping"].fields


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ["time", "symbol", "price", "size"]),
        ({"has_header": ""}, [f"column {n}" for n in (1, 2, 3, 4)]),
        ({"separator": ""}, ["time", "symbol", "price", "size"]),
        ({"separator": ",;"}, ["time", "symbol", "price", "size"]),
        ({"separator": ";"}, ["time,symbol,price,size"]),
        ({"separator": "tab"}, ["time,symbol,price,size"]),
        ({"skips": "1"}, ["1767225601000", "NVX", "1.01", "5"]),
        ({"skips": "999"}, []),
        ({"skips": "1000"}, ["time", "symbol", "price", "size"]),
        ({"skips": "-1"}, ["time", "symbol", "price", "size"]),
        ({"skips": ""}, ["time", "symbol", "price", "size"]),
        ({"skips": "١"}, ["time", "symbol", "price", "size"]),
        ({"skips": "²"}, ["time", "symbol", "price", "size"]),
    ],
)
def test_columns_are_those_of_the_row_that_the_form_says(boss, feed, changes, names):
    sent = mapping_of(uploads(boss, feed=feed.pk)) | changes
    if not sent["has_header"]:
        del sent["has_header"]
    choices = sends(boss, **sent)[0].context_data["mapping"].fields["column_time"].choices
    assert [name for _, name in choices[1:]] == [f"{n + 1}: {name}" for n, name in enumerate(names)]


@pytest.mark.parametrize("missing", ["separator", "skips"])
def test_a_form_without_them_is_read_with_commas_and_from_the_first_row(boss, feed, missing):
    sent = mapping_of(uploads(boss, feed=feed.pk))
    del sent[missing]
    choices = sends(boss, **sent)[0].context_data["mapping"].fields["column_time"].choices
    assert choices[1] == ("0", "1: time")
