"""The row of a closed bar, and of what a bar was before it was amended.

Must not write (services do).
"""

from django.db import models


class _BarValues(models.Model):
    """A bar of a minute or a day, in the exchange's time; prices in ticks of the instrument.

    `recorded_ms` is when it closed by our clock (UTC ms). People with a delay see it that much
    later. `revision` is how often it was amended since. A bar without
    trades is gone: all of its trades were cancelled.
    """

    interval = models.CharField(max_length=2, choices=[("1m", "1 minute"), ("1d", "1 day")])
    start_ms = models.BigIntegerField("start")
    open = models.BigIntegerField()
    high = models.BigIntegerField()
    low = models.BigIntegerField()
    close = models.BigIntegerField()
    volume = models.BigIntegerField()
    trades = models.PositiveIntegerField()
    recorded_ms = models.BigIntegerField("recorded")
    revision = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        abstract = True


class StoredBar(_BarValues):
    """A closed bar as it is now."""

    instrument = models.ForeignKey(
        "feeds.Instrument", on_delete=models.CASCADE, related_name="bars", db_index=False
    )

    class Meta:
        ordering = ["instrument", "interval", "start_ms"]
        constraints = [
            models.UniqueConstraint(
                fields=["instrument", "interval", "start_ms"], name="one_bar_of_an_interval"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.interval} {self.start_ms}"


class FormerBar(_BarValues):
    """What a stored bar was until `replaced_ms` (our clock, UTC ms).

    People with a delay see it until their delay after that. Then nobody needs it any more.
    """

    instrument = models.ForeignKey(
        "feeds.Instrument", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    replaced_ms = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(
                fields=["instrument", "interval", "replaced_ms"], name="former_bars_by_end"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.interval} {self.start_ms} until {self.replaced_ms}"
