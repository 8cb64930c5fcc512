"""What a person wants of every page: kept by person, told to pages, the same names there."""

import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from django.urls import reverse

from dashboard.models import Preferences
from dashboard.pages.preferences.views import preferences_context
from dashboard.personal.preferences import VALUES, choose_preference, preferences_of
from tests.laws.sources import ROOT

pytestmark = pytest.mark.django_db

SCRIPT = {"Accept": "application/json"}


def test_the_page_has_the_same_names_and_values():
    script = (ROOT / "static/js/screen/page/theme.js").read_text()
    aspects = re.search(r"ASPECTS = Object.freeze\(\{(.*?)\}\)", script, re.S)
    assert aspects
    values = {
        name: tuple(re.findall(r'"([\w-]+)"', listed)[1:])
        for name, listed in re.findall(r"(\w+): \[(.*?)\]", aspects[1])
    }
    notices = re.findall(r'"(notices\.\w+)"', script)
    assert values | dict.fromkeys(notices, ("1",)) | {"hints": ("off",)} == VALUES
    boot = (ROOT / "static/js/theme-boot.js").read_text()
    named = re.search(r"for \(const name of \[(.*?)\]", boot)
    assert named
    assert [*re.findall(r'"([\w.]+)"', named[1]), "hints"] == list(VALUES)


def test_a_page_knows_what_was_chosen(ada):
    """None is nobody, or somebody who never chose anything; an empty text is all as usual."""
    request = RequestFactory().get("/")
    assert said_to(request) == (None, True)
    request.user = AnonymousUser()
    assert said_to(request) == (None, True)
    request.user = ada
    assert said_to(request) == (None, True)
    choose_preference(ada, "theme", "dark")
    choose_preference(ada, "hints", "off")
    assert said_to(request) == ("hints=off&theme=dark", False)
    choose_preference(ada, "hints", "")
    choose_preference(ada, "theme", "")
    assert said_to(request) == ("", True)


def said_to(request):
    """Return what a template hears, in which the row is read once."""
    context = preferences_context(request)
    return context["kept"](), context["wants_hints"]()


def test_hints_are_on_the_first_page_until_they_are_dismissed(ada, bob):
    client = Client()
    client.force_login(ada)
    address, mark = reverse("dashboard"), b'id="hints"'
    assert mark in client.get(address).content
    sent = {"name": "hints", "value": "off", "next": f"{address}?list=all"}
    answer = client.post(reverse("preference_choose"), sent)
    assert (answer.status_code, answer["Location"]) == (303, f"{address}?list=all")
    assert mark not in client.get(address).content
    client.force_login(bob)
    assert mark in client.get(address).content


def test_choices_are_kept_for_their_person_alone(ada, bob):
    assert preferences_of(ada.pk) is None
    choose_preference(ada, "theme", "dark")
    choose_preference(ada, "zone", "utc")
    choose_preference(ada, "theme", "light")
    assert preferences_of(ada.pk) == {"theme": "light", "zone": "utc"}
    assert preferences_of(bob.pk) is None
    choose_preference(ada, "theme", "")
    choose_preference(ada, "zone", "")
    assert preferences_of(ada.pk) == {}


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        *((name, value, 200) for name, values in VALUES.items() for value in (*values, "")),
        *(("theme", "pink", 400), ("theme", "high", 400), ("theme", "x" * 21, 400)),
        *(("hints", "on", 400), ("Theme", "dark", 400), ("", "dark", 400), ("theme", "DARK", 400)),
    ],
)
def test_only_values_that_exist_are_taken(ada, name, value, status):
    choose_preference(ada, "density", "compact")
    client = Client()
    client.force_login(ada)
    sent = {"name": name, "value": value}
    answer = client.post(reverse("preference_choose"), sent, headers=SCRIPT)
    assert answer.status_code == status
    kept = client.get(reverse("preferences")).json()["preferences"]
    chosen = {"density": "compact"}
    if status == 200:
        chosen = {k: v for k, v in (chosen | {name: value}).items() if v}
    assert kept == chosen == preferences_of(ada.pk)


def test_nobody_who_is_not_signed_in_chooses_or_reads():
    client = Client()
    sent = {"name": "theme", "value": "dark"}
    assert client.post(reverse("preference_choose"), sent, headers=SCRIPT).status_code == 401
    assert client.get(reverse("preferences")).status_code == 302
    assert not Preferences.objects.exists()
    assert b"data-kept" not in client.get(reverse("account_login")).content


def test_a_page_tells_its_script_what_is_kept(ada):
    client = Client()
    client.force_login(ada)
    address = reverse("account_sessions")
    assert b"data-kept" not in client.get(address).content
    choose_preference(ada, "palette", "blue-orange")
    choose_preference(ada, "theme", "dark")
    assert b'data-kept="palette=blue-orange&amp;theme=dark"' in client.get(address).content
    for name in ("palette", "theme"):
        choose_preference(ada, name, "")
    assert b'data-kept=""' in client.get(address).content
