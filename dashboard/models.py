"""The rows of people: lists, alerts, notifications and where they go, tokens, browsers; the cache.

Must not write (services do) or know sockets.
"""

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from feeds.market.delayed_keys import LONGEST_KEY
from feeds.market.symbols import LONGEST_SYMBOL
from feeds.models import Instrument


class Watchlist(models.Model):
    """A named list of symbols of one person; lists of lower rank come first.

    Whoever knows the `share_key` may see which symbols are on it.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watchlists"
    )
    name = models.CharField(max_length=40, default="Watchlist")
    rank = models.PositiveIntegerField(default=0)
    share_key = models.CharField(max_length=32, null=True, blank=True, unique=True)

    class Meta:
        ordering = ["rank", "id"]

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"


class WatchlistEntry(models.Model):
    """A line of a watchlist, an instrument or the title of a section; lower ranks come first."""

    watchlist = models.ForeignKey(Watchlist, on_delete=models.CASCADE, related_name="entries")
    instrument = models.ForeignKey(
        Instrument, on_delete=models.CASCADE, related_name="+", null=True, blank=True
    )
    section = models.CharField(max_length=40, blank=True, default="")
    rank = models.PositiveIntegerField()

    class Meta:
        ordering = ["rank", "id"]
        constraints = [
            models.UniqueConstraint(fields=["watchlist", "instrument"], name="symbol_watched_once"),
            models.UniqueConstraint(
                fields=["watchlist", "section"],
                condition=~models.Q(section=""),
                name="section_named_once",
            ),
            models.CheckConstraint(
                condition=models.Q(instrument__isnull=False, section="")
                | (models.Q(instrument__isnull=True) & ~models.Q(section="")),
                name="symbol_or_section",
            ),
        ]

    def __str__(self) -> str:
        return self.section if self.instrument is None else self.instrument.symbol


class ColumnChoice(models.Model):
    """The columns that a person wants in the table of prices, in order; without a row the usual."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="column_choice"
    )
    columns = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"columns of {self.user}"


class Preferences(models.Model):
    """The choices of a person for all pages, by name; usual values are left out."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="preferences"
    )
    values = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"preferences of {self.user}"


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
    symbol = models.CharField(
        max_length=LONGEST_SYMBOL, blank=True, default="", help_text="The instrument it is about."
    )
    created_at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        permissions = [("send_notification", "Can send a notification to people")]
        indexes = [models.Index(fields=["user", "-id"], name="notification_of_user")]

    def __str__(self) -> str:
        return self.title


class DestinationKind(models.TextChoices):
    """How a destination is reached."""

    WEBHOOK = "webhook"
    PUSH = "push"
    EMAIL = "email", "E-mail"


class DestinationState(models.TextChoices):
    """Whether a destination gets notifications; it failed when nothing arrived for long."""

    ACTIVE = "active"
    PAUSED = "paused"
    FAILED = "failed"


class Destination(models.Model):
    """Where the notifications of one person go besides the pages: a webhook, a browser or e-mail.

    What is sent is signed with `secret`, and until `former_until` with `former_secret` as well.
    A push is encrypted with `push_key` and `push_auth` of the browser (RFC 8291); the person is
    signed in there with `session_key`. E-mail goes to the address of the account, so `address` is
    empty. `only_warnings` leaves out what is less severe than a warning. Nothing is sent before
    `next_at`. `missed` counts what came while too much was waiting.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="destinations"
    )
    kind = models.CharField(max_length=7, choices=DestinationKind.choices)
    name = models.CharField(max_length=60)
    address = models.CharField(max_length=1000)
    secret = models.CharField(max_length=60, blank=True, editable=False)
    former_secret = models.CharField(max_length=60, blank=True, editable=False)
    former_until = models.DateTimeField(null=True, blank=True)
    push_key = models.CharField(max_length=100, blank=True, editable=False)
    push_auth = models.CharField(max_length=40, blank=True, editable=False)
    session_key = models.CharField(max_length=40, blank=True, editable=False, db_index=True)
    state = models.CharField(
        max_length=6, choices=DestinationState.choices, default=DestinationState.ACTIVE
    )
    failing_since = models.DateTimeField(null=True, blank=True)
    only_warnings = models.BooleanField(default=False)
    missed = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["address"], condition=models.Q(kind="push"), name="browser_pushed_once"
            ),
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(kind="email"), name="mailed_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DispatchState(models.TextChoices):
    """What became of a dispatch; withheld is what the person may no longer see."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given up"
    WITHHELD = "withheld"


class Dispatch(models.Model):
    """A notification on its way to one destination; without a notification it is a test.

    While it waits it is due at `next_at`. A process that takes it on first sets a later `next_at`.
    So if that process dies, the dispatch is only delayed. `attempts` counts how often it was taken.
    """

    destination = models.ForeignKey(
        Destination, on_delete=models.CASCADE, related_name="dispatches"
    )
    notification = models.ForeignKey(
        Notification, on_delete=models.CASCADE, related_name="+", null=True, blank=True
    )
    state = models.CharField(
        max_length=9, choices=DispatchState.choices, default=DispatchState.WAITING
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "dispatches"
        constraints = [
            models.UniqueConstraint(fields=["destination", "notification"], name="dispatched_once"),
        ]
        indexes = [
            models.Index(
                fields=["next_at"], condition=models.Q(state="waiting"), name="dispatch_due"
            ),
            models.Index(fields=["ended_at"], name="dispatch_ended"),
        ]

    def __str__(self) -> str:
        return f"dispatch {self.pk}"


class Alert(models.Model):
    """What one person wants to hear of: of an instrument, or of all that are on a watchlist.

    With neither, its list was deleted. `revision` grows with every change, over all alerts.
    `progress` is what the judge knows of it.
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
    watchlist = models.ForeignKey(
        Watchlist, on_delete=models.SET_NULL, related_name="+", null=True, blank=True
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
    symbol = models.CharField(
        max_length=LONGEST_KEY, help_text="The key on the tape, such as NVX~15."
    )
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
