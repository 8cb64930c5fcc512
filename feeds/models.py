"""The rows of the market: what admins want it to be. Rows are the truth; the engine follows.

Must not write (services do), know sockets, or be imported by pure rooms.
"""

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from feeds.archive.rows import StoredBar  # noqa: F401 Django looks here
from feeds.calendars import EXCHANGES, Calendar, Exchange, date_at
from feeds.clock import ms_of
from feeds.events import FeedState
from feeds.instruments import SYMBOL_PATTERN, Definition
from feeds.interventions.models import Intervention, Scenario, ScenarioStep  # noqa: F401
from feeds.plans import MAX_RATE, FeedKind, FeedPlan
from feeds.recordings.models import Played
from feeds.schedules import CompressedSchedule, PlainSchedule, RoundTheClock, Schedule, Segment
from feeds.sessions.bands import BandRules
from feeds.validators import refuse_nan

MAX_DELAY_MINUTES = 60
"""Ticks that wait are kept in memory."""
SMALLEST_TICK = Decimal("0.00000001")
MOST_TICKS = 1_000_000_000
"""Highest reference price in ticks: a path that rises a millionfold is still exact in a double."""
MINUTE_MS: Final = 60_000
OPENING_MS: Final = 5_000
"""A compressed day begins so that a feed that was started trades after this much of an auction."""
FIRST_DAY: Final = date(2020, 1, 1)
"""Exchange hours number their trading days from here."""


class Hours(models.TextChoices):
    """When a feed trades."""

    COMPRESSED = "compressed", "Compressed trading days, one after the other"
    EXCHANGE = "exchange", "The hours of the exchange"
    ALWAYS = "always", "Round the clock"


class Bands(models.TextChoices):
    """How far prices may go before trading pauses."""

    OFF = "off", "None"
    TIER_1 = "1", "Tier 1: 5 % within five minutes"
    TIER_2 = "2", "Tier 2: 10 % within five minutes"


class Feed(Played):
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
    hours = models.CharField(
        max_length=10,
        choices=Hours,
        default=Hours.COMPRESSED,
        help_text="A trading day has a pre-open, auctions at the open and the close, and an end.",
    )
    exchange = models.CharField(
        max_length=4,
        choices=[(exchange.code, exchange.name) for exchange in EXCHANGES.values()],
        default="XNYS",
        help_text="Whose trading days, hours and holidays these are; not for round the clock.",
    )
    day_minutes = models.PositiveSmallIntegerField(
        "minutes of a day",
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(1440)],
        help_text="How long a compressed trading day takes, from the pre-open to the close.",
    )
    bands = models.CharField(
        "price bands",
        max_length=3,
        choices=Bands,
        default=Bands.TIER_1,
        help_text="A price that goes too far pauses its instrument, an index that falls by 7, 13 "
        "or 20 % in a day the whole feed. Prices up to 3 have wider bands.",
    )
    opened_at = models.DateTimeField(
        default=timezone.now, help_text="When it was last started; compressed days count from then."
    )
    runs_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The end of a step of a paused feed."
    )
    is_restricted = models.BooleanField(
        "restricted",
        default=False,
        help_text="Only groups with an entitlement see it, and superusers.",
    )
    is_recorded = models.BooleanField("recorded", default=False)

    class Meta:
        ordering = ["slug"]
        permissions = [
            ("run_feed", "Can start, pause and close a feed and set its rate"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(kind="replay") | models.Q(recording__isnull=False),
                name="a_replay_has_a_recording",
                violation_error_message="A replay needs a recording.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def plan(self) -> FeedPlan:
        """Return the feed as it should be, with its instruments and open halts."""
        instruments, until_ms = list(self.instruments.all()), self._until_ms()
        return FeedPlan(
            feed=self.slug,
            name=self.name,
            state=FeedState(self.state) if until_ms is None else FeedState.RUNNING,
            rate=self.rate,
            seed=self.seed,
            definitions=tuple(instrument.definition() for instrument in instruments),
            halts={
                instrument.symbol: halt.reason
                for instrument in instruments
                for halt in instrument.halts.all()
                if halt.ended_at is None
            },
            schedule=self.schedule(),
            exchange=self._exchange.name if self.has_exchange else "",
            zone=self._exchange.zone if self.has_exchange else "UTC",
            bands=None if self.bands == Bands.OFF else BandRules(1 if self.bands == "1" else 2),
            reason=self.reason,
            delays=self._delays(),
            kind=FeedKind(self.kind),
            playback=self.playback(),
            effects=tuple(one.effect() for one in self.interventions.all() if one.is_coming),
            until_ms=until_ms,
        )

    def _until_ms(self) -> int | None:
        """Return when a step of the paused feed ends, None when it makes none."""
        if self.state != FeedState.PAUSED or self.runs_until is None:
            return None
        return ms_of(self.runs_until) if self.runs_until > timezone.now() else None

    def schedule(self) -> Schedule:
        """Return when it trades; compressed days open when the feed was started."""
        match Hours(self.hours):
            case Hours.ALWAYS:
                return RoundTheClock()
            case Hours.EXCHANGE:
                return PlainSchedule(_calendar(self.exchange, FIRST_DAY))
        opened_ms = ms_of(self.opened_at)
        days = _calendar(self.exchange, date_at(self._exchange, opened_ms))
        from_zero = CompressedSchedule(days, 0, self.day_minutes * MINUTE_MS)
        lead_ms = from_zero.wall_ms(0, days.day(0).starts_ms[Segment.CONTINUOUS])
        return CompressedSchedule(days, opened_ms + OPENING_MS - lead_ms, from_zero.day_ms)

    @property
    def has_exchange(self) -> bool:
        """Say whether it follows the days of an exchange."""
        return self.hours != Hours.ALWAYS

    @property
    def _exchange(self) -> Exchange:
        return EXCHANGES[self.exchange]

    def _delays(self) -> tuple[int, ...]:
        if not self.is_restricted:
            return ()
        minutes = {entitlement.delay_minutes for entitlement in self.entitlements.all()}
        return tuple(sorted(minutes - {0}))


@lru_cache(maxsize=64)
def _calendar(code: str, first: date) -> Calendar:
    """Return a calendar that keeps the days it has counted."""
    return Calendar(EXCHANGES[code], first)


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
