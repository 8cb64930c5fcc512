"""Who may do what in the admin, by every route; and what each route leaves in the rows."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from feeds import control, services
from feeds.models import AuditEntry, Feed, Halt, Instrument
from tests.staff import root, staff

pytestmark = pytest.mark.django_db
FEEDS = "/admin/feeds/feed/"
INSTRUMENTS = "/admin/feeds/instrument/"
INSTRUMENT_FORM = {
    "name": "Orbit Foods",
    "sector": "Consumer",
    "tick_size": "0.01",
    "reference_price": "50",
    "volatility": "0.02",
    "activity": "1",
}

HOURS = {"hours": "always", "exchange": "XNYS", "day_minutes": "30", "bands": "1"}
PLAYED = {"kind": "simulated", "speed": "1", "start_s": "0"}
NEW_FEED = {"name": "New", "slug": "new", "seed": "1", "rate": "9", **HOURS, **PLAYED}


@pytest.fixture(autouse=True)
def market():
    """Make a running feed `demo`, round the clock, with NVX open and ORB halted."""
    feed = Feed.objects.create(slug="demo", name="Demo Exchange", rate=200, hours="always")
    for symbol in ("NVX", "ORB"):
        Instrument.objects.create(feed=feed, symbol=symbol, **INSTRUMENT_FORM)
    Halt.objects.create(instrument=the("ORB"), reason="news")


@pytest.fixture(name="root")
def _root():
    return root()


def the(symbol):
    return Instrument.objects.get(symbol=symbol)


def the_feed():
    return Feed.objects.get(slug="demo")


def operate(client, row, name, **inputs):
    model = row._meta.model_name
    return client.post(reverse(f"admin:feeds_{model}_operate", args=(row.pk, name)), inputs)


def act(client, page, action, rows, **inputs):
    """Post a changelist's action form, as a browser does or as a forger would."""
    sent = {"action": action, "index": 0, "_selected_action": [row.pk for row in rows]}
    return client.post(page, sent | inputs)


def said(response):
    """Return the messages the next page shows, those of earlier requests first."""
    return [str(message) for message in response.wsgi_request._messages]


# --- the matrix of permissions --------------------------------------------------------------


@dataclass(frozen=True)
class Route:
    """One way to change the market, and the permissions that open it."""

    needs: tuple[str, ...]
    go: Callable[[Client], object]
    is_done: Callable[[], bool]
    audit: tuple[str, str]


def change_feed(client, **sent):
    form = {"name": "Renamed", "seed": "7"} | HOURS | PLAYED | sent
    return client.post(f"{FEEDS}{the_feed().pk}/change/", form)


def change_instrument(client, **sent):
    return client.post(f"{INSTRUMENTS}{the('NVX').pk}/change/", INSTRUMENT_FORM | sent)


ROUTES = {
    "pause button": Route(
        ("run_feed",),
        lambda client: operate(client, the_feed(), "pause", reason="lunch"),
        lambda: the_feed().state == "PAUSED",
        ("pause", "feed demo"),
    ),
    "close button": Route(
        ("run_feed",),
        lambda client: operate(client, the_feed(), "close"),
        lambda: the_feed().state == "CLOSED",
        ("close", "feed demo"),
    ),
    "rate button": Route(
        ("run_feed",),
        lambda client: operate(client, the_feed(), "rate", rate="500"),
        lambda: the_feed().rate == 500,
        ("set rate", "feed demo"),
    ),
    "pause action": Route(
        ("run_feed",),
        lambda client: act(client, FEEDS, "pause", [the_feed()], reason="lunch"),
        lambda: the_feed().state == "PAUSED",
        ("pause", "feed demo"),
    ),
    "close action": Route(
        ("run_feed",),
        lambda client: act(client, FEEDS, "close", [the_feed()]),
        lambda: the_feed().state == "CLOSED",
        ("close", "feed demo"),
    ),
    "rate action": Route(
        ("run_feed",),
        lambda client: act(client, FEEDS, "rate", [the_feed()], rate="500"),
        lambda: the_feed().rate == 500,
        ("set rate", "feed demo"),
    ),
    "record button": Route(
        ("run_feed",),
        lambda client: operate(client, the_feed(), "record"),
        lambda: the_feed().is_recorded,
        ("record", "feed demo"),
    ),
    "halt button": Route(
        ("halt_instrument",),
        lambda client: operate(client, the("NVX"), "halt", reason="news"),
        lambda: "NVX" in the_feed().plan().halts,
        ("halt", "instrument NVX"),
    ),
    "resume button": Route(
        ("halt_instrument",),
        lambda client: operate(client, the("ORB"), "resume"),
        lambda: "ORB" not in the_feed().plan().halts,
        ("resume", "instrument ORB"),
    ),
    "halt action": Route(
        ("halt_instrument",),
        lambda client: act(client, INSTRUMENTS, "halt", [the("NVX")], reason="news"),
        lambda: "NVX" in the_feed().plan().halts,
        ("halt", "instrument NVX"),
    ),
    "resume action": Route(
        ("halt_instrument",),
        lambda client: act(client, INSTRUMENTS, "resume", [the("ORB")]),
        lambda: "ORB" not in the_feed().plan().halts,
        ("resume", "instrument ORB"),
    ),
    "feed form": Route(
        ("change_feed",),
        change_feed,
        lambda: (the_feed().name, the_feed().seed) == ("Renamed", 7),
        ("change", "feed demo"),
    ),
    "new feed": Route(
        ("add_feed",),
        lambda client: client.post(f"{FEEDS}add/", NEW_FEED),
        lambda: Feed.objects.filter(slug="new").exists(),
        ("add", "feed new"),
    ),
    "feed deletion": Route(
        ("delete_feed", "delete_instrument", "halt_instrument"),
        lambda client: client.post(f"{FEEDS}{the_feed().pk}/delete/", {"post": "yes"}),
        lambda: not Feed.objects.exists(),
        ("delete", "feed demo"),
    ),
    "feed deletion action": Route(
        ("delete_feed", "delete_instrument", "halt_instrument"),
        lambda client: act(client, FEEDS, "delete_selected", Feed.objects.all(), post="yes"),
        lambda: not Feed.objects.exists(),
        ("delete", "feed demo"),
    ),
    "instrument form": Route(
        ("change_instrument",),
        lambda client: change_instrument(client, name="Novexa"),
        lambda: the("NVX").name == "Novexa",
        ("change", "instrument NVX"),
    ),
    "new instrument": Route(
        ("add_instrument", "view_feed"),
        lambda client: client.post(
            f"{INSTRUMENTS}add/", INSTRUMENT_FORM | {"feed": the_feed().pk, "symbol": "QAL"}
        ),
        lambda: Instrument.objects.filter(symbol="QAL").exists(),
        ("add", "instrument QAL"),
    ),
    "instrument deletion": Route(
        ("delete_instrument",),
        lambda client: client.post(f"{INSTRUMENTS}{the('NVX').pk}/delete/", {"post": "yes"}),
        lambda: not Instrument.objects.filter(symbol="NVX").exists(),
        ("delete", "instrument NVX"),
    ),
    "instrument deletion action": Route(
        ("delete_instrument",),
        lambda client: act(client, INSTRUMENTS, "delete_selected", [the("NVX")], post="yes"),
        lambda: not Instrument.objects.filter(symbol="NVX").exists(),
        ("delete", "instrument NVX"),
    ),
}
every_route = pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES.keys())


def everything():
    """Return all rows that an admin could change, to see that nothing did."""
    models = (Feed, Instrument, Halt, AuditEntry)
    return [list(model.objects.order_by("pk").values()) for model in models]


@every_route
def test_a_route_is_open_with_its_permission_and_leaves_one_audit_entry(route):
    client = staff("view_feed", "view_instrument", *route.needs)
    route.go(client)
    assert route.is_done()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target) == route.audit
    assert entry.actor == User.objects.get(pk=client.session["_auth_user_id"])
    assert entry.before != entry.after


@every_route
def test_a_route_is_closed_to_staff_with_every_other_permission(route):
    """`view_feed` decides nothing here; the first permission of a route is its own."""
    others = Permission.objects.exclude(codename=route.needs[0])
    client = staff(*others.values_list("codename", flat=True))
    before = everything()
    route.go(client)
    assert everything() == before


@every_route
def test_a_route_is_closed_to_those_who_are_not_staff(route):
    client = staff(*route.needs, is_staff=False)
    before = everything()
    assert route.go(client).status_code in (302, 403)
    assert everything() == before


@every_route
def test_a_route_sends_strangers_to_the_sign_in_page(route):
    before = everything()
    response = route.go(Client())
    assert response.status_code == 302
    assert response.url.startswith("/accounts/login/?next=/admin/")
    assert everything() == before


@every_route
def test_a_route_is_closed_to_a_request_from_another_site(route):
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("root"))
    before = everything()
    assert route.go(client).status_code == 403
    assert everything() == before


@every_route
def test_a_route_tells_the_feed_on_commit(
    route, root, monkeypatch, django_capture_on_commit_callbacks
):
    told = []
    monkeypatch.setattr(control, "poke_feeds", lambda: told.append("feeds"))
    with django_capture_on_commit_callbacks(execute=True):
        route.go(root)
        assert told == []
    assert told


@pytest.mark.parametrize("name", ["start", "pause", "close", "rate"])
def test_a_command_by_get_is_not_a_command(root, name):
    response = root.get(reverse("admin:feeds_feed_operate", args=(the_feed().pk, name)))
    assert response.status_code == 405


def test_an_unknown_command_or_row_is_not_found(root):
    assert operate(root, the_feed(), "explode").status_code == 404
    assert operate(root, the_feed(), "halt").status_code == 404
    assert root.post(f"{FEEDS}999/operate/pause/").status_code == 404


# --- ways around ----------------------------------------------------------------------------


def test_a_form_cannot_smuggle_what_belongs_to_operators(root):
    change_feed(root, rate="9999", state="CLOSED", reason="ha", slug="stolen")
    feed = the_feed()
    assert (feed.rate, feed.state, feed.reason) == (200, "RUNNING", "")
    change_instrument(root, symbol="STOLEN", feed="99")
    assert the("NVX").feed == feed


def test_who_may_add_but_not_run_gets_a_closed_feed_at_the_default_rate():
    staff("add_feed").post(f"{FEEDS}add/", NEW_FEED | {"state": "RUNNING"})
    feed = Feed.objects.get(slug="new")
    assert (feed.state, feed.rate) == ("CLOSED", 200)


def test_who_may_run_chooses_the_rate_of_a_new_feed(root):
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
    services.resume_instrument(the("ORB"), actor=None)
    client = staff("delete_instrument")
    client.post(f"{INSTRUMENTS}{the('ORB').pk}/delete/", {"post": "yes"})
    assert not Instrument.objects.filter(symbol="ORB").exists()


def test_operators_see_the_rows_and_their_buttons_but_no_form():
    page = staff("run_feed").get(f"{FEEDS}{the_feed().pk}/change/").content.decode()
    assert "/operate/pause/" in page
    assert 'name="_save"' not in page


def test_viewers_see_neither_buttons_nor_actions():
    client = staff("view_feed", "view_instrument")
    assert "/operate/" not in client.get(f"{FEEDS}{the_feed().pk}/change/").content.decode()
    assert "/operate/" not in client.get(f"{INSTRUMENTS}{the('NVX').pk}/change/").content.decode()
    assert 'name="action"' not in client.get(FEEDS).content.decode()
    assert 'name="action"' not in client.get(INSTRUMENTS).content.decode()


@pytest.mark.parametrize("model", ["halt", "auditentry"])
def test_what_happened_cannot_be_edited_even_by_a_superuser(root, model):
    services.halt_instrument(the("NVX"), actor=None, reason="news")
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
    assert '<td class="field-state">Running</td>' in page
    assert '<td class="field-rate">200.0</td>' in page
    assert '<td class="field-instrument_count">2</td>' in page


def test_the_list_of_instruments_shows_what_is_halted_and_why(root):
    page = root.get(INSTRUMENTS).content.decode()
    assert '<td class="field-phase">Halted: news</td>' in page
    assert '<td class="field-phase">Open</td>' in page
    assert '<td class="field-price">50.00</td>' in page


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
    assert said(response) == ["Halted: NVX.", "Nothing to do: ORB is halted already."]
    assert the_feed().plan().halts == {"NVX": "storm", "ORB": "news"}
    assert AuditEntry.objects.get().target == "instrument NVX"


def test_an_action_on_very_many_counts_those_it_does_not_name(root):
    for number in range(10):
        Instrument.objects.create(feed=the_feed(), symbol=f"A{number}", **INSTRUMENT_FORM)
    rows = Instrument.objects.exclude(symbol="ORB")
    response = act(root, INSTRUMENTS, "halt", rows, reason="storm")
    assert said(response) == ["Halted: A0, A1, A2, A3, A4 and 6 more."]
    assert AuditEntry.objects.filter(action="halt").count() == 11


def test_pausing_what_is_paused_says_that_nothing_was_to_do(root):
    operate(root, the_feed(), "pause")
    response = operate(root, the_feed(), "pause")
    assert said(response)[-1] == "Nothing to do: Demo Exchange needs no change."
    assert AuditEntry.objects.count() == 1


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


def test_a_symbol_must_be_new_and_well_formed(root):
    for symbol in ("NVX", "nvx", "N-X", "", "<b>", "ABCDEFGHIJKLM"):
        sent = INSTRUMENT_FORM | {"feed": the_feed().pk, "symbol": symbol}
        response = root.post(f"{INSTRUMENTS}add/", sent)
        assert list(response.context["adminform"].form.errors) == ["symbol"]


def test_the_history_of_a_row_is_its_audit(root):
    operate(root, the_feed(), "pause", reason="lunch <b>break</b>")
    page = root.get(f"{FEEDS}{the_feed().pk}/history/").content.decode()
    assert "state: RUNNING" in page
    assert "state: PAUSED" in page
    assert "lunch &lt;b&gt;break&lt;/b&gt;" in page


def test_the_audit_shows_what_people_typed_as_text(root):
    change_feed(root, name="<b>bold</b>")
    page = root.get("/admin/feeds/auditentry/").content.decode()
    assert "name: Demo Exchange \u2192 &lt;b&gt;bold&lt;/b&gt;<br>seed: 1 \u2192 7" in page
    assert "<b>bold" not in page


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
