"""The row of an instrument list that waits between its dry run and its application.

Must not write (services do).
"""

from django.conf import settings
from django.db import models


class PendingImport(models.Model):
    """A list of one person for one feed; a database is what all web processes share."""

    key = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    feed = models.ForeignKey("feeds.Feed", on_delete=models.CASCADE, related_name="+")
    text = models.TextField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of what the dry run showed.")
    made_at = models.DateTimeField(db_index=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["user", "feed"], name="one_import_per_user_and_feed"),
        ]

    def __str__(self) -> str:
        return f"import into {self.feed} of {self.user}"
