"""The rows of recordings: which files there are, and what is in them.

Must not write (services do). A part of feeds.models, which its feeds refer to.
"""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now

PATH_PATTERN = r"[a-z0-9_-]{1,60}(/[a-z0-9_-]{1,60})?\.parquet"
"""No dots but before the suffix, and no slash in front: such a path leads nowhere else."""


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
