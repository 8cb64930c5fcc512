"""The rows of instruments: what is traded on a feed, and when trading in it was halted.

Must not write (services do).
"""

from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now

from feeds.market.instruments import Definition
from feeds.market.lots import LARGEST_LOT, SMALLEST_LOT
from feeds.market.symbols import LONGEST_SYMBOL, read_symbol
from feeds.models.feeds import Feed
from feeds.validators import refuse_nan, refuse_other_than_symbol

SMALLEST_TICK: Final = Decimal("0.00000001")
MOST_TICKS: Final = 1_000_000_000
"""Highest reference price in ticks: after a millionfold rise the price is still an exact double."""


class Instrument(models.Model):
    """A thing traded on a single feed, known everywhere by its symbol."""

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="instruments")
    symbol = models.CharField(
        unique=True,
        max_length=LONGEST_SYMBOL,
        validators=[refuse_other_than_symbol],
        help_text="Such as NVX, BRK.B or BTC/USD; small letters become capitals.",
    )
    name = models.CharField(max_length=80)
    sector = models.CharField(max_length=40)
    tick_size = models.DecimalField(
        max_digits=16,
        decimal_places=8,
        default=Decimal("0.01"),
        validators=[MinValueValidator(SMALLEST_TICK)],
        help_text="Smallest step of a price.",
    )
    reference_price = models.DecimalField(
        max_digits=18,
        decimal_places=8,
        validators=[MinValueValidator(SMALLEST_TICK)],
        help_text="The first price, and yesterday's close; a multiple of the tick size.",
    )
    lot_size = models.DecimalField(
        max_digits=15,
        decimal_places=8,
        default=Decimal(1),
        db_default=Decimal(1),
        validators=[MinValueValidator(SMALLEST_LOT), MaxValueValidator(LARGEST_LOT)],
        help_text="Smallest step of a size: 1 for shares, 0.0001 for a coin.",
    )
    volatility = models.FloatField(
        default=0.02,
        validators=[refuse_nan, MinValueValidator(0.0001), MaxValueValidator(1.0)],
        help_text="Standard deviation of daily log returns; 0.02 is 2 %.",
    )
    activity = models.FloatField(
        default=1.0,
        validators=[refuse_nan, MinValueValidator(0.001), MaxValueValidator(1000.0)],
        help_text="Share of the feed's ticks, relative to the other instruments.",
    )

    class Meta:
        ordering = ["symbol"]
        permissions = [("halt_instrument", "Can halt and resume an instrument")]

    def __str__(self) -> str:
        return self.symbol

    def clean_fields(self, exclude: Any = None) -> None:
        """Check each field; the symbol is read as people type it."""
        self.symbol = read_symbol(self.symbol)
        super().clean_fields(exclude)

    def clean(self) -> None:
        """Refuse a reference price that is no multiple of the tick size, or too many ticks."""
        if not self.tick_size or not self.reference_price:
            return
        if self.reference_price % self.tick_size:
            raise ValidationError({"reference_price": "Must be a multiple of the tick size."})
        if self.reference_price / self.tick_size > MOST_TICKS:
            raise ValidationError({"reference_price": f"Must be at most {MOST_TICKS:,} ticks."})

    def definition(self) -> Definition:
        """Return it as the value that the engine takes."""
        return Definition(
            symbol=self.symbol,
            name=self.name,
            sector=self.sector,
            tick_size=self.tick_size.normalize(),
            reference_ticks=int(self.reference_price / self.tick_size),
            volatility=self.volatility,
            activity=self.activity,
            lot=self.lot_size.normalize(),
        )


class Halt(models.Model):
    """A time in which an instrument does not trade; who halted it and why."""

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="halts")
    reason = models.CharField(max_length=200)
    started_at = models.DateTimeField(db_default=Now())
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["instrument"],
                condition=models.Q(ended_at=None),
                name="one_open_halt_per_instrument",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instrument} {self.started_at:%Y-%m-%d %H:%M:%S} {self.reason}"
