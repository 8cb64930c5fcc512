"""What the admin of the market shows, offers, takes and refuses.

Who may do it is in test_permissions.py.
"""

from decimal import Decimal

import pytest
from django.urls import reverse

from feeds.market.bars import MINUTE_MS, Bar
from feeds.market.symbols import SYMBOL_RULE
from feeds.models import AuditEntry, Feed, Halt, Instrument, StoredBar
from feeds.plan.calendars import EXCHANGES
from feeds.services import instruments as instrument_services
from feeds.services.bars import ClosedBar, store_bars
from tests.support.operators import (
    FEEDS,
    INSTRUMENT_FORM,
    INSTRUMENTS,
    NEW_FEED,
    act,
    change_feed,
    change_instrument,
    everything,
    make_market,
    operate,
    the,
    the_feed,
)
from tests.support.staff import root, staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def market():
    make_market()


@pytest.fixture(name="root")
def _root():
    return root()


def said(response):
    """Return the messages the next page shows, those of earlier requests first."""
    return [str(message) for message in response.wsgi_request._messages]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "name"),
    [*(("feed", name) for name in ("start", "pause", "close", "rate")), ("instrument", "halt")],
)
def test_a_get_of_a_command_shows_the_page_of_its_row(root, kind, name):
    """By reloading, from the history, or after a sign-in; nothing is done."""
    row = the_feed() if kind == "feed" else the("NVX")
    address = reverse(f"admin:feeds_{kind}_operate", args=(row.pk, name))
    page = reverse(f"admin:feeds_{kind}_change", args=(row.pk,))
    for ask in (root.get, root.head):
        assert (ask(address).status_code, ask(address).url) == (302, page)
    assert root.get(page).status_code == 200
    assert root.put(address).status_code == 405
    assert root.get(reverse(f"admin:feeds_{kind}_operate", args=(999, name))).status_code == 404
    assert root.get(reverse(f"admin:feeds_{kind}_operate", args=(row.pk, "x"))).status_code == 404
    assert staff("view_feed", "view_instrument").get(address).status_code == 403
    assert not AuditEntry.objects.exists()


def test_an_unknown_command_or_row_is_not_found(root):
    assert operate(root, the_feed(), "explode").status_code == 404
    assert operate(root, the_feed(), "halt").status_code == 404
    assert root.post(f"{FEEDS}999/operate/pause/").status_code == 404


# --- ways around ----------------------------------------------------------------------------


@pytest.mark.slow
def test_a_form_cannot_smuggle_what_belongs_to_operators(root):
    change_feed(root, rate="9999", state="CLOSED", reason="ha", slug="stolen")
    feed = the_feed()
    assert (feed.rate, feed.state, feed.reason) == (200, "RUNNING", "")
    change_instrument(root, symbol="STOLEN", feed="99")
    assert the("NVX").feed == feed


def test_staff_that_may_add_but_not_run_makes_a_closed_feed_at_the_default_rate():
    staff("add_feed").post(f"{FEEDS}add/", NEW_FEED | {"state": "RUNNING"})
    feed = Feed.objects.get(slug="new")
    assert (feed.state, feed.rate) == ("CLOSED", 200)


def test_the_form_of_a_new_feed_says_nothing_of_its_state(root):
    """It will be closed until somebody starts it; the page of a feed says what it does now."""
    page = root.get(reverse("admin:feeds_feed_add")).content.decode()
    assert "Running" not in page
    assert "field-opened_at" not in page
    page = root.get(reverse("admin:feeds_feed_change", args=(the_feed().pk,))).content.decode()
    assert "Running" in page


def test_staff_that_may_run_chooses_the_rate_of_a_new_feed(root):
    root.post(f"{FEEDS}add/", NEW_FEED)
    feed = Feed.objects.get(slug="new")
    assert (feed.state, feed.rate) == ("CLOSED", 9)


def test_a_halt_does_not_end_by_deleting_the_instrument():
    client = staff("delete_instrument", "add_instrument", "delete_feed", "view_feed")
    client.post(f"{INSTRUMENTS}{the('ORB').pk}/delete/", {"post": "yes"})
    act(client, INSTRUMENTS, "delete_selected", [the("ORB")], post="yes")
    act(client, FEEDS, "delete_selected", [the_feed()], post="yes")
    assert the_feed().plan().halts == {"ORB": "news"}


def test_an_instrument_with_a_history_of_halts_can_be_deleted():
    instrument_services.resume_instruments([the("ORB")], actor=None)
    client = staff("delete_instrument")
    client.post(f"{INSTRUMENTS}{the('ORB').pk}/delete/", {"post": "yes"})
    assert not Instrument.objects.filter(symbol="ORB").exists()


def test_operators_see_the_rows_and_their_buttons_but_no_form():
    page = staff("run_feed").get(f"{FEEDS}{the_feed().pk}/change/").content.decode()
    assert "/operate/pause/" in page
    assert 'name="_save"' not in page


@pytest.mark.slow
def test_viewers_see_neither_buttons_nor_actions():
    client = staff("view_feed", "view_instrument")
    assert "/operate/" not in client.get(f"{FEEDS}{the_feed().pk}/change/").content.decode()
    assert "/operate/" not in client.get(f"{INSTRUMENTS}{the('NVX').pk}/change/").content.decode()
    assert 'name="action"' not in client.get(FEEDS).content.decode()
    assert 'name="action"' not in client.get(INSTRUMENTS).content.decode()


@pytest.mark.slow
@pytest.mark.parametrize("model", ["halt", "auditentry"])
def test_what_happened_cannot_be_edited_even_by_a_superuser(root, model):
    instrument_services.halt_instruments([the("NVX")], actor=None, reason="news")
    row = Halt.objects.first() if model == "halt" else AuditEntry.objects.first()
    page = f"/admin/feeds/{model}/"
    before = everything()
    assert root.get(page).status_code == 200
    assert root.get(f"{page}{row.pk}/change/").status_code == 200
    assert root.get(f"{page}add/").status_code == 403
    assert root.post(f"{page}add/", {"reason": "x"}).status_code == 403
    assert root.post(f"{page}{row.pk}/change/", {"reason": "x"}).status_code == 403
    assert root.post(f"{page}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    act(root, page, "delete_selected", [row], post="yes")
    assert everything() == before


# --- what is shown and said -----------------------------------------------------------------


def test_the_list_of_feeds_shows_state_rate_and_number_of_instruments(root):
    page = root.get(FEEDS).content.decode()
    assert (
        '<span class="state" data-is="RUNNING" data-feed="demo" data-live="state">Running' in page
    )
    assert '<span class="state" data-is="PAUSED" data-feed="idle" data-live="state">Paused' in page
    assert '<span class="live-figure" data-feed="demo" data-live="rate">' in page
    assert '<td class="field-rate">200.0</td>' in page
    assert '<td class="field-instrument_count">2</td>' in page


@pytest.mark.parametrize("model", ["instrument", "halt", "entitlement", "scenario"])
def test_a_list_with_a_feed_shows_its_state(root, model):
    page = root.get(f"/admin/feeds/{model}/").content.decode()
    mark = '<span class="state" data-is="RUNNING" data-feed="demo" data-live="state">Running</span>'
    assert f'<td class="field-feed_state">Demo Exchange {mark}</td>' in page


def test_the_main_button_of_a_row_is_marked(root):
    idle, demo = (f"{FEEDS}{the_feed(slug).pk}/change/" for slug in ("idle", "demo"))
    assert '<input type="submit" class="default" value="Start"' in root.get(idle).content.decode()
    page = root.get(demo).content.decode()
    assert 'value="Start"' not in page
    assert '<input type="submit" class="danger" value="Close now"' in page


def test_the_list_of_instruments_shows_what_is_halted_and_why(root):
    page = root.get(INSTRUMENTS).content.decode()
    assert '<td class="field-phase">Halted: news</td>' in page
    assert '<td class="field-phase">Open</td>' in page
    assert '<td class="field-price">50.00</td>' in page


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "symbols"),
    [
        ("halted=yes", {"ORB"}),
        ("halted=no", {"NVX"}),
        ("halted=junk", {"NVX", "ORB"}),
        ("q=nvx", {"NVX"}),
        ("sector=Consumer", {"NVX", "ORB"}),
        ("o=2", {"NVX", "ORB"}),
    ],
)
def test_instruments_can_be_found(root, query, symbols):
    found = root.get(f"{INSTRUMENTS}?{query}").context["cl"].result_list
    assert {instrument.symbol for instrument in found} == symbols


@pytest.mark.parametrize(
    ("state", "offered"),
    [("RUNNING", {"pause", "close"}), ("PAUSED", {"start", "close"}), ("CLOSED", {"start"})],
)
def test_a_feed_offers_only_the_buttons_that_make_sense(root, state, offered):
    Feed.objects.update(state=state)
    page = root.get(f"{FEEDS}{the_feed().pk}/change/").content.decode()
    found = {name for name in ("start", "pause", "close") if f"/operate/{name}/" in page}
    assert found == offered
    assert "/operate/rate/" in page


def test_an_instrument_offers_halt_or_resume(root):
    open_page = root.get(f"{INSTRUMENTS}{the('NVX').pk}/change/").content.decode()
    halted_page = root.get(f"{INSTRUMENTS}{the('ORB').pk}/change/").content.decode()
    assert ("/operate/halt/" in open_page, "/operate/resume/" in open_page) == (True, False)
    assert ("/operate/halt/" in halted_page, "/operate/resume/" in halted_page) == (False, True)


def test_a_button_returns_to_its_page_and_says_what_was_done(root):
    response = operate(root, the_feed(), "pause", reason="lunch")
    assert response.url == f"{FEEDS}{the_feed().pk}/change/"
    assert said(response) == ["Paused: Demo Exchange."]


def test_a_halt_without_a_reason_is_refused_and_says_so(root):
    for response in (
        operate(root, the("NVX"), "halt", reason="  "),
        act(root, INSTRUMENTS, "halt", [the("NVX")], reason=""),
    ):
        assert said(response)[-1:] == ["Reason: A halt needs a reason; everyone will read it."]
    assert not AuditEntry.objects.exists()


def test_a_reason_that_is_too_long_is_refused_and_says_so(root):
    response = act(root, INSTRUMENTS, "halt", [the("NVX")], reason="x" * 201)
    assert "at most 200 characters" in said(response)[0]
    assert not AuditEntry.objects.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rate", "fact"),
    [
        ("", "required"),
        ("fast", "Enter a number"),
        ("nan", "Enter a number"),
        ("inf", "Enter a number"),
        ("0", "greater than or equal to 0.1"),
        ("-5", "greater than or equal to 0.1"),
        ("50001", "less than or equal to 50000"),
    ],
)
def test_a_rate_that_no_feed_can_run_is_refused_and_says_so(root, rate, fact):
    for response in (
        operate(root, the_feed(), "rate", rate=rate),
        act(root, FEEDS, "rate", [the_feed()], rate=rate),
    ):
        assert said(response)[-1].startswith("Ticks per second: ")
        assert fact in said(response)[-1]
    assert the_feed().rate == 200
    assert not AuditEntry.objects.exists()


def test_an_action_on_many_does_what_it_can_and_names_the_rest(root):
    response = act(root, INSTRUMENTS, "halt", Instrument.objects.all(), reason="storm")
    assert said(response) == ["Halted: NVX.", "ORB is already halted."]
    assert the_feed().plan().halts == {"NVX": "storm", "ORB": "news"}
    assert AuditEntry.objects.get().target == "instrument NVX"


def test_an_action_on_very_many_counts_those_it_does_not_name(root):
    for number in range(10):
        Instrument.objects.create(feed=the_feed(), symbol=f"A{number}", **INSTRUMENT_FORM)
    rows = Instrument.objects.exclude(symbol="ORB")
    response = act(root, INSTRUMENTS, "halt", rows, reason="storm")
    assert said(response) == ["Halted: A0, A1, A2, A3, A4 and 6 more."]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target) == ("halt", "feed demo")
    assert len(entry.after["halted"]) == 11


def test_pausing_what_is_paused_says_that_nothing_was_to_do(root):
    operate(root, the_feed(), "pause")
    response = operate(root, the_feed(), "pause")
    assert said(response)[-1] == "Demo Exchange is already paused."
    assert AuditEntry.objects.count() == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"reference_price": "50.005"}, "reference_price"),
        ({"reference_price": "-1"}, "reference_price"),
        ({"reference_price": "99999999999"}, "reference_price"),
        ({"tick_size": "0"}, "tick_size"),
        ({"tick_size": "abc"}, "tick_size"),
        ({"volatility": "nan"}, "volatility"),
        ({"volatility": "2"}, "volatility"),
        ({"activity": "0"}, "activity"),
        ({"name": ""}, "name"),
    ],
)
def test_a_wrong_field_of_an_instrument_is_named(root, sent, field):
    before = everything()
    errors = change_instrument(root, **sent).context["adminform"].form.errors
    assert list(errors) == [field]
    assert everything() == before


@pytest.mark.slow
def test_a_tick_size_that_deletes_bars_is_taken_the_second_time(root):
    bars = [ClosedBar("NVX", False, Bar(at * MINUTE_MS, 1, 1, 1, 1, 1, 1), 1) for at in range(3)]
    store_bars(bars)
    answer = change_instrument(root, tick_size="0.05", reference_price="100")
    form = answer.context["adminform"].form
    assert "deletes 3 stored bars" in form.errors["tick_size"][0]
    assert 'name="lost_bars" value="3"' in answer.content.decode()
    assert StoredBar.objects.count() == 3
    change_instrument(root, tick_size="0.05", reference_price="100", lost_bars="3")
    assert StoredBar.objects.count() == 0
    assert AuditEntry.objects.get(action="delete bars").before == {"bars": 3}


def test_a_lot_size_that_deletes_bars_is_taken_the_second_time(root):
    store_bars([ClosedBar("NVX", False, Bar(MINUTE_MS, 1, 1, 1, 1, 1, 1), 1)])
    answer = change_instrument(root, lot_size="0.5")
    errors = answer.context["adminform"].form.errors
    assert "deletes 1 stored bars, because their volumes count in lots" in errors["lot_size"][0]
    assert StoredBar.objects.count() == 1
    change_instrument(root, lot_size="0.5", lost_bars="1")
    assert StoredBar.objects.count() == 0
    assert Instrument.objects.get(symbol="NVX").definition().lot_size == Decimal("0.5")


@pytest.mark.parametrize("lot", ["0", "-1", "0.000000001", "1000001", "x", "NaN"])
def test_a_lot_size_that_cannot_be_is_refused_at_its_field(root, lot):
    answer = change_instrument(root, lot_size=lot)
    assert list(answer.context["adminform"].form.errors) == ["lot_size"]


def test_an_instrument_of_the_world_is_added_on_its_page(root):
    sent = {
        "feed": the_feed().pk, "symbol": " btc/usd ", "name": "Bitcoin", "sector": "Coins",
        "tick_size": "0.01", "reference_price": "60000", "lot_size": "0.0001", "volatility": "0.04",
        "activity": "1",
    }  # fmt: skip
    assert root.post("/admin/feeds/instrument/add/", sent).status_code == 302
    page = root.get("/admin/feeds/instrument/?q=btc/usd").content.decode()
    assert "BTC/USD</a>" in page
    assert 'class="field-lot">0.0001<' in page
    sent["symbol"] = "btc/usd~15"
    form = root.post("/admin/feeds/instrument/add/", sent).context["adminform"].form
    assert form.errors["symbol"] == [SYMBOL_RULE]


def test_the_dry_run_of_an_import_tells_how_many_bars_go(root):
    bars = [ClosedBar("NVX", False, Bar(at * MINUTE_MS, 1, 1, 1, 1, 1, 1), 1) for at in range(3)]
    store_bars([*bars, bars[0]._replace(symbol="ORB")])
    address = f"{FEEDS}{the_feed().pk}/instruments/import/"
    page = root.post(address, {"text": "symbol,tick_size,reference_price\nNVX,0.05,100\n"})
    assert "Another tick size deletes 3 stored bars." in page.content.decode()
    assert "not in the list, with 1 stored bars<" in page.content.decode()
    page = root.post(address, {"text": "symbol,name\nNVX,Nova\nORB,Orba\n"})
    assert "stored bars" not in page.content.decode()


@pytest.mark.slow
def test_a_symbol_must_be_new_and_well_formed(root):
    for symbol in ("NVX", "nvx", "N~X", "", "<b>", "A" * 25, "A//B"):
        sent = INSTRUMENT_FORM | {"feed": the_feed().pk, "symbol": symbol}
        response = root.post(f"{INSTRUMENTS}add/", sent)
        assert list(response.context["adminform"].form.errors) == ["symbol"]


def test_the_history_of_a_row_is_its_audit(root):
    operate(root, the_feed(), "pause", reason="lunch <b>break</b>")
    page = root.get(f"{FEEDS}{the_feed().pk}/history/").content.decode()
    assert "state: RUNNING" in page
    assert "state: PAUSED" in page
    assert "lunch &lt;b&gt;break&lt;/b&gt;" in page


@pytest.mark.parametrize("symbols", [["NVX"], ["A1", "NVX"]])
def test_a_halt_is_in_the_history_of_the_feed_and_of_each_instrument(root, symbols):
    Instrument.objects.create(feed=the_feed(), symbol="A1", **INSTRUMENT_FORM)
    act(root, INSTRUMENTS, "halt", map(the, symbols), reason="storm warning")
    histories = [f"{FEEDS}{the_feed().pk}/history/"]
    histories += [f"{INSTRUMENTS}{the(symbol).pk}/history/" for symbol in symbols]
    for history in histories:
        page = root.get(history).content.decode()
        assert page.count("storm warning") == 1
        assert f"halted: {', '.join(symbols)}<br>" in page
    assert (
        "storm warning" not in root.get(f"{INSTRUMENTS}{the('ORB').pk}/history/").content.decode()
    )


def test_an_action_that_finds_nothing_to_do_says_so_of_all(root):
    for number in range(6):
        Instrument.objects.create(feed=the_feed(), symbol=f"A{number}", **INSTRUMENT_FORM)
    rows = Instrument.objects.exclude(symbol="ORB")
    response = act(root, INSTRUMENTS, "resume", rows)
    assert said(response) == ["A0, A1, A2, A3, A4 and 2 more are not halted."]
    assert not AuditEntry.objects.exists()


@pytest.mark.slow
def test_the_audit_shows_what_people_typed_as_text(root):
    change_feed(root, name="<b>bold</b>")
    page = root.get("/admin/feeds/auditentry/").content.decode()
    assert "name: Demo Exchange \u2192 &lt;b&gt;bold&lt;/b&gt;<br>seed: 1 \u2192 7" in page
    assert "<b>bold" not in page


@pytest.mark.slow
def test_pages_of_the_admin_are_not_stored_and_have_nothing_inline(root):
    pages = [FEEDS, f"{FEEDS}add/", f"{FEEDS}{the_feed().pk}/change/", f"{INSTRUMENTS}add/"]
    pages += [INSTRUMENTS, f"{INSTRUMENTS}{the('NVX').pk}/change/", "/admin/feeds/auditentry/"]
    for page in pages:
        response = root.get(page)
        assert "no-store" in response["Cache-Control"]
        assert "unsafe" not in response["Content-Security-Policy"]
        text = response.content.decode()
        assert "<style" not in text
        assert " style=" not in text
        assert "onclick=" not in text


def test_prices_keep_their_exact_value_in_the_audit(root):
    change_instrument(root, reference_price="50.10")
    assert AuditEntry.objects.get().before == {"reference_price": "50"}
    assert AuditEntry.objects.get().after == {"reference_price": "50.1"}
    assert the("NVX").reference_price == Decimal("50.1")


# --- pages that keep people from mistakes --------------------------------------------------------


def test_the_button_that_closes_stands_apart_behind_a_warning(root):
    page = root.get(f"{FEEDS}{the_feed().pk}/change/").content.decode()
    details = page.partition("<summary>Close…</summary>")[2].partition("</details>")[0]
    assert "This ends the trading session" in details
    assert "/operate/close/" in details
    assert "/operate/pause/" not in details
    assert "/operate/close/" not in page.replace(details, "")


def test_the_action_that_closes_asks_first(root):
    response = act(root, FEEDS, "close", [the_feed()], reason="lunch")
    page = response.content.decode()
    assert "Close 1 feed?" in page
    assert "This ends the trading session" in page
    assert 'value="lunch"' in page
    assert the_feed().state == "RUNNING"
    act(root, FEEDS, "close", [the_feed()], reason="lunch", confirmed="yes")
    assert (the_feed().state, the_feed().reason) == ("CLOSED", "lunch")


def test_the_form_of_a_feed_is_grouped_and_derives_the_short_name_of_a_new_one(root):
    page = root.get(f"{FEEDS}add/").content.decode()
    for title in ("Where the ticks come from", "A simulated market", "A replay"):
        assert title in page
    assert "#id_slug" in page
    assert "#id_slug" not in root.get(f"{FEEDS}{the_feed().pk}/change/").content.decode()


@pytest.mark.parametrize(
    ("hours", "minutes", "note"),
    [
        ("compressed", 30, "Five minutes of this exchange take "),
        ("always", 30, None),
        ("exchange", 30, None),
    ],
)
def test_the_help_of_price_bands_is_in_time_of_this_clock(root, hours, minutes, note):
    Feed.objects.filter(slug="demo").update(hours=hours, day_minutes=minutes)
    page = root.get(f"{FEEDS}{the_feed().pk}/change/").content.decode()
    assert ("Five minutes of this exchange take" in page) is (note is not None)
    if note:
        shown = float(page.partition(note)[2].split(" ")[0])
        schedule = the_feed().schedule()
        began_ms = schedule.day(0).starts_ms[0]
        took_ms = schedule.wall_ms(0, began_ms + 300_000) - schedule.wall_ms(0, began_ms)
        assert shown == pytest.approx(took_ms / 1000, rel=0.01)


@pytest.mark.parametrize(
    ("sent", "minutes", "exchange"),
    [
        ({}, 30, "XNYS"),
        ({"hours": "always"}, 30, "XNYS"),
        ({"hours": "exchange", "day_minutes": 10}, 30, "XNYS"),
        ({"hours": "compressed", "day_minutes": 60, "exchange": "XLON"}, 60, "XLON"),
        ({"day_minutes": 0, "exchange": "nowhere", "hours": "never"}, 30, "XNYS"),
        ({"day_minutes": "soon"}, 30, "XNYS"),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_form_of_a_new_feed_says_how_long_five_minutes_take(
    root, method, sent, minutes, exchange
):
    page = getattr(root, method)(f"{FEEDS}add/", sent).content.decode()
    name = EXCHANGES[exchange].name
    assert f"With compressed days of {minutes} minutes of {name}, five minutes" in page
    shown = float(page.partition("five minutes of the exchange take ")[2].split(" ")[0])
    schedule = Feed(hours="compressed", day_minutes=minutes, exchange=exchange).schedule()
    began_ms = schedule.day(0).starts_ms[0]
    took_ms = schedule.wall_ms(0, began_ms + 300_000) - schedule.wall_ms(0, began_ms)
    # An early close makes a day shorter, and its clock runs as fast as on other days.
    assert shown == pytest.approx(took_ms / 1000, rel=0.01)
    assert "With other hours they are five minutes of ours." in page


def test_instruments_are_pasted_on_the_page_of_their_feed(root):
    page = root.get(f"{FEEDS}{the_feed().pk}/change/").content.decode()
    address = reverse("admin:feeds_feed_import", args=[the_feed().pk])
    assert f'action="{address}"' in page
    rows = "\n".join(
        map("\t".join, [("symbol", *INSTRUMENT_FORM), ("PQX", *INSTRUMENT_FORM.values())])
    )
    preview = root.post(address, {"text": rows}).content.decode()
    assert "1 added" in preview


def test_people_who_may_not_add_instruments_get_no_form_for_them():
    page = staff("view_feed").get(f"{FEEDS}{the_feed().pk}/change/").content.decode()
    assert "new-instruments" not in page


def test_times_have_one_format_on_all_lists(root):
    Halt.objects.update(started_at="2026-11-28T16:52:19Z")
    assert "2026-11-28 16:52:19" in root.get("/admin/feeds/halt/").content.decode()


def test_the_reason_stands_before_the_changes_in_the_list_of_the_audit(root):
    operate(root, the_feed(), "pause", reason="lunch")
    page = root.get("/admin/feeds/auditentry/").content.decode()
    assert page.index("lunch") < page.index("RUNNING →")
