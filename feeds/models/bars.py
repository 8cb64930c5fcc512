"""The row of a closed bar.

Must not write (services do).
"""

from django.db import models


class StoredBar(models.Model):
    """A bar of a minute or a day, in the exchange's time; prices in ticks of the instrument.

    `recorded_ms` is when it closed by our clock (UTC ms). People with a delay see it that much
    later. `revision` is how often it was amended since. Without trades it is a bar no more: all of
    its trades were cancelled.
    """

    instrument = models.ForeignKey(
        "feeds.Instrument", on_delete=models.CASCADE, related_name="bars", db_index=False
    )
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
        ordering = ["instrument", "interval", "start_ms"]
        constraints = [
            models.UniqueConstraint(
                fields=["instrument", "interval", "start_ms"], name="one_bar_of_an_interval"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.interval} {self.start_ms}"
