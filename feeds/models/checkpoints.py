"""The row that keeps the state of the market for its next life.

Must not write (services do), or know what the bytes mean.
"""

from django.db import models


class MarketCheckpoint(models.Model):
    """The newest state of the market; there is one row, with the primary key 1.

    `epoch` is that of the market that may write it: an earlier market that still runs has another
    epoch and cannot overwrite it. `saved_ms` is when it was taken (UTC ms), 0 before the first.
    """

    epoch = models.CharField(max_length=32)
    saved_ms = models.BigIntegerField(default=0)
    content = models.BinaryField(default=b"")

    def __str__(self) -> str:
        return f"market {self.epoch} at {self.saved_ms}"
