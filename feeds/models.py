"""The rows of the market: what admins want it to be. Rows are the truth; the engine follows.

Must not write (services do), know sockets, or be imported by pure rooms.
"""

import math
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Now

from feeds.events import FeedState
from feeds.instruments import SYMBOL_PATTERN, Definition
from feeds.plans import MAX_RATE, FeedPlan

MAX_DELAY_MINUTES = 60
"""Ticks that wait are kept in memory."""
SMALLEST_TICK = Decimal("0.00000001")
MOST_TICKS = 1_000_000_000
"""Highest reference price in ticks: a path that rises a millionfold is still exact in a double."""


def refuse_nan(value: float) -> None:
    """Raise ValidationError for "not a number", which no comparison with a limit refuses."""
    if math.isnan(value):
        raise ValidationError("Enter a number.")


class Feed(models.Model):
    """A source of ticks that admins run."""

    slug = models.SlugField(unique=True, max_length=32, help_text="Short name, used in addresses.")
    name = models.CharField(max_length=80)
    state = models.CharField(
        max_length=8,
        choices=[(state.value, state.value.title()) for state in FeedState],
        default=FeedState.RUNNING.value,
    )
    rate = models.FloatField(
        default=200,
        validators=[refuse_nan, MinValueValidator(0.1), MaxValueValidator(MAX_RATE)],
        help_text="Target in ticks per second.",
    )
    seed = models.PositiveBigIntegerField(
        default=1,
        validators=[MaxValueValidator(2**63 - 1)],
        help_text="The same seed and instruments give the same market.",
    )
    reason = models.CharField(max_length=200, blank=True, help_text="Shown to everyone.")
    is_restricted = models.BooleanField(
        "restricted",
        default=False,
        help_text="Only groups with an entitlement see it, and superusers.",
    )

    class Meta:
        ordering = ["slug"]
        permissions = [
            ("run_feed", "Can start, pause and close a feed and set its rate"),
        ]

    def __str__(self) -> str:
        return self.name

    def plan(self) -> FeedPlan:
        """Return the feed as it should be, with its instruments and open halts."""
        instruments = list(self.instruments.all())
        return FeedPlan(
            feed=self.slug,
            name=self.name,
            state=FeedState(self.state),
            rate=self.rate,
            seed=self.seed,
            definitions=tuple(instrument.definition() for instrument in instruments),
            halts={
                instrument.symbol: halt.reason
                for instrument in instruments
                for halt in instrument.halts.all()
                if halt.ended_at is None
            },
            reason=self.reason,
            delays=self._delays(),
        )

    def _delays(self) -> tuple[int, ...]:
        if not self.is_restricted:
            return ()
        minutes = {entitlement.delay_minutes for entitlement in self.entitlements.all()}
        return tuple(sorted(minutes - {0}))


class Entitlement(models.Model):
    """What lets a group see a restricted feed, at once or some minutes late."""

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="entitlements")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="entitlements")
    delay_minutes = models.PositiveSmallIntegerField(
        "delay",
        default=0,
        validators=[MaxValueValidator(MAX_DELAY_MINUTES)],
        help_text="Minutes; 0 is real-time. Who has several entitlements sees the soonest.",
    )

    class Meta:
        ordering = ["feed__slug", "group__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["feed", "group"], name="one_entitlement_per_feed_and_group"
            ),
        ]

    def __str__(self) -> str:
        delay = f"{self.delay_minutes} min late" if self.delay_minutes else "real-time"
        return f"{self.group} sees {self.feed.slug} {delay}"


class Instrument(models.Model):
    """A thing traded on one feed, known everywhere by its symbol."""

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="instruments")
    symbol = models.CharField(
        unique=True,
        max_length=12,
        validators=[RegexValidator(rf"\A{SYMBOL_PATTERN}\Z", "Capital letters and digits only.")],
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
        help_text="Where the price starts, and yesterday's close. A multiple of the tick size.",
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

    def clean(self) -> None:
        """Refuse a reference price off the tick grid, or too far up on it."""
        if not self.tick_size or not self.reference_price:
            return
        if self.reference_price % self.tick_size:
            raise ValidationError({"reference_price": "Must be a multiple of the tick size."})
        if self.reference_price / self.tick_size > MOST_TICKS:
            raise ValidationError({"reference_price": f"Must be at most {MOST_TICKS:,} ticks."})

    def definition(self) -> Definition:
        """Return the frozen facts that the engine needs."""
        return Definition(
            symbol=self.symbol,
            name=self.name,
            sector=self.sector,
            tick_size=self.tick_size.normalize(),
            reference_ticks=int(self.reference_price / self.tick_size),
            volatility=self.volatility,
            activity=self.activity,
        )


class Halt(models.Model):
    """A time in which an instrument does not trade, by whose hand and why."""

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


class AuditEntry(models.Model):
    """Who did what to which row, when and why, with the values before and after; never edited."""

    at = models.DateTimeField(db_default=Now(), db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    actor_name = models.CharField(max_length=150, help_text="Kept when the account is deleted.")
    action = models.CharField(max_length=40)
    target = models.CharField(max_length=200)
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.actor_name} {self.action} {self.target}"
