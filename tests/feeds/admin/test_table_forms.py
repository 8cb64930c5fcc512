"""What the forms of tables, lists and commands take, to the last byte."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from feeds.admin.commands import HaltForm, RateForm, ReasonForm
from feeds.admin.instrument_lists import ApplyForm, UploadForm
from feeds.admin.replays import ReplayForm
from feeds.admin.table_forms import MOST_BYTES, MappingForm, TableForm, initial_of
from feeds.recordings.layout import Layout, TableKind
from feeds.recordings.table_times import Unit


def form_with(size: int | None) -> TableForm:
    """Return the form with a table that says it is so large."""
    table = SimpleUploadedFile("table.csv", b"time,price\n")
    form = TableForm({"name": "day"}, {"table": table})
    form.cleaned_data = {"table": table}
    table.size = size
    return form


@pytest.mark.parametrize("size", [1, MOST_BYTES])
def test_a_table_may_be_as_large_as_the_limit(size: int) -> None:
    form = form_with(size)
    assert form.is_valid(), form.errors


def test_a_larger_table_is_refused_with_the_command_that_takes_it() -> None:
    form = form_with(MOST_BYTES + 1)
    assert not form.is_valid()
    [text] = form.errors["table"]
    assert text == (
        f"The file is larger than {MOST_BYTES:,} bytes; use manage.py import_recording."
    )


def test_a_table_without_a_known_size_is_looked_at_later() -> None:
    form = form_with(None)
    assert form.clean_table() is form.cleaned_data["table"]


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("interval_s", ["1", "86400"], ["0", "86401", "1.5", ""]),
        ("skips", ["0", "100", ""], ["-1", "101"]),
        ("symbol_prefix", ["", "R", "ABC123"], ["ABCD1234", "R-", "R S"]),
        ("lot", ["0.00000001", "1", ""], ["0", "1.00000001", "-1"]),
    ],
)
def test_a_number_lies_within_its_limits(field: str, good: list[str], bad: list[str]) -> None:
    taking = MappingForm.base_fields[field]
    for text in good:
        taking.clean(text)
    for text in bad:
        with pytest.raises(ValidationError):
            taking.clean(text)


PLACES = {"time": 0, "symbol": 1, "price": 2, "size": 3, "side": 4, "clock": 5}
LAYOUTS = (
    Layout(kind=TableKind.TRADES, columns=PLACES),
    Layout(
        kind=TableKind.TRADES,
        columns={"time": 0, "price": 1, "size": 2, "is_buyer_maker": 3},
        has_header=False,
        skips=2,
        separator="\t",
        decimal=",",
        unit=Unit.CALENDAR,
        zone="Europe/Berlin",
        day_first=True,
        symbol="NVX",
        interval_s=300,
        lot=Decimal("0.5"),
        sorts=True,
        rounds_prices=True,
        rounds_times=True,
    ),
    Layout(
        kind=TableKind.BARS,
        columns={"time": 6, "symbol": 5, "open": 4, "high": 3, "low": 2, "close": 1, "volume": 0},
    ),
)


def mapping(layout: Layout, *, may_play: bool = False, **more: object) -> MappingForm:
    """Return the form as people send what a layout says."""
    said = initial_of(layout) | {"key": "k", "file_name": "t.csv", "name": "day"} | more
    said = {name: value for name, value in said.items() if value not in (None, False)}
    names = [f"column {place}" for place in range(7)]
    return MappingForm(said, names=names, may_play=may_play)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_was_recognised_comes_back_as_it_was(layout: Layout) -> None:
    form = mapping(layout)
    assert form.is_valid(), form.errors
    assert form.layout() == layout


def test_a_column_that_the_kind_has_no_use_for_is_left_out() -> None:
    form = mapping(LAYOUTS[2], column_side="0")
    assert form.is_valid()
    assert form.layout() == LAYOUTS[2]


def test_a_mapping_without_a_needed_column_names_it() -> None:
    form = mapping(LAYOUTS[0], column_price="", column_symbol="")
    assert not form.is_valid()
    assert form.non_field_errors() == ["Choose a column for symbol, price."]
    assert not mapping(LAYOUTS[0], column_price="7").is_valid(), "there is no such column"


def test_only_who_may_play_is_asked_for_it() -> None:
    form = mapping(LAYOUTS[0], plays=True, symbol_prefix="R")
    assert "plays" not in form.fields
    assert form.is_valid()
    assert form.playing() == {"plays": False, "prefix": ""}
    playing = mapping(LAYOUTS[0], may_play=True, plays=True, symbol_prefix="R")
    assert playing.is_valid(), playing.errors
    assert playing.playing() == {"plays": True, "prefix": "R"}


def test_columns_are_offered_from_one_with_their_names_cut() -> None:
    form = MappingForm(names=["time", "x" * 80], may_play=True)
    assert form.fields["column_time"].choices == [
        ("", "—"), ("0", "1: time"), ("1", f"2: {'x' * 57}"),
    ]  # fmt: skip
    assert [field.name for field in form.column_fields()][:2] == ["column_time", "column_clock"]
    others = {field.name for field in form.other_fields()}
    assert {"kind", "unit", "plays"} <= others
    assert not [name for name in others if name.startswith("column_") or name == "key"]


@pytest.mark.parametrize(
    ("form", "field", "good", "bad"),
    [
        (TableForm, "name", ["x" * 80], ["x" * 81, ""]),
        (MappingForm, "name", ["x" * 80], ["x" * 81, ""]),
        (MappingForm, "file_name", ["x" * 255], ["x" * 256]),
        (MappingForm, "symbol", ["", "A" * 24], ["A" * 25]),
        (MappingForm, "symbol_prefix", ["ABC123"], ["ABC1234"]),
        (ReplayForm, "name", ["x" * 80], ["x" * 81, ""]),
        (ReplayForm, "symbol_prefix", ["", "ABC123"], ["ABC1234", "R-"]),
        (ReasonForm, "reason", ["", "x" * 200], ["x" * 201]),
        (HaltForm, "reason", ["x" * 200], ["x" * 201, "", " "]),
        (RateForm, "rate", ["0.1", "50000"], ["0.0999", "50000.001", "nan", ""]),
        (ApplyForm, "key", ["x" * 64], ["x" * 65, ""]),
        (ApplyForm, "reason", ["", "x" * 200], ["x" * 201]),
    ],
)
def test_a_field_lies_within_its_limits(form, field, good, bad) -> None:
    for text in good:
        form.base_fields[field].clean(text)
    for text in bad:
        with pytest.raises(ValidationError):
            form.base_fields[field].clean(text)


@pytest.mark.parametrize(
    ("size", "errors"),
    [(1_048_576, []), (1_048_577, ["The file is larger than 1,048,576 bytes."])],
)
def test_an_instrument_list_may_be_as_large_as_the_limit(size, errors) -> None:
    file = SimpleUploadedFile("list.csv", b"symbol\nNVX\n")
    file.size = size
    form = UploadForm({}, {"file": file})
    assert form.errors.get("file", []) == errors
    assert form.is_valid() is (not errors)


@pytest.mark.parametrize("sent", [{"text": "symbol\nNVX\n"}, {"text": "\tNVX"}])
def test_an_instrument_list_is_a_file_or_a_text_as_it_was_pasted(sent) -> None:
    form = UploadForm(sent)
    assert form.is_valid(), form.errors
    assert form.content() == sent["text"]
    assert UploadForm({"text": ""}).non_field_errors() == ["Choose a file, or paste the rows."]


def test_a_dry_run_is_applied_without_a_reason_and_without_removals() -> None:
    form = ApplyForm({"key": "k"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data == {"key": "k", "reason": "", "with_removal": False}
