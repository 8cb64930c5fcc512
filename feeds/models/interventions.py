"""The rows of interventions (shocks and regimes, past or planned) and of scenarios.

Must not write (services do).
"""

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from feeds.clock import ms_of
from feeds.market.symbols import LONGEST_SYMBOL, read_symbol
from feeds.plan.effects import LONGEST_S, SIZES, Effect, EffectKind
from feeds.validators import refuse_nan

LINGER: Final = timedelta(seconds=5)
"""An intervention stays in the plan so long after its end, for a feed that reads its plan late."""
PERCENT: Final = 100


class Planned(models.Model):
    """The fields that a scenario's step and an intervention share: effect, scope and length."""

    kind = models.CharField(
        max_length=6,
        choices=[("shock", "Shock: prices move"), ("regime", "Regime: volatility changes")],
        default=EffectKind.SHOCK.value,
    )
    sector = models.CharField(max_length=40, blank=True, help_text="Empty: the whole feed.")
    symbol = models.CharField(
        max_length=LONGEST_SYMBOL, blank=True, help_text="Instead of a sector."
    )
    size = models.FloatField(
        validators=[refuse_nan],
        help_text="Shock: change in percent, -6 is down by 6 %. Regime: multiple of the usual "
        "volatility.",
    )
    duration_s = models.PositiveIntegerField(
        "duration (seconds)",
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_S)],
    )

    class Meta:
        abstract = True

    def clean_fields(self, exclude: Any = None) -> None:
        """Check each field; the symbol is read as people type it."""
        self.symbol = read_symbol(self.symbol)
        super().clean_fields(exclude)

    @property
    def effect_size(self) -> float:
        """Return the size in the unit of an effect: a fraction of the price, or a multiple."""
        return self.size / PERCENT if self.kind == EffectKind.SHOCK else self.size

    def summary(self) -> str:
        """Return the intervention in words: `shock -6 % of Technology over 90 s`."""
        whom = self.symbol or self.sector or "the whole feed"
        size = f"{self.size:+g} %" if self.kind == EffectKind.SHOCK else f"x {self.size:g}"
        return f"{self.kind} {size} of {whom} over {self.duration_s} s"

    def refuse_size(self) -> None:
        """Raise ValidationError if the size is out of the range of its kind."""
        if self.size is None or self.kind not in SIZES:
            return
        low, high = SIZES[EffectKind(self.kind)]
        if low <= self.effect_size <= high:
            return
        if self.kind == EffectKind.SHOCK:
            limits = f"A shock is {low * PERCENT:g} to {high * PERCENT:g} percent."
        else:
            limits = f"A regime is {low:g} to {high:g} times the usual volatility."
        raise ValidationError({"size": limits})

    def refuse_scope(self, feed: Any) -> None:
        """Raise ValidationError if the feed does not have the sector or the symbol."""
        if self.sector and self.symbol:
            raise ValidationError({"symbol": "Choose a sector or a symbol, not both."})
        for field in ("sector", "symbol"):
            name = getattr(self, field)
            if name and not feed.instruments.filter(**{field: name}).exists():
                raise ValidationError({field: f"This feed has no {name}."})


class Scenario(models.Model):
    """Named steps that are done to a feed in order; run at once or at a given time."""

    feed = models.ForeignKey("feeds.Feed", on_delete=models.CASCADE, related_name="scenarios")
    name = models.CharField(max_length=60)
    note = models.CharField(max_length=200, blank=True, help_text="What it shows.")

    class Meta:
        ordering = ["feed__slug", "name"]
        constraints = [
            models.UniqueConstraint(fields=["feed", "name"], name="one_scenario_of_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class ScenarioStep(Planned):
    """A single intervention of a scenario, so many seconds after the scenario began."""

    scenario = models.ForeignKey(Scenario, on_delete=models.CASCADE, related_name="steps")
    offset_s = models.PositiveIntegerField(
        "start after",
        default=0,
        validators=[MaxValueValidator(LONGEST_S)],
        help_text="Seconds after the start of the scenario.",
    )

    class Meta:
        ordering = ["scenario", "offset_s", "pk"]

    def __str__(self) -> str:
        return f"after {self.offset_s} s: {self.summary()}"

    def clean(self) -> None:
        """Refuse a size that its kind cannot have, and a scope that the feed does not have now."""
        self.refuse_size()
        if self.scenario.feed_id:
            self.refuse_scope(self.scenario.feed)


class Intervention(Planned):
    """A shock or a regime of a feed: when, by whom and why, and whether it was cancelled."""

    feed = models.ForeignKey("feeds.Feed", on_delete=models.CASCADE, related_name="interventions")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(editable=False)
    reason = models.CharField(max_length=200)
    scenario = models.CharField(max_length=60, blank=True, editable=False)
    made_at = models.DateTimeField(db_default=Now())
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["-starts_at", "-pk"]
        permissions = [("shock_market", "Can shock the market and change its volatility")]

    def __str__(self) -> str:
        return self.summary()

    def clean(self) -> None:
        """Refuse a size that its kind cannot have, and a scope that the feed does not have."""
        self.refuse_size()
        self.refuse_scope(self.feed)

    def place(self, starts_at: datetime) -> None:
        """Set the beginning, and with the duration the end."""
        self.starts_at, self.ends_at = starts_at, starts_at + timedelta(seconds=self.duration_s)

    @property
    def is_coming(self) -> bool:
        """Say whether the intervention belongs in the plan of the feed."""
        return self.cancelled_at is None and self.ends_at + LINGER > timezone.now()

    @property
    def is_open(self) -> bool:
        """Say whether a part of the intervention is left to cancel."""
        return self.cancelled_at is None and self.ends_at > timezone.now()

    def effect(self) -> Effect:
        """Return the intervention as the value that the engine takes."""
        return Effect(
            kind=EffectKind(self.kind),
            size=self.effect_size,
            start_ms=ms_of(self.starts_at),
            end_ms=ms_of(self.ends_at),
            sector=self.sector,
            symbol=self.symbol,
        )
