"""The prices and sizes that an instrument may have, and the value that the engine takes."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from feeds.market.instruments import Definition
from feeds.models import Instrument

UNEVEN = "Must be a multiple of the tick size."
TOO_MANY = "Must be at most 1,000,000,000 ticks."


@pytest.mark.parametrize(
    ("tick", "price", "said"),
    [
        ("0.05", "20.00", ""),
        ("0.05", "20.01", UNEVEN),
        ("0.01", "10000000", ""),
        ("0.01", "10000000.01", TOO_MANY),
        # Other checks have a word for these.
        ("0", "20.01", ""),
        (None, "20.01", ""),
        ("0.05", None, ""),
    ],
)
def test_a_reference_price_is_a_whole_number_of_ticks_and_not_too_many(
    tick: str | None, price: str | None, said: str
) -> None:
    tick_size, reference_price = (text and Decimal(text) for text in (tick, price))
    row = Instrument(symbol="NVX", tick_size=tick_size, reference_price=reference_price)
    if not said:
        row.clean()
        return
    with pytest.raises(ValidationError) as refused:
        row.clean()
    assert refused.value.message_dict == {"reference_price": [said]}


def test_the_engine_gets_units_without_the_zeros_of_the_database() -> None:
    row = Instrument(
        symbol="NVX", name="Novexa", sector="Lab", tick_size=Decimal("0.05000000"),
        reference_price=Decimal("20.00000000"), volatility=0.3, activity=1.7,
        lot_size=Decimal("0.00100000"),
    )  # fmt: skip
    made = row.definition()
    assert made == Definition(
        symbol="NVX", name="Novexa", sector="Lab", tick_size=Decimal("0.05"), reference_ticks=400,
        volatility=0.3, activity=1.7, lot=Decimal("0.001"),
    )  # fmt: skip
    assert (str(made.tick_size), str(made.lot)) == ("0.05", "0.001")
