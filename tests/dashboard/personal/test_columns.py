"""The columns that a person wants: kept by person, and the same names as the page has."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from dashboard.models import ColumnChoice
from dashboard.personal.columns import COLUMNS, choose_columns, columns_of
from tests.laws.sources import ROOT

pytestmark = pytest.mark.django_db


def test_the_page_has_the_same_columns_in_the_same_order():
    script = (ROOT / "static/js/screen/watchlist/columns.js").read_text()
    assert tuple(re.findall(r'\{key: "(\w+)"', script)) == COLUMNS


def test_a_choice_is_kept_for_its_person_alone(ada, bob):
    choose_columns(ada, ["day", "last"])
    choose_columns(ada, ["bid", "day"])
    assert (columns_of(ada.pk), columns_of(bob.pk)) == (("bid", "day"), ())
    choose_columns(ada, COLUMNS)
    assert columns_of(ada.pk) == ()
    assert not ColumnChoice.objects.exists()


@pytest.mark.parametrize(
    ("sent", "status", "kept"),
    [
        (["bid", "day", "bid"], 200, ("bid", "day")),
        ([], 200, ()),
        (["bid", "nope"], 400, ("low",)),
        (["symbol"], 400, ("low",)),
        (["last,bid"], 400, ("low",)),
    ],
)
def test_only_columns_that_exist_are_taken(ada, sent, status, kept):
    choose_columns(ada, ["low"])
    client = Client()
    client.force_login(ada)
    address, script = reverse("columns_choose"), {"Accept": "application/json"}
    answer = client.post(address, {"column": sent}, headers=script)
    assert (answer.status_code, columns_of(ada.pk)) == (status, kept)


def test_nobody_who_is_not_signed_in_chooses(ada):
    script = {"Accept": "application/json"}
    answer = Client().post(reverse("columns_choose"), {"column": "bid"}, headers=script)
    assert answer.status_code == 401
    assert not ColumnChoice.objects.exists()
