"""The row of a feed: a source of ticks that admins run, and its plan as a value.

Must not write (services do), know sockets, or be imported by pure rooms.
"""

from datetime import date
from functools import lru_cache
from typing import Final

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from feeds.clock import ms_of
from feeds.market.bars import DAY_MS, MINUTE_MS
from feeds.market.events import FeedState
from feeds.models.recordings import Played
from feeds.plan.calendars import EXCHANGES, Calendar, Exchange, date_at
from feeds.plan.plans import MAX_RATE, FeedKind, FeedPlan
from feeds.plan.price_bands import BandRules
from feeds.plan.schedules import (
    CompressedSchedule,
    PlainSchedule,
    RoundTheClock,
    Schedule,
    Segment,
    TradingDay,
)
from feeds.validators import refuse_nan

OPENING_MS: Final = 5_000
"""A feed with compressed days that was just started holds an opening auction of this length, and
then trades."""
FIRST_DAY: Final = date(2020, 1, 1)
"""Exchange hours number their trading days from here."""


class Hours(models.TextChoices):
    """When a feed trades."""

    COMPRESSED = "compressed", "Compressed trading days, one after the other"
    EXCHANGE = "exchange", "The hours of the exchange"
    ALWAYS = "always", "Round the clock"


class Bands(models.TextChoices):
    """How far prices may move before trading pauses."""

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
        help_text="The exchange whose trading days, hours and holidays it follows; not round the "
        "clock.",
    )
    day_minutes = models.PositiveSmallIntegerField(
        "minutes per day",
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(1440)],
        help_text="How long a compressed trading day takes, from the pre-open to the close.",
    )
    bands = models.CharField(
        "price bands",
        max_length=3,
        choices=Bands,
        default=Bands.TIER_1,
        help_text="A price outside its band pauses its instrument. A fall of the index by 7, 13 "
        "or 20 % in a day pauses the whole feed. Prices up to 3 have wider bands.",
    )
    opened_at = models.DateTimeField(
        default=timezone.now,
        help_text="When it was last started. Compressed days are counted from then.",
    )
    first_day = models.DateField(
        null=True,
        editable=False,
        help_text="The first compressed day since then, after the newest day that has bars.",
    )
    rested_ms = models.BigIntegerField(
        default=0,
        editable=False,
        help_text="How long the clock of compressed days stood still since then, because nothing "
        "ran.",
    )
    runs_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The end of a step of a paused feed."
    )
    is_restricted = models.BooleanField(
        "restricted",
        default=False,
        help_text="Only superusers and groups with an entitlement see it.",
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
        # Databases order signs differently, and the order of the instruments is that of chance.
        instruments = sorted(self.instruments.all(), key=lambda row: row.symbol)
        until_ms = self._until_ms()
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
            effects=tuple(row.effect() for row in self.interventions.all() if row.is_coming),
            until_ms=until_ms,
        )

    def _until_ms(self) -> int | None:
        """Return when the step of a paused feed ends (UTC ms), None if it makes no step."""
        if self.state != FeedState.PAUSED or self.runs_until is None:
            return None
        return ms_of(self.runs_until) if self.runs_until > timezone.now() else None

    def schedule(self) -> Schedule:
        """Return when it trades. The first compressed day opens when the feed was started."""
        match Hours(self.hours):
            case Hours.ALWAYS:
                return RoundTheClock()
            case Hours.EXCHANGE:
                return PlainSchedule(_calendar(self.exchange, FIRST_DAY))
        opened_ms = ms_of(self.opened_at)
        days = _calendar(self.exchange, self.first_day or date_at(self._exchange, opened_ms))
        from_zero = CompressedSchedule(days, 0, self.day_minutes * MINUTE_MS)
        lead_ms = from_zero.wall_ms(0, days.day(0).starts_ms[Segment.CONTINUOUS])
        began_ms = opened_ms + self.rested_ms + OPENING_MS - lead_ms
        return CompressedSchedule(days, began_ms, from_zero.day_ms)

    def first_exchange_ms(self, now_ms: int) -> int:
        """Return where its bars begin while none is stored (exchange time, UTC ms)."""
        if self.hours == Hours.COMPRESSED:
            return self.schedule().day(0).starts_ms[Segment.CONTINUOUS]
        return now_ms

    def history_days(self, exchange_ms: int, count: int) -> tuple[TradingDay, ...]:
        """Return `count` trading days before the day of an exchange time, and what it has begun."""
        if self.hours == Hours.ALWAYS:
            clock, number = RoundTheClock(), exchange_ms // DAY_MS
            days, today = clock.history_days(exchange_ms, count), clock.day(number)
        else:
            # Numbered from that date, because the first day of the schedule moves.
            calendar = _calendar(self.exchange, date_at(self._exchange, exchange_ms))
            days, today = calendar.before(0, count), calendar.day(0)
        has_begun = today.starts_ms[Segment.CONTINUOUS] < exchange_ms
        return (*days, today) if has_begun else days

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
    """Return a calendar, always the same object: it keeps the days that it has counted."""
    return Calendar(EXCHANGES[code], first)
