"""What people send of their own: what is taken and how it is cleaned, and what is refused."""

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.http import QueryDict

from dashboard.personal import forms

EMPTY_SYMBOL = "This field is required."


def symbols_of(*sent: str) -> list[str] | str:
    """Return the symbols that a form takes, or what it says."""
    data = QueryDict(mutable=True)
    data.setlist("symbol", list(sent))
    form = forms.SymbolsForm(data)
    return form.cleaned_data["symbol"] if form.is_valid() else form.errors["symbol"][0]


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (("nvx",), ["NVX"]),
        (("orb, nvx;orb", "NVX qal"), ["ORB", "NVX", "QAL"]),
        (("",), EMPTY_SYMBOL),
        ((" ,;\t\n",), EMPTY_SYMBOL),
        ((), EMPTY_SYMBOL),
    ],
)
def test_symbols_are_taken_once_each_in_their_order(sent, found) -> None:
    assert symbols_of(*sent) == found


def test_two_thousand_symbols_come_at_once_and_no_more() -> None:
    most = [f"A{number}" for number in range(2000)]
    assert symbols_of(" ".join(most)) == most
    assert symbols_of(" ".join([*most, "A1"])) == "Send at most 2000 symbols at once."


@pytest.mark.parametrize(
    ("ids", "found"),
    [
        (("1", "7", "7"), [1, 7, 7]),
        ((), None),
        ((str(2**63 - 1),), [2**63 - 1]),
        ((str(2**63),), "less than or equal to"),
        (("0",), "greater than or equal to 1"),
        (("x",), "whole number"),
        (("1",) * 500, [1] * 500),
        (("1",) * 501, "Send at most 500 ids at once."),
    ],
)
def test_ids_are_those_of_rows_and_at_most_500(ids, found) -> None:
    data = QueryDict(mutable=True)
    data.setlist("id", list(ids))
    form = forms.ReadForm(data)
    if form.is_valid():
        assert form.cleaned_data["id"] == found
    else:
        assert isinstance(found, str)
        assert found in form.errors["id"][0]


@pytest.mark.parametrize(
    ("sent", "is_taken"),
    [
        ({"place": "0"}, True),
        ({"above": "ORB"}, True),
        ({"above": ""}, True),
        ({}, False),
        ({"place": ""}, False),
        ({"place": "-1"}, False),
        ({"place": "x"}, False),
    ],
)
def test_a_line_goes_to_a_place_or_above_another(sent, is_taken) -> None:
    form = forms.MoveForm({"symbol": "NVX"} | sent)
    assert form.is_valid() is is_taken
    assert len(form.errors.get("place", [])) == (0 if is_taken else 1)


@pytest.mark.parametrize(
    ("name", "list_name", "title"),
    [
        ("  My   list ", "My list", "My list"),
        ("x" * 40, "x" * 40, "x" * 40),
        ("x" * 41, None, None),
        ("###East", None, None),
        ("a\tb", None, None),
        ("a, b", "a, b", None),
        ("a; b", "a; b", None),
        ("", None, None),
    ],
)
def test_a_name_is_one_line_and_a_title_is_one_that_a_text_can_have(name, list_name, title) -> None:
    named = forms.ListNameForm({"name": name})
    assert (named.cleaned_data["name"] if named.is_valid() else None) == list_name
    titled = forms.SectionNameForm({"name": name, "section": "old"})
    assert (titled.cleaned_data["name"] if titled.is_valid() else None) == title


@pytest.mark.parametrize(
    ("name", "value", "is_taken"),
    [
        ("notices.sound", "1", True),
        ("notices.sound", "", True),
        ("notices.sound", "off", False),
        ("hints", "off", True),
        ("volume", "1", False),
        ("volume", "", False),
        ("", "", False),
    ],
)
def test_a_preference_has_only_its_own_values(name, value, is_taken) -> None:
    assert forms.PreferenceForm({"name": name, "value": value}).is_valid() is is_taken


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [("1", 1), ("10", 10), ("3", 2), ("0", 2), ("", 2), ("x", 2), ("2.0", 2)],
)
def test_an_interval_that_is_not_offered_is_the_usual_one(sent, seconds) -> None:
    assert forms.IntervalForm({"interval": sent}).interval_s() == seconds


def test_each_column_is_chosen_once_in_order() -> None:
    form = forms.ColumnsForm(QueryDict("column=high&column=low&column=high"))
    assert form.is_valid()
    assert form.cleaned_data["column"] == ["high", "low"]
    assert not forms.ColumnsForm(QueryDict("column=nope")).is_valid()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("to", "errors"),
    [
        ({"to": "everyone"}, {}),
        ({"to": "group"}, {"group": ["Choose a group."]}),
        ({"to": "user"}, {"user": ["Choose a user."]}),
        ({"to": "user", "user": "ada"}, {}),
        ({"to": "user", "user": "bob"}, {"user": ["No active user has this name."]}),
        ({"to": "user", "user": "Ada"}, {"user": ["No active user has this name."]}),
    ],
)
def test_a_notification_needs_somebody_who_gets_it(to, errors) -> None:
    User.objects.create_user("ada")
    User.objects.create_user("bob", is_active=False)
    form = forms.SendForm({"title": "Maintenance", "level": "info"} | to)
    form.is_valid()
    assert form.errors == errors
    if not errors:
        assert [user.username for user in form.recipients()] == ["ada"]


@pytest.mark.django_db
def test_of_a_group_the_active_ones_get_it_and_where_nobody_is_active_the_form_says_so() -> None:
    group = Group.objects.create(name="traders")
    for name, is_active in (("ada", True), ("bob", False), ("eve", True)):
        user = User.objects.create_user(name, is_active=is_active)
        if name != "eve":
            user.groups.add(group)
    sent = {"title": "Maintenance", "level": "info", "to": "group", "group": group.pk}
    form = forms.SendForm(sent)
    assert form.is_valid()
    assert [user.username for user in form.recipients()] == ["ada"]
    assert form.audience() == "group traders"
    User.objects.update(is_active=False)
    assert forms.SendForm(sent).errors == {"group": ["No active user is in this group."]}
    everyone = forms.SendForm(sent | {"to": "everyone"})
    assert everyone.errors == {"to": ["There is no active user."]}


KEYS = (["0", "9223372036854775807"], ["-1", "9223372036854775808"])
OPTIONAL_KEYS = (["", *KEYS[0]], KEYS[1])


@pytest.mark.parametrize(
    ("form", "field", "good", "bad"),
    [
        (forms.ListForm, "list", *OPTIONAL_KEYS),
        (forms.SymbolsForm, "place", *OPTIONAL_KEYS),
        (forms.PlacedForm, "place", *OPTIONAL_KEYS),
        (forms.MoveListForm, "to", KEYS[0], ["", *KEYS[1]]),
        (forms.SymbolForm, "symbol", ["A" * 24], ["A" * 25, ""]),
        (forms.MoveForm, "above", ["", "A" * 24], ["A" * 25]),
        (forms.NewSectionForm, "above", ["", "A" * 24], ["A" * 25]),
        (forms.ListNameForm, "name", ["x" * 40], ["x" * 41, ""]),
        (forms.SectionNameForm, "name", ["x" * 40], ["x" * 41, ""]),
        (forms.SectionForm, "section", ["x" * 40], ["x" * 41, ""]),
        (forms.MoveSectionForm, "above", ["", "x" * 40], ["x" * 41]),
        (forms.NewListForm, "text", ["", "x" * 20_000], ["x" * 20_001]),
        (forms.PreferenceForm, "value", ["", "x" * 20], ["x" * 21]),
        (forms.SendForm, "user", ["", "x" * 150], ["x" * 151]),
    ],
)
def test_a_field_lies_within_its_limits(form, field, good, bad) -> None:
    taking = form.base_fields[field]
    for value in good:
        taking.clean(value)
    for value in bad:
        with pytest.raises(ValidationError):
            taking.clean(value)


@pytest.mark.parametrize(
    ("form", "sent"),
    [
        (forms.SymbolsForm, {"symbol": ["NVX"]}),
        (forms.MoveForm, {"symbol": "NVX", "place": "0"}),
        (forms.NewSectionForm, {"name": "Energy"}),
        (forms.NewListForm, {"name": "Energy"}),
        (forms.MoveSectionForm, {"section": "Energy", "place": "0"}),
        (forms.ColumnsForm, {}),
        (forms.PreferenceForm, {"name": next(iter(forms.VALUES))}),
    ],
)
def test_what_need_not_be_sent_may_be_left_out(form, sent) -> None:
    assert form(sent).is_valid(), form(sent).errors
