"""The admin of feeds: pages to add and change them, with buttons to operate them.

Must not write rows or poke anybody: services do.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ActionForm
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from feeds.admin.commands import FEED_COMMANDS
from feeds.admin.instrument_lists import export_instruments, import_instruments
from feeds.admin.operating import SPACE, MarketAdmin, actor_of
from feeds.admin.state_marks import live_figure, state_mark
from feeds.market.events import FeedState
from feeds.models import Feed
from feeds.models.feeds import Hours
from feeds.plan.calendars import EXCHANGES
from feeds.plan.schedules import usual_day
from feeds.services.feeds import save_feed

TRADING_HOURS: Final = ("hours", "exchange", "day_minutes")
REPLAY: Final = ("recording", "speed", "loops", "start_s", "prefix")
NOW: Final = "Now"
"""The title of the fields that say what a feed does at present."""
BAND_S: Final = 300
"""The time in which a price band allows its percentage, in seconds of the exchange."""


class FeedActionForm(ActionForm):
    """The inputs of the actions on feeds; each action checks its own."""

    rate = forms.CharField(
        required=False,
        label=f"{SPACE}Rate:",
        widget=forms.NumberInput(attrs={"min": "0.1", "step": "any"}),
    )
    reason = forms.CharField(required=False, label=f"{SPACE}Reason:")


class FeedAdmin(MarketAdmin):
    """Feeds, with buttons for those who may operate them."""

    commands = FEED_COMMANDS
    change_list_template = "admin/feeds/feed/change_list.html"
    action_form = FeedActionForm
    actions = ("start", "pause", "close", "rate")
    list_display = (
        "name",
        "state_now",
        "ticks_now",
        "last_tick",
        "rate",
        "instrument_count",
        "hours",
        "is_restricted",
        "reason",
    )
    list_filter = ("state", "hours", "is_restricted")
    search_fields = ("name", "slug")
    fieldsets = (
        (None, {"fields": ("name", "slug", "is_restricted")}),
        (NOW, {"fields": ("state", "reason", "opened_at")}),
        ("Where the ticks come from", {"fields": ("kind",)}),
        ("A simulated market", {"fields": ("seed", "rate", TRADING_HOURS, "bands")}),
        ("A replay", {"fields": REPLAY, "description": "These count for replays only."}),
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of the instrument list."""
        guard = self.admin_site.admin_view
        export, load = guard(export_instruments), guard(import_instruments)
        return [
            path("<int:pk>/instruments/export/", export, name="feeds_feed_export"),
            path("<int:pk>/instruments/import/", load, name="feeds_feed_import"),
            *super().get_urls(),
        ]

    def get_fieldsets(self, request: HttpRequest, obj: Feed | None = None) -> Any:
        """Leave out the present state of a feed that is not saved yet: it will be closed."""
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if obj else [part for part in fieldsets if part[0] != NOW]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Feed]:
        """Count the instruments."""
        rows: QuerySet[Feed] = super().get_queryset(request)
        return rows.annotate(instrument_count=Count("instruments"))

    def get_readonly_fields(self, request: HttpRequest, obj: Feed | None = None) -> tuple[str, ...]:
        """Leave to the commands what only they change, and keep the key of a row."""
        if obj is not None:
            return ("slug", "rate", "state", "reason", "opened_at")
        return (
            "state",
            "reason",
            "opened_at",
            *(() if self.has_operate_permission(request) else ("rate",)),
        )

    def get_prepopulated_fields(
        self,
        request: HttpRequest,  # noqa: ARG002
        obj: Feed | None = None,
    ) -> dict[str, Sequence[str]]:
        """Derive the short name of a new feed from its name."""
        return {} if obj else {"slug": ("name",)}

    def get_form(
        self, request: HttpRequest, obj: Feed | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Say how long the time of the price bands is at the clock of this feed."""
        form = super().get_form(request, obj, change, **kwargs)
        if "bands" in form.base_fields:
            note = _clock_note(obj) if obj else _proposed_clock_note(request)
            form.base_fields["bands"].help_text += note
        return form

    def save_model(self, request: HttpRequest, obj: Feed, form: Any, change: bool) -> None:  # noqa: ARG002
        """Save through the service; a new feed stays closed until an operator starts it."""
        if not change:
            # Somebody who may add feeds need not have the permission to run them.
            obj.state = FeedState.CLOSED.value
        save_feed(obj, actor=actor_of(request))

    @admin.display(description="State", ordering="state")
    def state_now(self, feed: Feed) -> SafeString:
        """Return the state with its mark."""
        return state_mark(feed)

    @admin.display(description="Ticks/s now")
    def ticks_now(self, feed: Feed) -> SafeString:
        """Return the place of the rate and its picture."""
        return live_figure(feed, "rate")

    @admin.display(description="Last tick")
    def last_tick(self, feed: Feed) -> SafeString:
        """Return the place of the age of the last tick and its picture."""
        return live_figure(feed, "age")

    @admin.display(description="Instruments", ordering="instrument_count")
    def instrument_count(self, feed: Any) -> int:
        """Return the number of instruments."""
        return int(feed.instrument_count)

    @admin.action(permissions=["operate"], description="Start selected feeds")
    def start(self, request: HttpRequest, queryset: QuerySet[Feed]) -> None:
        """Run them."""
        self.operate(request, "start", queryset)

    @admin.action(permissions=["operate"], description="Pause selected feeds")
    def pause(self, request: HttpRequest, queryset: QuerySet[Feed]) -> None:
        """Pause them."""
        self.operate(request, "pause", queryset)

    @admin.action(permissions=["operate"], description="Close selected feeds (ends the session)")
    def close(self, request: HttpRequest, queryset: QuerySet[Feed]) -> HttpResponse | None:
        """End their trading session, after a confirmation."""
        return self.confirm(request, "close", queryset)

    @admin.action(permissions=["operate"], description="Set the rate of selected feeds")
    def rate(self, request: HttpRequest, queryset: QuerySet[Feed]) -> None:
        """Set their rate."""
        self.operate(request, "rate", queryset)


def _clock_note(feed: Feed) -> str:
    """Return how long five minutes of the exchange take, if its clock is not ours."""
    scale = _scale(feed)
    if scale == 1:
        return ""
    return f" Five minutes of this exchange take {BAND_S / scale:.3g} seconds of ours."


def _proposed_clock_note(request: HttpRequest) -> str:
    """Return how long five minutes take with the hours in the form of a new feed, and with others.

    The page has no script for it, so the sentence stays true when somebody changes the hours.
    """
    feed = _proposed(request)
    if feed.hours != Hours.COMPRESSED:
        feed.hours, feed.day_minutes = Hours.COMPRESSED, Feed().day_minutes
    return (
        f" With compressed days of {feed.day_minutes} minutes of {EXCHANGES[feed.exchange].name},"
        f" five minutes of the exchange take {BAND_S / _scale(feed):.3g} seconds of ours; twice as"
        " many minutes per day take twice as long. With other hours they are five minutes of ours."
    )


def _proposed(request: HttpRequest) -> Feed:
    """Return a feed with the hours that the form shows: those sent, or else the defaults."""
    given, feed = request.POST or request.GET, Feed()
    for name in TRADING_HOURS:
        if name in given:
            field: Any = Feed._meta.get_field(name)
            with suppress(ValidationError):
                setattr(feed, name, field.clean(given[name], feed))
    return feed


def _scale(feed: Feed) -> float:
    """Return how many times as fast as ours the clock of a feed runs on a usual day."""
    schedule = feed.schedule()
    return schedule.scale(usual_day(schedule))
