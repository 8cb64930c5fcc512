"""The row of a day that the realism certificate rests on.

Must not write (services do), or know what the bytes mean.
"""

from django.db import models


class RealismDay(models.Model):
    """The trades of a feed on one day of its exchange; `day` counts days since 1970."""

    feed = models.ForeignKey(
        "feeds.Feed", on_delete=models.CASCADE, related_name="realism_days", db_index=False
    )
    day = models.IntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["feed", "day"], name="one_realism_day_of_a_feed"),
        ]

    def __str__(self) -> str:
        return f"{self.feed_id} {self.day}"
