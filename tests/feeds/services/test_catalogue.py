"""Instruments as a CSV table: what goes out comes back, and nothing wrong comes in by half."""

import string
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeds.bus import control
from feeds.exceptions import InvalidImport, InvalidTransition
from feeds.models import AuditEntry, Feed, Instrument, StoredBar
from feeds.services import feeds as services
from feeds.services import instruments as instrument_services
from feeds.services.catalogue import import_instruments
from feeds.services.catalogue_comparison import compare, table_of
from feeds.services.catalogue_table import (
    COLUMNS,
    MOST_CHARACTERS,
    MOST_ROWS,
    read_table,
    write_table,
)
from tests.support.staff import root, staff

pytestmark = pytest.mark.django_db
HEAD = ",".join(COLUMNS)
NEW = "QAL,Qualia Foods,Consumer,0.01,50,0.02,1"


@pytest.fixture(autouse=True)
def feed():
    services.seed_exchange(4, 200)
    AuditEntry.objects.all().delete()
    return Feed.objects.get()


def rows():
    return list(Instrument.objects.order_by("symbol").values())


def apply(feed, text, **options):
    return import_instruments(feed, text, digest=compare(feed, text).digest(), **options)


def faults_of(call, *args):
    with pytest.raises(InvalidImport) as caught:
        call(*args)
    return caught.value.faults


# --- tables -----------------------------------------------------------------------------------
def test_what_goes_out_comes_back_and_changes_nothing(feed):
    found = compare(feed, table_of(feed))
    assert (found.added, found.changed, found.missing, found.unchanged) == ((), (), (), 4)


texts = st.text(string.ascii_letters + "=+-@'\t\r\n\",; é", min_size=1).map(str.strip)


@given(name=texts, sector=texts)
def test_whatever_people_type_comes_back(name, sector):
    row = dict.fromkeys(COLUMNS, "1") | {"name": name, "sector": sector}
    [back] = read_table(write_table([row]))
    assert back.texts == row


@pytest.mark.parametrize("text", ["=1+2", "+1", "-1", "@SUM(A1)", "\tx", "'=1"])
def test_no_text_is_a_formula_for_a_spreadsheet(text):
    table = write_table([dict.fromkeys(COLUMNS, text)])
    assert f"'{text}" in table


def test_columns_come_in_any_order_and_some_may_be_missing(feed):
    found = compare(feed, "Sector,symbol\nUtilities,NVX\n\n")
    [change] = found.changed
    assert (change.before, change.after) == ({"sector": "Technology"}, {"sector": "Utilities"})


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", [(1, "no column 'symbol'")]),
        ("name,colour\nA,b\n", [(1, "unknown column 'colour'"), (1, "no column 'symbol'")]),
        ("symbol,symbol\nA,B\n", [(1, "column 'symbol' stands twice")]),
        ("symbol\nNVX\nNVX\nORB,1\n", [(3, "NVX stands in line 2 already"),
                                       (4, "2 cells, expected 1")]),
        ("symbol,name\nNVX,a\0b\n", [(2, "a character that is none (NUL)")]),
        ('symbol\n"NVX\n', [(2, "no CSV: unexpected end of data")]),
        ("symbol\n" + "x" * MOST_CHARACTERS, [(1, "longer than 1,048,576 characters")]),
        ("\x00\x01\x02", [(1, "unknown column '\\x00\\x01\\x02'"), (1, "no column 'symbol'")]),
    ],
)  # fmt: skip
def test_a_table_that_is_none_is_refused_with_every_line(text, faults):
    assert faults_of(read_table, text) == faults


def test_there_is_an_end_to_a_table():
    text = "symbol\n" + "\n".join(f"S{number}" for number in range(MOST_ROWS + 1))
    assert faults_of(read_table, text) == [(MOST_ROWS + 2, "more than 5,000 rows")]


def test_every_wrong_value_is_told_with_its_line(feed):
    Instrument.objects.create(
        feed=Feed.objects.create(slug="other", name="Other"), symbol="OTH", name="x", sector="x",
        reference_price=Decimal(1),
    )  # fmt: skip
    lines = [
        HEAD, NEW,
        "NVX,,Technology,0.01,100,0.02,1",
        "bad!,A,B,0.01,50,0.02,1",
        "ZED,A,B,0.01,50.005,0.02,1",
        "ZEE,A,B,0.01,x,2,nan",
        "ZET,A,B,,,,",
        "OTH,A,B,0.01,50,0.02,1",
    ]  # fmt: skip
    before = rows()
    faults = faults_of(compare, feed, "\n".join(lines))
    assert [line for line, _ in faults] == [3, 4, 5, 6, 6, 6, 7, 8]
    told = " ".join(fault for _, fault in faults)
    assert "Must be a multiple of the tick size" in told
    assert "OTH is an instrument of another feed" in told
    assert rows() == before


# --- applied ----------------------------------------------------------------------------------
def test_a_table_is_applied_with_one_audit_entry_and_one_poke(
    feed, monkeypatch, django_capture_on_commit_callbacks
):
    told = []
    monkeypatch.setattr(control, "poke_feeds", lambda: told.append("feeds"))
    actor = User.objects.create_user("olga")
    with django_capture_on_commit_callbacks(execute=True):
        text = "symbol,name,sector,reference_price\nQAL,Qualia,Food,50\nNVX,Nova,Tech,90\n"
        done = apply(feed, text, actor=actor, reason="new list")
        assert told == []
    assert told == ["feeds"]
    assert (len(done.added), len(done.changed), len(done.missing)) == (1, 1, 3)
    assert Instrument.objects.count() == 5
    added = Instrument.objects.get(symbol="QAL")
    assert (added.name, added.tick_size, added.activity) == ("Qualia", Decimal("0.01"), 1.0)
    assert Instrument.objects.get(symbol="NVX").name == "Nova"
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.target) == (actor, "import", "feed demo")
    assert entry.reason == "new list"
    assert entry.before.keys() == {"NVX"}
    assert entry.after.keys() == {"NVX", "QAL"}


def test_what_the_table_has_not_goes_only_when_asked(feed):
    text = "symbol\nNVX\n"
    with pytest.raises(InvalidTransition, match="nothing to do"):
        apply(feed, text, actor=None)
    apply(feed, text, with_removal=True, actor=None)
    assert list(Instrument.objects.values_list("symbol", flat=True)) == ["NVX"]
    assert set(AuditEntry.objects.get().after.values()) == {"removed"}


def test_bars_go_when_their_ticks_change(feed):
    instrument = Instrument.objects.get(symbol="NVX")
    StoredBar.objects.create(
        instrument=instrument, interval="1m", start_ms=0, open=1, high=1, low=1, close=1,
        volume=1, trades=1, recorded_ms=0,
    )  # fmt: skip
    apply(feed, "symbol,name\nNVX,Nova\n", actor=None)
    assert StoredBar.objects.exists()
    apply(feed, "symbol,tick_size,reference_price\nNVX,0.05,100\n", actor=None)
    assert not StoredBar.objects.exists()


def test_what_changed_since_the_dry_run_is_looked_at_again(feed):
    text = "symbol,name\nNVX,Nova\n"
    digest = compare(feed, text).digest()
    Instrument.objects.filter(symbol="NVX").update(name="Another")
    with pytest.raises(InvalidTransition, match="changed since"):
        import_instruments(feed, text, digest=digest, actor=None)
    assert Instrument.objects.get(symbol="NVX").name == "Another"
    assert not AuditEntry.objects.exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(st.lists(st.sampled_from(["NVX", "QAL", "ZED", "ORB"]), unique=True, min_size=1))
def test_after_a_table_was_applied_there_is_nothing_left_of_it(symbols):
    feed = Feed.objects.get()
    text = HEAD + "\n" + "\n".join(f"{one},N {one},S,0.01,50,0.02,1" for one in symbols)
    found = compare(feed, text)
    if found.added or found.changed:
        apply(feed, text, actor=None)
    again = compare(feed, text)
    assert (again.added, again.changed, again.unchanged) == ((), (), len(symbols))


# --- pages ------------------------------------------------------------------------------------
def page_of(feed, name="import"):
    return reverse(f"admin:feeds_feed_{name}", args=[feed.pk])


def upload(client, feed, content):
    sent = SimpleUploadedFile("x.csv", content)
    return client.post(page_of(feed), {"table": sent})


def confirmed(page):
    return {"text": page.context["text"], "digest": page.context["digest"], "reason": "list"}


def test_a_file_is_tried_and_then_applied(feed):
    client = staff("add_instrument", "change_instrument", "view_instrument", "view_feed")
    before = rows()
    page = upload(client, feed, f"{HEAD}\n{NEW}\nNVX,Nova,Technology,0.01,101.25,0.02,1".encode())
    text = page.content.decode()
    assert "1 added, 1 changed, 0 unchanged, 3 not in the table." in text
    assert "<td>Nova</td>" in text
    assert "Remove those" not in text, "who may not delete"
    assert rows() == before
    done = client.post(page_of(feed), confirmed(page), follow=True)
    assert "Imported into Demo Exchange: 1 added, 1 changed, 0 removed." in done.content.decode()
    assert Instrument.objects.filter(symbol="QAL").exists()


def test_a_pasted_text_is_taken_and_what_is_wrong_is_told_by_line(feed):
    client = root()
    page = client.post(page_of(feed), {"text": "symbol,name\nNVX,\nbad!,x\n"}).content.decode()
    assert "line 2: name: This field cannot be blank." in page
    assert "line 3: symbol: Capital letters and digits only." in page
    assert "Apply" not in page


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe\x00", "The file is not UTF-8: byte 0."),
        (b"", "The submitted file is empty."),
        (b"x" * (MOST_CHARACTERS + 1), "The file is larger than 1,048,576 bytes."),
    ],
)
def test_a_file_that_is_no_table_is_refused(feed, content, words):
    assert words in upload(root(), feed, content).content.decode()


def test_nothing_is_no_table_and_a_broken_confirmation_does_nothing(feed):
    client, before = root(), rows()
    assert "Choose a file" in client.post(page_of(feed), {"text": ""}).content.decode()
    assert client.post(page_of(feed), {"digest": "x"}).status_code == 302
    wrong = {"digest": "x", "text": f"{HEAD}\n{NEW}"}
    assert "changed since the dry run" in client.post(page_of(feed), wrong).content.decode()
    assert rows() == before


def test_removal_needs_its_permission(feed):
    text = "symbol\nNVX\n"
    page = staff("add_instrument", "change_instrument").post(page_of(feed), {"text": text})
    sent = confirmed(page) | {"with_removal": "on"}
    assert staff("add_instrument", "change_instrument").post(page_of(feed), sent).status_code == 403
    assert Instrument.objects.count() == 4
    full = staff("add_instrument", "change_instrument", "delete_instrument")
    assert "Remove those" in full.post(page_of(feed), {"text": text}).content.decode()
    assert full.post(page_of(feed), sent).status_code == 302
    assert Instrument.objects.count() == 1


def test_a_halt_does_not_end_by_a_removal(feed):
    text = "symbol\nNVX\n"
    instrument_services.halt_instruments(feed, ["ORB"], actor=None, reason="news")
    needs = ("add_instrument", "change_instrument", "delete_instrument")
    sent = {"text": text, "digest": compare(feed, text).digest(), "with_removal": "on"}
    assert staff(*needs).post(page_of(feed), sent).status_code == 403
    assert staff(*needs, "halt_instrument").post(page_of(feed), sent).status_code == 302


@pytest.mark.parametrize(
    ("name", "needs"),
    [("export", ["view_instrument"]), ("import", ["add_instrument", "change_instrument"])],
)
def test_each_page_needs_its_permissions(feed, name, needs):
    address = page_of(feed, name)
    assert staff(*needs).get(address).status_code == 200
    for one in needs:
        assert staff(*(set(needs) - {one}), "view_feed").get(address).status_code == 403
    assert staff(*needs, is_staff=False).get(address).status_code == 302
    sent = {"text": f"{HEAD}\n{NEW}"}
    assert staff("view_feed", "add_instrument").post(page_of(feed), sent).status_code == 403


def test_the_export_is_a_file_that_can_be_imported(feed):
    answer = staff("view_instrument").get(page_of(feed, "export"))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "demo-instruments-" in answer["Content-Disposition"]
    assert compare(feed, answer.content.decode()).unchanged == 4


def test_the_page_of_a_feed_links_to_both(feed):
    page = root().get(reverse("admin:feeds_feed_change", args=[feed.pk])).content.decode()
    assert page_of(feed, "export") in page
    assert page_of(feed) in page
