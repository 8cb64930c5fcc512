"""The row of an entitlement: which group sees a restricted feed, and with what delay.

Must not write (services do).
"""

from django.contrib.auth.models import Group
from django.core.validators import MaxValueValidator
from django.db import models

from feeds.market.delayed_keys import LONGEST_DELAY_MINUTES
from feeds.models.feeds import Feed


class Entitlement(models.Model):
    """Lets a group see a restricted feed, in real time or some minutes late."""

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="entitlements")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="entitlements")
    delay_minutes = models.PositiveSmallIntegerField(
        "delay",
        default=0,
        validators=[MaxValueValidator(LONGEST_DELAY_MINUTES)],
        help_text="Minutes; 0 is real time. Somebody with several entitlements has the shortest "
        "delay.",
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
