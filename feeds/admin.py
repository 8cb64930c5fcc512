"""The admin of the market: feeds and instruments, and which pages there are at all.

Must not write rows or poke anybody: services do. Called by Django's admin site.
"""

from typing import TYPE_CHECKING, Any, TypeAlias

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ActionForm
from django.db import transaction
from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import URLPattern, path

from feeds import services
from feeds.catalogues.pages import export_instruments, try_import
from feeds.clock import SystemClock
from feeds.events import FeedState
from feeds.interventions.admin import InterventionAdmin, ScenarioAdmin
from feeds.interventions.models import Intervention, Scenario
from feeds.models import AuditEntry, Entitlement, Feed, Halt, Instrument
from feeds.operating import FEED_COMMANDS, INSTRUMENT_COMMANDS, MarketAdmin, actor_of
from feeds.recordings.admin import RecordingAdmin
from feeds.recordings.models import Recording
from feeds.records import AuditEntryAdmin, HaltAdmin, RowAdmin
from feeds.sessions.phases import phase_of

if TYPE_CHECKING:
    RowFilter: TypeAlias = admin.SimpleListFilter
else:
    RowFilter = admin.SimpleListFilter

SPACE = "\u2003"
"""Django's template puts the fields of an action form side by side without any."""


class FeedActionForm(ActionForm):
    """What the actions on feeds take; each action checks its own."""

    rate = forms.CharField(
        required=False,
        label=f"{SPACE}Rate:",
        widget=forms.NumberInput(attrs={"min": "0.1", "step": "any"}),
    )
    reason = forms.CharField(required=False, label=f"{SPACE}Reason:")


class InstrumentActionForm(ActionForm):
    """What the actions on instruments take; each action checks its own."""

    reason = forms.CharField(required=False, label=f"{SPACE}Reason:")


@admin.register(Feed)
class FeedAdmin(MarketAdmin):
    """Feeds: made here, then run by those who may."""

    commands = FEED_COMMANDS
    operate_permission = "feeds.run_feed"
    action_form = FeedActionForm
    actions = ("start", "pause", "close", "rate")
    list_display = (
        "name",
        "slug",
        "state",
        "hours",
        "rate",
        "instrument_count",
        "is_restricted",
        "reason",
    )
    list_filter = ("state", "hours", "is_restricted")
    search_fields = ("name", "slug")
    fields = (
        "name",
        "slug",
        "seed",
        "rate",
        ("hours", "exchange", "day_minutes"),
        ("bands", "is_restricted"),
        "state",
        "reason",
        "opened_at",
        *services.PLAYED_FACTS,
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of the instruments' table."""
        guard = self.admin_site.admin_view
        export, load = guard(export_instruments), guard(try_import)
        return [
            path("<int:pk>/instruments/export/", export, name="feeds_feed_export"),
            path("<int:pk>/instruments/import/", load, name="feeds_feed_import"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Feed]:
        """Count the instruments."""
        rows: QuerySet[Feed] = super().get_queryset(request)
        return rows.annotate(instrument_count=Count("instruments"))

    def get_readonly_fields(self, request: HttpRequest, obj: Feed | None = None) -> tuple[str, ...]:
        """Leave to the commands what is theirs, and keep the key of a row."""
        if obj is not None:
            return ("slug", "rate", "state", "reason", "opened_at")
        return (
            "state",
            "reason",
            "opened_at",
            *(() if self.has_operate_permission(request) else ("rate",)),
        )

    def save_model(self, request: HttpRequest, obj: Feed, form: Any, change: bool) -> None:  # noqa: ARG002
        """Save through the service; a new feed waits to be started by somebody who may."""
        if not change:
            obj.state = FeedState.CLOSED.value
        services.save_feed(obj, actor=actor_of(request))

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
    def close(self, request: HttpRequest, queryset: QuerySet[Feed]) -> None:
        """End their trading session."""
        self.operate(request, "close", queryset)

    @admin.action(permissions=["operate"], description="Set the rate of selected feeds")
    def rate(self, request: HttpRequest, queryset: QuerySet[Feed]) -> None:
        """Set their rate."""
        self.operate(request, "rate", queryset)


@admin.register(Entitlement)
class EntitlementAdmin(RowAdmin):
    """Which groups see the restricted feeds, and how late."""

    list_display = ("group", "feed", "delay_minutes")
    list_filter = ("feed", "group")
    list_select_related = ("feed", "group")

    def get_readonly_fields(
        self,
        request: HttpRequest,  # noqa: ARG002
        obj: Entitlement | None = None,
    ) -> tuple[str, ...]:
        """Keep the key of a row: of another feed or group it is another entitlement."""
        return () if obj is None else ("feed", "group")

    def save_model(self, request: HttpRequest, obj: Entitlement, form: Any, change: bool) -> None:  # noqa: ARG002
        """Save through the service."""
        services.save_entitlement(obj, actor=actor_of(request))

    def delete_model(self, request: HttpRequest, obj: Entitlement) -> None:
        """Delete through the service."""
        services.delete_entitlement(obj, actor=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Entitlement]) -> None:
        """Delete each through the service, all or none."""
        with transaction.atomic():
            for row in queryset.select_related("feed", "group"):
                self.delete_model(request, row)


class PhaseFilter(RowFilter):
    """Halted or not."""

    title = "trading"
    parameter_name = "halted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the choices."""
        return [("yes", "Halted"), ("no", "Not halted")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Keep the chosen ones."""
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(halt_reason__isnull=self.value() == "no")


@admin.register(Instrument)
class InstrumentAdmin(MarketAdmin):
    """Instruments: what they are, and whether they trade."""

    commands = INSTRUMENT_COMMANDS
    operate_permission = "feeds.halt_instrument"
    action_form = InstrumentActionForm
    actions = ("halt", "resume")
    list_display = ("symbol", "phase", "name", "sector", "feed", "price", "step")
    list_filter = (PhaseFilter, "feed", "sector")
    list_select_related = ("feed",)
    search_fields = ("symbol", "name", "sector")
    fields = (
        "feed",
        "symbol",
        "phase",
        "name",
        "sector",
        "tick_size",
        "reference_price",
        "volatility",
        "activity",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Instrument]:
        """Add the reason of the open halt, null when there is none."""
        halt = Halt.objects.filter(instrument=OuterRef("pk"), ended_at=None).values("reason")[:1]
        rows: QuerySet[Instrument] = super().get_queryset(request)
        return rows.annotate(halt_reason=Subquery(halt))

    def get_readonly_fields(
        self,
        request: HttpRequest,  # noqa: ARG002
        obj: Instrument | None = None,
    ) -> tuple[str, ...]:
        """Keep the key of a row: another symbol or feed is another instrument."""
        return ("phase",) if obj is None else ("feed", "symbol", "phase")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse to end a halt by deleting and adding, for those who may not resume."""
        is_allowed = super().has_delete_permission(request, obj)
        if obj is None or self.has_operate_permission(request):
            return is_allowed
        return is_allowed and not obj.halts.filter(ended_at=None).exists()

    def save_model(self, request: HttpRequest, obj: Instrument, form: Any, change: bool) -> None:  # noqa: ARG002
        """Save through the service."""
        services.save_instrument(obj, actor=actor_of(request))

    @admin.display(description="Phase", ordering=F("halt_reason").asc(nulls_last=True))
    def phase(self, instrument: Any) -> str:
        """Return the phase, and why it is halted."""
        reason = getattr(instrument, "halt_reason", None)
        if instrument.feed_id is None:
            return "-"
        segment = instrument.feed.schedule().at(SystemClock().now_ms()).segment
        state = FeedState(instrument.feed.state)
        phase = phase_of(state, segment, is_halted=reason is not None)
        name = phase.replace("_", "-").capitalize()
        return name if reason is None else f"{name}: {reason}"

    @admin.display(description="Price", ordering="reference_price")
    def price(self, instrument: Instrument) -> str:
        """Return the reference price with the decimals of its grid."""
        decimals = instrument.definition().decimals
        return f"{instrument.reference_price:,.{decimals}f}"

    @admin.display(description="Tick", ordering="tick_size")
    def step(self, instrument: Instrument) -> str:
        """Return the tick size without the zeros of the column."""
        return f"{instrument.tick_size.normalize():f}"

    @admin.action(permissions=["operate"], description="Halt selected instruments")
    def halt(self, request: HttpRequest, queryset: QuerySet[Instrument]) -> None:
        """Halt them."""
        self.operate(request, "halt", queryset)

    @admin.action(permissions=["operate"], description="Resume selected instruments")
    def resume(self, request: HttpRequest, queryset: QuerySet[Instrument]) -> None:
        """Resume them."""
        self.operate(request, "resume", queryset)


admin.site.register(Recording, RecordingAdmin)
admin.site.register(Scenario, ScenarioAdmin)
admin.site.register(Intervention, InterventionAdmin)
admin.site.register(Halt, HaltAdmin)
admin.site.register(AuditEntry, AuditEntryAdmin)
