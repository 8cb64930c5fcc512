"""The rows of the audit: who did what to which row, when and why, and what each entry is about.

Must not be changed once they are written.
"""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class AuditEntry(models.Model):
    """Who did what to which row, when and why, with the values before and after; never edited."""

    at = models.DateTimeField(db_default=Now(), db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    actor_name = models.CharField(max_length=150, help_text="Kept when the account is deleted.")
    action = models.CharField(max_length=40)
    target = models.CharField(max_length=200)
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.actor_name} {self.action} {self.target}"


class AuditSubject(models.Model):
    """A row that an audit entry is about: `instrument NVX`, and its `feed demo`.

    Names, not references: the history outlives the rows.
    """

    entry = models.ForeignKey(AuditEntry, on_delete=models.CASCADE, related_name="subjects")
    name = models.CharField(max_length=200)

    class Meta:
        default_permissions = ()
        constraints = [
            # The name comes first, as pages ask for the entries of one row.
            models.UniqueConstraint(fields=["name", "entry"], name="one_subject_of_an_entry"),
        ]

    def __str__(self) -> str:
        return self.name
