"""The rows of people: their watchlists, alerts, notifications, tokens and browsers; and the cache.

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


class Alert(models.Model):
    """What one person wants to be told of; without an instrument it is about the whole watchlist.

    `revision` grows with every change, over all alerts. `progress` is what the judge knows of it.
    """

    class State(models.TextChoices):
        """What becomes of an alert."""

        ACTIVE = "active"
        PAUSED = "paused"
        TRIGGERED = "triggered"
        EXPIRED = "expired"
        STOPPED = "stopped"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="alerts"
    )
    instrument = models.ForeignKey(
        Instrument, on_delete=models.CASCADE, related_name="+", null=True, blank=True
    )
    name = models.CharField(max_length=60, blank=True)
    conditions = models.JSONField(default=list)
    match = models.CharField(max_length=3, default="all")
    frequency = models.CharField(max_length=12, default="once")
    cooldown_s = models.PositiveIntegerField(default=0)
    hysteresis_percent = models.DecimalField(max_digits=5, decimal_places=3, default=0)
    state = models.CharField(max_length=9, choices=State.choices, default=State.ACTIVE)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    revision = models.BigIntegerField(db_index=True, editable=False)
    progress = models.JSONField(default=dict, editable=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name or f"alert {self.pk}"


class AlertFiring(models.Model):
    """An alert fired at a place on the tape, and for that place only once."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="firings")
    epoch = models.CharField(max_length=32)
    sequence = models.BigIntegerField()
    symbol = models.CharField(max_length=17, help_text="The key on the tape, such as NVX~15.")
    text = models.CharField(max_length=200)
    fired_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "epoch", "sequence"], name="alert_fires_once_for_a_place"
            ),
        ]

    def __str__(self) -> str:
        return self.text


class AlertBook(models.Model):
    """How far the alerts of everybody have come: one row.

    `revision` is that of the last change. Only the market of `epoch` may write; everything up to
    `sequence` is judged. `measures` is what a restart needs.
    """

    revision = models.BigIntegerField(default=0)
    epoch = models.CharField(max_length=32, blank=True)
    sequence = models.BigIntegerField(default=0)
    measures = models.BinaryField(default=bytes)

    def __str__(self) -> str:
        return f"alerts up to {self.epoch}:{self.sequence}"


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
