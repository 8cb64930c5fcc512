"""The rows of recordings: which files there are, what is in them, and how a feed plays one.

Must not write (services do). A part of feeds.models, which its feeds refer to.
"""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Now

from feeds.plan.plans import SPEEDS, FeedKind, Playback
from feeds.validators import refuse_nan

PATH_PATTERN = r"[a-z0-9_-]{1,60}(/[a-z0-9_-]{1,60})?\.parquet"
"""No dots but before the suffix, and no slash in front: such a path leads nowhere else."""
PREFIX_PATTERN = r"([A-Z][A-Z0-9]{0,5})?"


class Recording(models.Model):
    """A file of what happened on a feed, below the folder of recordings; made by services only."""

    name = models.CharField(max_length=80, unique=True)
    path = models.CharField(
        max_length=120,
        unique=True,
        validators=[
            RegexValidator(rf"\A{PATH_PATTERN}\Z", "A path below the folder, as a/b.parquet.")
        ],
        help_text="Below the folder of recordings.",
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
    """The part of a feed that says where its ticks come from."""

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
        help_text="What a replay plays.",
    )
    speed = models.FloatField(
        default=1.0,
        validators=[refuse_nan, MinValueValidator(SPEEDS[0]), MaxValueValidator(SPEEDS[1])],
        help_text="Of a replay: 1 is as fast as it was recorded.",
    )
    loops = models.BooleanField(default=False, help_text="A replay begins again at its end.")
    start_s = models.FloatField(
        "start",
        default=0.0,
        validators=[refuse_nan, MinValueValidator(0.0), MaxValueValidator(1e9)],
        help_text="Seconds into the recording at which a replay begins.",
    )
    prefix = models.CharField(
        max_length=6,
        blank=True,
        validators=[RegexValidator(rf"\A{PREFIX_PATTERN}\Z", "Capital letters and digits only.")],
        help_text="Of a replay: put before the symbols of the recording, as R in RNVX.",
    )

    class Meta:
        abstract = True

    def clean(self) -> None:
        """Refuse a replay of nothing, and one that begins after the end."""
        if self.kind != FeedKind.REPLAY:
            return
        if self.recording is None:
            raise ValidationError({"recording": "A replay needs a recording."})
        length_s = (self.recording.last_at - self.recording.first_at).total_seconds()
        if self.start_s and not 0 <= self.start_s < length_s:
            raise ValidationError({"start_s": f"The recording lasts {length_s:g} seconds."})

    def playback(self) -> Playback | None:
        """Return how its recording is played, None unless it is a replay."""
        if self.kind != FeedKind.REPLAY or self.recording is None:
            return None
        return Playback(
            path=self.recording.path,
            speed=self.speed,
            loops=self.loops,
            start_s=self.start_s,
            prefix=self.prefix,
        )
