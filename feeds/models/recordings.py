"""The rows of recordings: which files there are, what they hold, and how a feed plays them.

Must not write (services do).
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Now

from feeds.market.symbols import read_symbol
from feeds.plan.plans import SPEEDS, FeedKind, Playback
from feeds.validators import refuse_nan

PATH_PATTERN = r"[a-z0-9_-]{1,60}(/[a-z0-9_-]{1,60})?\.parquet"
"""The only dot is that of the suffix and no slash is in front: the path cannot leave the folder."""
PREFIX_PATTERN = r"([A-Z][A-Z0-9]{0,5})?"


class Recording(models.Model):
    """A file of what happened on a feed, below the folder of recordings."""

    name = models.CharField(max_length=80, unique=True)
    path = models.CharField(
        max_length=120,
        unique=True,
        validators=[
            RegexValidator(
                rf"\A{PATH_PATTERN}\Z", "Enter a path below the folder, such as a/b.parquet."
            )
        ],
        help_text="Path below the folder of recordings.",
    )
    origin = models.CharField(
        max_length=8, choices=[("recorded", "Recorded"), ("imported", "Imported")]
    )
    events = models.PositiveBigIntegerField()
    ticks = models.PositiveBigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of its events.")
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Played(models.Model):
    """The fields of a feed that say where its ticks come from."""

    kind = models.CharField(
        max_length=10,
        choices=[(kind.value, kind.value.title()) for kind in FeedKind],
        default=FeedKind.SIMULATED.value,
        help_text="Where the ticks come from.",
    )
    recording = models.ForeignKey(
        Recording,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="feeds",
        help_text="The recording that a replay plays.",
    )
    speed = models.FloatField(
        default=1.0,
        validators=[refuse_nan, MinValueValidator(SPEEDS[0]), MaxValueValidator(SPEEDS[1])],
        help_text="For a replay: 1 is the recorded speed.",
    )
    loops = models.BooleanField(default=False, help_text="For a replay: begin again at the end.")
    start_s = models.FloatField(
        "start",
        default=0.0,
        validators=[refuse_nan, MinValueValidator(0.0), MaxValueValidator(1e9)],
        help_text="For a replay: seconds into the recording at which it begins.",
    )
    prefix = models.CharField(
        max_length=6,
        blank=True,
        validators=[RegexValidator(rf"\A{PREFIX_PATTERN}\Z", "Capital letters and digits only.")],
        help_text="For a replay: put before each symbol of the recording; R makes NVX RNVX.",
    )

    class Meta:
        abstract = True

    def clean_fields(self, exclude: Any = None) -> None:
        """Check each field; the prefix is read as people type it."""
        self.prefix = read_symbol(self.prefix)
        super().clean_fields(exclude)

    def clean(self) -> None:
        """Refuse a replay without a recording, or with a start after the end."""
        if self.kind != FeedKind.REPLAY:
            return
        if self.recording is None:
            raise ValidationError({"recording": "A replay needs a recording."})
        length_s = (self.recording.last_at - self.recording.first_at).total_seconds()
        if self.start_s and not 0 <= self.start_s < length_s:
            raise ValidationError({"start_s": f"The recording lasts {length_s:g} seconds."})

    def playback(self) -> Playback | None:
        """Return how its recording is played, None if it is no replay."""
        if self.kind != FeedKind.REPLAY or self.recording is None:
            return None
        return Playback(
            path=self.recording.path,
            speed=self.speed,
            loops=self.loops,
            start_s=self.start_s,
            prefix=self.prefix,
        )
