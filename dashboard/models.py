"""The rows of people: their watchlists, notifications, tokens and browsers; and the cache.

Must not write (services do) or know sockets.
"""

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models.functions import Now

from feeds.models import Instrument


class Watchlist(models.Model):
    """The symbols one person watches, in their order."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watchlist"
    )
    instruments = models.ManyToManyField(Instrument, through="WatchlistEntry")

    def __str__(self) -> str:
        return f"watchlist of {self.user}"


class WatchlistEntry(models.Model):
    """One symbol of a watchlist; lower ranks come first."""

    watchlist = models.ForeignKey(Watchlist, on_delete=models.CASCADE, related_name="entries")
    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="+")
    rank = models.PositiveIntegerField()

    class Meta:
        ordering = ["rank", "id"]
        constraints = [
            models.UniqueConstraint(fields=["watchlist", "instrument"], name="symbol_watched_once"),
        ]

    def __str__(self) -> str:
        return self.instrument.symbol


class Notification(models.Model):
    """A message to one person. It is a row before it is a frame, so it cannot get lost."""

    class Level(models.TextChoices):
        """How urgent a notification is."""

        INFO = "info"
        WARNING = "warning"
        CRITICAL = "critical"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications"
    )
    title = models.CharField(max_length=120)
    body = models.TextField(max_length=2000, blank=True, validators=[MaxLengthValidator(2000)])
    level = models.CharField(max_length=8, choices=Level.choices, default=Level.INFO)
    created_at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        permissions = [("send_notification", "Can send a notification to people")]
        indexes = [models.Index(fields=["user", "-id"], name="notification_of_user")]

    def __str__(self) -> str:
        return self.title


class ApiToken(models.Model):
    """A token that lets one person's programs in. The secret itself is stored nowhere."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(max_length=60)
    prefix = models.CharField(max_length=16, help_text="How the secret begins.")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list)
    password_mark = models.CharField(max_length=16, editable=False)
    created_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "API token"
        permissions = [("revoke_apitoken", "Can revoke the tokens of people")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class BrowserSession(models.Model):
    """A browser in which somebody is signed in; ends with the session of the same key."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="browser_sessions"
    )
    key = models.CharField(max_length=40, unique=True, editable=False)
    mark = models.CharField(max_length=16, editable=False)
    address = models.CharField(max_length=45)
    agent = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user} from {self.address}"


class CacheEntry(models.Model):
    """A value that all processes share for a while, such as the failed sign-ins of an address."""

    digest = models.CharField(max_length=64, primary_key=True, editable=False)
    value = models.JSONField(null=True)
    ends_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "cache entries"

    def __str__(self) -> str:
        return f"{self.digest[:8]}…"
