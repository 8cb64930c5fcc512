"""Instruments as a list: an export can be imported again, and a wrong list changes nothing."""

import string
from datetime import timedelta
from decimal import Decimal
from html import escape

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeds.bus import control
from feeds.exceptions import ChangeRefused, InvalidImport
from feeds.market.symbols import SYMBOL_RULE
from feeds.models import AuditEntry, Feed, Instrument, PendingImport, StoredBar
from feeds.services import feeds as services
from feeds.services import instruments as instrument_services
from feeds.services.instrument_imports import LIFETIME, apply_import, try_import
from feeds.services.instrument_lists import COLUMNS, NEEDED, compare, write_list
from feeds.services.list_text import MOST_CHARACTERS, MOST_ROWS
from tests.support.examples import examples
from tests.support.staff import root, signed_in, staff

pytestmark = pytest.mark.django_db
HEAD = ",".join(COLUMNS)
NEW = "QAL,Qualia Foods,Consumer,0.01,50,0.02,1,1"


@pytest.fixture(autouse=True)
def feed():
    services.seed_exchange(4, 200)
    AuditEntry.objects.all().delete()
    return Feed.objects.get()


def rows():
    return list(Instrument.objects.order_by("symbol").values())


def person(name="olga"):
    return User.objects.get_or_create(username=name)[0]


def apply(feed, text, **options):
    key, _ = try_import(feed, text, actor=person())
    return apply_import(feed, key, actor=person(), **options)


def faults_of(feed, text):
    with pytest.raises(InvalidImport) as caught:
        compare(feed, text)
    return caught.value.faults


# --- lists ------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["csv", "tsv"])
def test_what_goes_out_comes_back_and_changes_nothing(feed, kind):
    found = compare(feed, write_list(feed, kind))
    assert (found.added, found.changed, found.missing, found.unchanged) == ((), (), (), 4)


letters = string.ascii_letters + "=+-@'\t\r\n\",; é"
texts = st.text(letters, min_size=1, max_size=40).map(str.strip).filter(bool)


def test_a_comparison_changes_no_row(feed):
    before = rows()
    lines = write_list(feed, "csv").splitlines()
    first = lines[1].split(",")
    changed = ",".join([first[0], "Another name", *first[2:]])
    found = compare(feed, "\n".join([lines[0], changed, *lines[2:]]))
    assert len(found.changed) == 1
    assert rows() == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(30))
@given(name=texts, sector=texts, kind=st.sampled_from(["csv", "tsv"]))
def test_whatever_people_type_comes_back(name, sector, kind):
    feed, row = Feed.objects.get(), Instrument.objects.filter(symbol="NVX")
    row.update(name=name, sector=sector)
    text = write_list(feed, kind)
    row.update(name="?", sector="?")
    [change] = compare(feed, text).changed
    assert change.after == {"name": name, "sector": sector}


@pytest.mark.parametrize("text", ["=1+2", "+1", "-1", "@SUM(A1)", "\tx", "'=1"])
@pytest.mark.parametrize("kind", ["csv", "tsv"])
def test_no_text_is_a_formula_for_a_spreadsheet(feed, text, kind):
    Instrument.objects.filter(symbol="NVX").update(name=text)
    assert f"'{text}" in write_list(feed, kind)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_columns_come_in_any_order_and_some_may_be_missing(feed, end, mark, delimiter):
    lines = [("Sector", " symbol"), ("Utilities", "NVX"), ("", ""), ()]
    text = mark + end.join(delimiter.join(cells) for cells in lines) + end
    found = compare(feed, text)
    [change] = found.changed
    assert (change.before, change.after) == ({"sector": "Technology"}, {"sector": "Utilities"})
    assert found.unchanged == 0


def test_an_empty_cell_is_the_default_where_there_is_one(feed):
    [change] = compare(feed, "symbol,volatility\nNVX,\n").changed
    assert change.after == {"volatility": 0.02}


def test_what_a_new_instrument_needs_is_what_it_is_refused_without(feed):
    faults = faults_of(feed, "symbol\nNEW\n")
    assert {fault.partition(":")[0] for _, fault in faults} == set(NEEDED) - {"symbol"}
    values = {"symbol": "NEW", "name": "New", "sector": "Energy", "reference_price": "10"}
    text = "\n".join(",".join(row) for row in (NEEDED, [values[name] for name in NEEDED]))
    assert len(compare(feed, text).added) == 1


NO_HEADER = [(1, f"no column is known; the first line must name them: {', '.join(COLUMNS)}")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", [(1, "no column 'symbol'")]),
        ("name,colour\nA,b\n", [(1, "unknown column 'colour'"), (1, "no column 'symbol'")]),
        ("symbol,symbol\nA,B\n", [(1, "column 'symbol' is there twice")]),
        ("symbol\nNVX\n\nORB,1\nA,\n", [(4, "2 cells, expected 1"), (5, "2 cells, expected 1")]),
        ("symbol,name\nNVX,\"a\nb\"\n\nNVX,x\nNVX,y\n",
         [(5, "symbol: NVX is already in line 3."), (6, "symbol: NVX is already in line 3.")]),
        ("symbol,name\nNVX,a\0b\n", [(2, "name: Null characters are not allowed.")]),
        ("symbol\nN\0", [(2, "symbol: Null characters are not allowed."),
                        (2, "name: This field cannot be blank."),
                        (2, "sector: This field cannot be blank."),
                        (2, "reference_price: This field cannot be blank.")]),
        ('symbol\n"NVX\n', [(2, "not a valid list: unexpected end of data")]),
        ("symbol\n" + "x" * MOST_CHARACTERS, [(1, "longer than 1,048,576 characters")]),
        ("symbol\n" + "x" * 200_000,
         [(2, "not a valid list: field larger than field limit (131072)")]),
        ("\x00\x01\x02", NO_HEADER),
        ("NVX,Nova\nORB,Orba\n", NO_HEADER),
        ("NVX\tNova\n", NO_HEADER),
        ("symbol" + "," * 1_000_000, [(1, "unknown column ''")]),
        ("symbol\nNVX" + "," * 1_000_000, [(2, "1,000,001 cells, expected 1")]),
        ("PK\x03\x04\x14\0\x06", NO_HEADER),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_read_is_refused_with_every_line(feed, text, faults):
    assert faults_of(feed, text) == faults


def test_columns_are_named_in_words_too_and_blank_lines_may_come_first(feed):
    text = "\n\t\t\t\t\n\nSymbol\tTICK SIZE\tReference price\tlot-size\nqal\t0.05\t50\t0,5\n"
    [fault] = faults_of(feed, text)
    assert fault[0] == 5
    text = text.replace("0,5", "0.5").replace("qal", "nvx")
    [change] = compare(feed, text).changed
    assert change.after == {
        "tick_size": "0.05", "reference_price": "50", "lot_size": "0.5",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("price", "tick", "found"),
    [
        ("102,25", "0,01", "102.25"),
        ("1,234", "0,001", "1.234"),
        ("12345,678", "0,001", "12345.678"),
        (",5", "0,1", "0.5"),
        ("60000", "0,01", "60000"),
    ],
)
@pytest.mark.parametrize(("mark", "quote"), [(";", ""), ("\t", ""), (",", '"')])
def test_decimal_commas_are_read(feed, price, tick, found, mark, quote):
    cells = ["nvx", "A, B", *(f"{quote}{cell}{quote}" for cell in (price, tick))]
    if quote:
        cells[1] = '"A, B"'
    text = f"{mark.join(('symbol', 'name', 'reference_price', 'tick_size'))}\n{mark.join(cells)}\n"
    [change] = compare(feed, text).changed
    assert (Decimal(change.after["reference_price"]), change.after["name"]) == (
        Decimal(found), "A, B",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("price", "tick", "fault"),
    [
        ("1,234", "1", "reference_price: the comma in 1,234 may be a decimal comma or separate"),
        ("101,25", "0.01", "reference_price: 101,25 has a comma, and other numbers of this list"),
        ("1,234", "0.001", "reference_price: 1,234 has a comma, and other numbers of this list"),
        ("1.234,5", "1", "reference_price: "),
        ("1,234,567", "1", "reference_price: "),
        ("1 234", "1", "reference_price: "),
    ],
)
def test_a_comma_that_may_mean_two_things_is_named_with_its_line(feed, price, tick, fault):
    text = f"symbol;reference_price;tick_size\nORB;5;{tick}\nNVX;{price};{tick}\n"
    [(line, found)] = faults_of(feed, text)
    assert (line, found.startswith(fault)) == (3, True), found


def test_of_many_unknown_columns_some_are_named(feed):
    faults = faults_of(feed, "symbol," + ",".join(f"x{number}" for number in range(100_000)))
    assert faults == [(1, f"unknown column 'x{number}'") for number in range(len(COLUMNS))]


def test_a_list_has_at_most_5000_rows(feed):
    text = "symbol\n" + "\n".join(f"S{number}" for number in range(MOST_ROWS + 10))
    assert faults_of(feed, text) == [(MOST_ROWS + 2, "more than 5,000 rows")]


@pytest.mark.slow
@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "-Infinity", "1e999", "1e-999", "x"])
@pytest.mark.parametrize("name", ["tick_size", "reference_price", "volatility", "activity"])
@pytest.mark.parametrize("symbol", ["NVX", "QAL"])
def test_no_number_is_out_of_bounds(feed, number, name, symbol):
    row = dict(zip(COLUMNS, NEW.split(","), strict=True)) | {"symbol": symbol, name: number}
    [(line, fault)] = faults_of(feed, ",".join(row) + "\n" + ",".join(row.values()))
    assert line == 2
    assert fault.startswith(f"{name}: ")
    assert "decimal." not in fault


def test_every_wrong_value_is_named_with_its_line(feed):
    Instrument.objects.create(
        feed=Feed.objects.create(slug="other", name="Other"), symbol="OTH", name="x", sector="x",
        reference_price=Decimal(1),
    )  # fmt: skip
    lines = [
        HEAD, NEW,
        "NVX,,Technology,0.01,100,0.02,1,1",
        "bad!,A,B,0.01,50,0.02,1,1",
        "ZED,A,B,0.01,50.005,0.02,1,1",
        "ZEE,A,B,0.01,x,2,nan,1",
        "ZET,A,B,,,,,",
        "OTH,A,B,0.01,50,0.02,1,1",
    ]  # fmt: skip
    before = rows()
    faults = faults_of(feed, "\n".join(lines))
    assert [line for line, _ in faults] == [3, 4, 5, 6, 6, 6, 7, 8]
    named = " ".join(fault for _, fault in faults)
    assert "Must be a multiple of the tick size" in named
    assert "OTH is an instrument of another feed" in named
    assert rows() == before


# --- dry run and application ------------------------------------------------------------------
def test_a_list_is_applied_with_one_audit_entry_and_one_poke(
    feed, monkeypatch, django_capture_on_commit_callbacks
):
    pokes = []
    monkeypatch.setattr(control, "poke_feeds", lambda: pokes.append("feeds"))
    with django_capture_on_commit_callbacks(execute=True):
        text = "symbol,name,sector,reference_price\nQAL,Qualia,Food,50\nNVX,Nova,Tech,90\n"
        done = apply(feed, text, reason="new list")
        assert pokes == []
    assert pokes == ["feeds"]
    assert (len(done.added), len(done.changed), len(done.missing)) == (1, 1, 3)
    assert Instrument.objects.count() == 5
    added = Instrument.objects.get(symbol="QAL")
    assert (added.name, added.tick_size, added.activity) == ("Qualia", Decimal("0.01"), 1.0)
    assert Instrument.objects.get(symbol="NVX").name == "Nova"
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.target) == (person(), "import", "feed demo")
    assert entry.reason == "new list"
    assert entry.before.keys() == {"NVX"}
    assert entry.after.keys() == {"NVX", "QAL"}
    assert entry.after["NVX"] == {"name": "Nova", "sector": "Tech", "reference_price": "90"}


def test_an_instrument_that_is_not_in_the_list_goes_only_when_asked(feed):
    text = "symbol\nNVX\n"
    with pytest.raises(ChangeRefused, match="nothing to do"):
        apply(feed, text)
    apply(feed, text, with_removal=True)
    assert list(Instrument.objects.values_list("symbol", flat=True)) == ["NVX"]
    assert set(AuditEntry.objects.get().after.values()) == {"removed"}


def test_bars_go_when_their_tick_size_changes(feed):
    instrument = Instrument.objects.get(symbol="NVX")
    StoredBar.objects.create(
        instrument=instrument, interval="1m", start_ms=0, open=1, high=1, low=1, close=1,
        volume=1, trades=1, recorded_ms=0,
    )  # fmt: skip
    apply(feed, "symbol,name\nNVX,Nova\n")
    assert StoredBar.objects.exists()
    apply(feed, "symbol,tick_size,reference_price\nNVX,0.05,100\n")
    assert not StoredBar.objects.exists()


def test_a_dry_run_changes_no_instrument_and_asks_little_of_the_database(feed):
    text = f"{HEAD}\n" + "\n".join(f"S{n},N,S,0.01,50,0.02,1,1" for n in range(300))
    before = rows()
    with CaptureQueriesContext(connection) as captured:
        compare(feed, text)
    assert rows() == before
    assert len(captured) == 2
    assert all(query["sql"].startswith("SELECT") for query in captured)


def test_rows_that_changed_since_the_dry_run_are_not_overwritten(feed):
    key, _ = try_import(feed, "symbol,name\nNVX,Nova\n", actor=person())
    Instrument.objects.filter(symbol="NVX").update(name="Another")
    with pytest.raises(ChangeRefused, match="changed since"):
        apply_import(feed, key, actor=person())
    assert Instrument.objects.get(symbol="NVX").name == "Another"
    assert not AuditEntry.objects.exists()


def test_a_dry_run_is_applied_once_by_its_person_to_its_feed(feed):
    key, _ = try_import(feed, "symbol,name\nNVX,Nova\n", actor=person())
    other = Feed.objects.create(slug="other", name="Other")
    for wrong in [(feed, "x", person()), (other, key, person()), (feed, key, person("eve"))]:
        with pytest.raises(ChangeRefused, match="too old"):
            apply_import(wrong[0], wrong[1], actor=wrong[2])
    apply_import(feed, key, actor=person())
    with pytest.raises(ChangeRefused, match="applied"):
        apply_import(feed, key, actor=person())
    assert AuditEntry.objects.count() == 1


def test_an_old_dry_run_is_refused_and_goes_with_the_next(feed):
    key, _ = try_import(feed, "symbol,name\nNVX,Nova\n", actor=person())
    PendingImport.objects.update(made_at=timezone.now() - LIFETIME - timedelta(seconds=1))
    with pytest.raises(ChangeRefused, match="too old"):
        apply_import(feed, key, actor=person())
    try_import(feed, "symbol\nNVX\n", actor=person("eve"))
    assert PendingImport.objects.get().user == person("eve")


def test_one_list_waits_per_person_and_feed(feed):
    first, _ = try_import(feed, "symbol,name\nNVX,Nova\n", actor=person())
    second, _ = try_import(feed, "symbol,name\nNVX,Neo\n", actor=person())
    try_import(feed, "symbol,name\nNVX,Eve\n", actor=person("eve"))
    assert PendingImport.objects.count() == 2
    with pytest.raises(ChangeRefused, match="too old"):
        apply_import(feed, first, actor=person())
    apply_import(feed, second, actor=person())
    assert Instrument.objects.get(symbol="NVX").name == "Neo"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(15))
@given(st.lists(st.sampled_from(["NVX", "QAL", "ZED", "ORB"]), unique=True, min_size=1))
def test_after_a_list_was_applied_there_is_nothing_left_to_do(symbols):
    feed = Feed.objects.get()
    text = HEAD + "\n" + "\n".join(f"{key},N {key},S,0.01,50,0.02,1,1" for key in symbols)
    found = compare(feed, text)
    if found.added or found.changed:
        apply(feed, text)
    again = compare(feed, text)
    assert (again.added, again.changed, again.unchanged) == ((), (), len(symbols))


# --- pages ------------------------------------------------------------------------------------
def page_of(feed, name="import"):
    return reverse(f"admin:feeds_feed_{name}", args=[feed.pk])


def upload(client, feed, content):
    return client.post(page_of(feed), {"file": SimpleUploadedFile("x.csv", content)})


def confirmed(page):
    return {"key": page.context["key"], "reason": "list"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_file_is_tried_and_then_applied(feed, end):
    client = staff("add_instrument", "change_instrument", "view_instrument", "view_feed")
    before = rows()
    lines = [HEAD, NEW, "NVX,Nova,Technology,0.01,101.25,0.02,1,1"]
    page = upload(client, feed, b"\xef\xbb\xbf" + end.join(lines).encode())
    text = page.content.decode()
    assert "1 added, 1 changed, 0 unchanged, 3 not in the list." in text
    assert "<td>Nova</td>" in text
    assert "Remove the" not in text, "this person may not delete"
    assert "Qualia" not in text.partition('name="key"')[2], "the list does not go to the browser"
    assert rows() == before
    done = client.post(page_of(feed), confirmed(page), follow=True)
    assert "Imported into Demo Exchange: 1 added, 1 changed, 0 removed." in done.content.decode()
    assert Instrument.objects.filter(symbol="QAL").exists()


def test_symbols_of_the_world_go_out_and_come_back(feed):
    symbols = ("BRK.B", "BTC/USD", "M&M", "^GSPC", "ES=F", "BF-B")
    text = "\n".join(
        ["symbol,name,sector,reference_price", *(f"{s.lower()},N,S,5" for s in symbols)]
    )
    found = compare(feed, text)
    assert tuple(change.instrument.symbol for change in found.added) == symbols
    instrument_services.save_instrument(found.added[0].instrument, actor=None)
    assert "\nBRK.B,N,S,0.01,5," in write_list(feed, "csv").replace("\r", "")
    assert compare(feed, "symbol\n brk.b \n").unchanged == 1


def test_a_symbol_in_small_letters_is_not_another_one(feed):
    with pytest.raises(InvalidImport, match="NVX is already in line 2"):
        compare(feed, "symbol\nNVX\nnvx\n")


@pytest.mark.slow
def test_the_largest_list_is_tried_and_applied(feed):
    client = root()
    lines = [HEAD, *(f"S{n},{'N' * 80},{'S' * 40},0.01,50,0.02,1,1" for n in range(MOST_ROWS))]
    page = upload(client, feed, "\n".join(lines).encode())
    assert "5000 added" in page.content.decode()
    assert len(page.content) < 100_000
    assert client.post(page_of(feed), confirmed(page)).status_code == 302
    assert Instrument.objects.count() == MOST_ROWS + 4


def test_pasted_rows_are_taken_and_each_wrong_line_is_named(feed):
    client = root()
    page = client.post(page_of(feed), {"text": "symbol\tname\nNVX\t\nbad!\tx\n"}).content.decode()
    assert "2 rows are wrong" in page
    assert "line 2: name: This field cannot be blank." in page
    assert f"line 3: symbol: {escape(SYMBOL_RULE)}" in page
    assert "Apply" not in page
    assert not PendingImport.objects.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe\x00", "The file is not UTF-8 text (byte 0). Save it as UTF-8."),
        ("symbol\nNVX".encode("utf-16"), "The file is not UTF-8 text (byte 0)"),
        (b"", "The submitted file is empty."),
        (b"x" * (MOST_CHARACTERS + 1), "The file is larger than 1,048,576 bytes."),
    ],
)
def test_a_file_that_is_no_list_is_refused(feed, content, words):
    assert words in upload(root(), feed, content).content.decode()


def test_a_form_without_a_list_and_a_wrong_key_do_nothing(feed):
    client, before = root(), rows()
    assert "Choose a file" in client.post(page_of(feed), {"text": ""}).content.decode()
    for key in ("", "x", "x" * 100):
        assert client.post(page_of(feed), {"key": key}).status_code == 302
    page = client.post(page_of(feed), {"key": "x"}, follow=True).content.decode()
    assert "Nothing was applied. This dry run is too old, or it was applied" in page
    assert rows() == before


def test_after_a_change_the_page_shows_the_new_difference(feed):
    client = root()
    page = client.post(page_of(feed), {"text": "symbol,name\nNVX,Nova\n"})
    Instrument.objects.filter(symbol="NVX").update(name="Another")
    again = client.post(page_of(feed), confirmed(page))
    text = again.content.decode()
    assert "Nothing was applied. Demo Exchange has changed since the dry run" in text
    assert "<td>Another</td><td>Nova</td>" in text
    assert client.post(page_of(feed), confirmed(again)).status_code == 302
    assert Instrument.objects.get(symbol="NVX").name == "Nova"


def test_after_a_change_the_page_names_the_lines_that_are_wrong_now(feed):
    client = root()
    page = client.post(page_of(feed), {"text": f"{HEAD}\n{NEW}\n"})
    other = Feed.objects.create(slug="other", name="Other")
    Instrument.objects.create(
        feed=other, symbol="QAL", name="x", sector="x", reference_price=Decimal(1)
    )
    text = client.post(page_of(feed), confirmed(page)).content.decode()
    assert "line 2: symbol: QAL is an instrument of another feed." in text
    assert "Apply" not in text


@pytest.mark.slow
def test_removal_needs_its_permission(feed):
    client = staff("add_instrument", "change_instrument")
    page = client.post(page_of(feed), {"text": "symbol\nNVX\n"})
    sent = confirmed(page) | {"with_removal": "on"}
    assert client.post(page_of(feed), sent).status_code == 403
    assert Instrument.objects.count() == 4
    full = staff("add_instrument", "change_instrument", "delete_instrument")
    page = full.post(page_of(feed), {"text": "symbol\nNVX\n"})
    assert "Remove the" in page.content.decode()
    sent = confirmed(page) | {"with_removal": "on"}
    assert full.post(page_of(feed), sent).status_code == 302
    assert Instrument.objects.count() == 1


@pytest.mark.slow
def test_a_halt_does_not_end_by_a_removal(feed):
    orb = feed.instruments.filter(symbol="ORB")
    instrument_services.halt_instruments(orb, actor=None, reason="news")
    needs = ("add_instrument", "change_instrument", "delete_instrument")
    for permissions, status in ((needs, 403), ((*needs, "halt_instrument"), 302)):
        client = staff(*permissions)
        page = client.post(page_of(feed), {"text": "symbol\nNVX\n"})
        sent = confirmed(page) | {"with_removal": "on"}
        assert client.post(page_of(feed), sent).status_code == status


def test_a_waiting_list_goes_with_its_feed_and_its_person(feed):
    client = signed_in(User.objects.create_superuser("root"))
    client.post(page_of(feed), {"text": "symbol,name\nNVX,Nova\n"})
    try_import(feed, "symbol,name\nNVX,Nova\n", actor=person("eve"))
    User.objects.get(username="eve").delete()
    assert PendingImport.objects.count() == 1
    address = reverse("admin:feeds_feed_delete", args=[feed.pk])
    assert client.post(address, {"post": "yes"}).status_code == 302
    assert not PendingImport.objects.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "needs"),
    [("export", ["view_instrument"]), ("import", ["add_instrument", "change_instrument"])],
)
def test_each_page_needs_its_permissions(feed, name, needs):
    address = page_of(feed, name)
    assert staff(*needs).get(address).status_code == 200
    for need in needs:
        assert staff(*(set(needs) - {need}), "view_feed").get(address).status_code == 403
    assert staff(*needs, is_staff=False).get(address).status_code == 302
    sent = {"text": f"{HEAD}\n{NEW}"}
    assert staff("view_feed", "add_instrument").post(page_of(feed), sent).status_code == 403


@pytest.mark.parametrize(
    ("kind", "content_type"), [("csv", "csv"), ("tsv", "tab-separated-values")]
)
def test_the_export_is_a_file_that_can_be_imported(feed, kind, content_type):
    answer = staff("view_instrument").get(page_of(feed, "export"), {"format": kind})
    assert answer["Content-Type"] == f"text/{content_type}; charset=utf-8"
    assert "demo-instruments-" in answer["Content-Disposition"]
    assert f'.{kind}"' in answer["Content-Disposition"]
    assert compare(feed, answer.content.decode()).unchanged == 4


def test_an_unknown_format_is_not_found(feed):
    assert root().get(page_of(feed, "export"), {"format": "xlsx"}).status_code == 404


def test_the_page_of_a_feed_links_to_both(feed):
    page = root().get(reverse("admin:feeds_feed_change", args=[feed.pk])).content.decode()
    assert page_of(feed, "export") in page
    assert page_of(feed) in page
