"""Sizes are whole lots inside and decimal numbers outside, exact both ways."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from feeds.exceptions import InvalidDefinition
from feeds.market.events import Listing
from feeds.market.fingerprint import Fingerprint
from feeds.market.instruments import ONE, Definition
from feeds.market.lots import MOST_LOTS, MOST_SHARES, exact_lots, lot_of, lots_within
from tests.support.market_script import NOW, definition

LONG_AGO = "27ef90973ded5bbb7c607ae815c153a537685b11499edf8dc426b7cf13531659"
LOTS = ("1", "0.1", "0.5", "0.25", "0.0001", "0.00000001", "100", "1000000", "2.5")


@pytest.mark.parametrize(
    ("size", "lot", "text"),
    [
        ("0.5", "0.1", "0.5"), ("0.00000001", "1e-8", "0.00000001"),
        ("1e-8", "0.00000001", "0.00000001"),
        ("1.50", "0.01", "1.5"), ("12345678.12345678", "0.00000001", "12345678.12345678"),
        ("3", "0.0001", "3"), ("0.3", "0.1", "0.3"), ("300", "100", "300"), ("7.5", "2.5", "7.5"),
    ],
)  # fmt: skip
def test_a_size_goes_in_and_comes_out_as_it_was(size: str, lot: str, text: str) -> None:
    lots = exact_lots(Decimal(size), Decimal(lot))
    assert lot_of(Decimal(lot)).text(lots) == text
    assert Decimal(repr(json.loads(text))) == Decimal(size), "a double shows the same digits"


@given(st.integers(0, MOST_LOTS), st.sampled_from(LOTS))
def test_a_text_is_exact_and_has_no_needless_zero(lots: int, lot: str) -> None:
    text = lot_of(Decimal(lot)).text(lots)
    assert Decimal(text) == lots * Decimal(lot)
    assert "." not in text or not text.endswith(("0", "."))
    assert isinstance(json.loads(text), int) == ("." not in text)


@pytest.mark.parametrize("size", ["0", "-1", "-0.0001", "NaN", "Infinity", "0.00005", "0.50001",
                                  f"1.{'0' * 60}1", str(MOST_SHARES + 1)])  # fmt: skip
def test_what_is_no_multiple_of_the_lot_is_refused(size: str) -> None:
    with pytest.raises(ValueError, match=r"size was .*expected a multiple of 0\.0001"):
        exact_lots(Decimal(size), Decimal("0.0001"))


def test_a_size_is_a_whole_number_of_shares() -> None:
    assert exact_lots(Decimal("1e3"), ONE) == 1000
    for size in ("0", "-1", "1.5", "NaN", str(MOST_SHARES + 1)):
        with pytest.raises(ValueError, match=r"size was .*a whole number of shares"):
            exact_lots(Decimal(size), ONE)


@pytest.mark.parametrize(
    ("lot", "most", "lots", "more"),
    [
        ("1", "1000000000000", 1_000_000_000_000, "1000000000001"),
        ("1000000", "1000000000000", 1_000_000, "1000001000000"),
        ("0.00000001", "90071992.54740991", 9_007_199_254_740_991, "90071992.54740992"),
    ],
)
def test_the_largest_size_is_exact_and_a_lot_more_is_refused(
    lot: str, most: str, lots: int, more: str
) -> None:
    for read in (exact_lots, lots_within):
        assert read(Decimal(most), Decimal(lot)) == lots
        with pytest.raises(ValueError, match="size was"):
            read(Decimal(more), Decimal(lot))


@pytest.mark.parametrize(
    ("good", "bad"), [("1000000", "1000000.00000001"), ("0.00000001", "0.000000001"), ("1", "0")]
)
def test_a_lot_size_lies_within_its_limits(good: str, bad: str) -> None:
    assert replace(definition("NVX"), lot=Decimal(good)).lot_size == Decimal(good)
    with pytest.raises(InvalidDefinition):
        replace(definition("NVX"), lot=Decimal(bad))


def test_what_is_left_of_a_lot_is_cut_off() -> None:
    assert lots_within(Decimal("0.00029"), Decimal("0.0001")) == 2
    assert lots_within(Decimal("0.00009"), Decimal("0.0001"), least=1) == 1
    for size in ("0.00009", "0", "-1", "NaN"):
        with pytest.raises(ValueError, match="size was"):
            lots_within(Decimal(size), Decimal("0.0001"))
    with pytest.raises(ValueError, match="size was"):
        lots_within(Decimal(0), Decimal("0.0001"), least=1)


def fingerprint(*definitions: Definition) -> str:
    found = Fingerprint()
    found.add([Listing("demo", each, NOW) for each in definitions])
    return found.hex()


def test_a_lot_of_one_leaves_the_tape_as_it_was() -> None:
    """The fingerprint is of before there were lots."""
    plain = definition("NVX")
    assert fingerprint(plain) == LONG_AGO
    for lot in (Decimal(1), Decimal("1.000"), Decimal("1E+0")):
        assert replace(plain, lot=lot) == plain
    assert fingerprint(replace(plain, lot=Decimal("0.1"))) != fingerprint(plain)


@pytest.mark.parametrize("lot", ["0", "-1", "NaN", "0.000000001", "1000001"])
def test_a_lot_that_cannot_be_is_refused(lot: str) -> None:
    with pytest.raises((InvalidDefinition, ArithmeticError)):
        replace(definition("NVX"), lot=Decimal(lot))


@pytest.mark.parametrize(
    ("field", "within", "beyond"),
    [
        ("lot", Decimal(1_000_000), Decimal("1000000.1")),
        ("lot", Decimal("0.00000001"), Decimal("0.000000001")),
        ("tick_size", Decimal("0.00000001"), Decimal("0.000000001")),
        ("reference_ticks", 1, 0),
        ("volatility", 1.0, 1.001),
        ("volatility", 0.001, 0.0),
        ("activity", 1000.0, 1000.1),
        ("activity", 0.001, 0.0),
    ],
)
def test_a_definition_may_go_to_its_limits(field: str, within: object, beyond: object) -> None:
    plain = definition("NVX")
    assert getattr(replace(plain, **{field: within}), field) == within
    with pytest.raises(InvalidDefinition):
        replace(plain, **{field: beyond})
