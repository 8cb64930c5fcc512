"""What the forms of the flight deck take: the last value that works, the first that does not."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from dashboard.deck.forms import DisconnectForm, ScenarioForm, StartForm


@pytest.mark.parametrize(
    ("form", "field", "good", "bad"),
    [
        (DisconnectForm, "connection", ["", "x" * 64], ["x" * 65]),
        (DisconnectForm, "reason", ["x" * 200], ["x" * 201, "", " "]),
        (ScenarioForm, "reason", ["x" * 200], ["x" * 201, ""]),
    ],
)
def test_a_text_lies_within_its_limits(form, field, good, bad) -> None:
    for text in good:
        form.base_fields[field].clean(text)
    for text in bad:
        with pytest.raises(ValidationError):
            form.base_fields[field].clean(text)


@pytest.mark.parametrize(
    ("after", "error"),
    [
        (None, []),
        (timedelta(minutes=1), []),
        (timedelta(days=366, minutes=-1), []),
        (timedelta(days=366, minutes=1), ["Choose a time within 366 days."]),
        (timedelta(minutes=-1), ["This time is in the past."]),
    ],
)
def test_a_start_is_within_a_year_from_now(after, error) -> None:
    sent = "" if after is None else f"{timezone.now() + after:%Y-%m-%d %H:%M:%S}"
    form = StartForm({"starts_at": sent})
    assert form.errors.get("starts_at", []) == error
    assert form.is_valid() is (not error)
