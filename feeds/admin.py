"""The admin of the market: forms and buttons over services, which alone write.

Must not write rows or poke anybody. Called by Django's admin site.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, F, Model, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST

from feeds import services
from feeds.events import FeedState
from feeds.exceptions import InvalidTransition
from feeds.models import AuditEntry, Feed, Halt, Instrument
from feeds.sessions import phase_of

if TYPE_CHECKING:
    RowAdmin: TypeAlias = admin.ModelAdmin[Any]
    RowFilter: TypeAlias = admin.SimpleListFilter
else:
    RowAdmin, RowFilter = admin.ModelAdmin, admin.SimpleListFilter

SPACE = "\u2003"
"""Django's template puts the fields of an action form side by side without any."""
NAMES_SHOWN = 5
"""A message about more rows than this counts the rest."""
HISTORY_SHOWN = 200


class ReasonForm(forms.Form):
    """Why; everybody may read it."""

    reason = forms.CharField(max_length=200, required=False)


class HaltForm(forms.Form):
    """Why, which a halt must say."""

    reason = forms.CharField(
        max_length=200, error_messages={"required": "A halt needs a reason; everyone will read it."}
    )


class RateForm(forms.Form):
    """How fast, within the limits of the model, and why."""

    rate = forms.FloatField(
        label="Ticks per second", validators=Feed._meta.get_field("rate").validators
    )
    reason = forms.CharField(max_length=200, required=False)


@dataclass(frozen=True, kw_only=True)
class Command:
    """Something an operator does to a row: a service, which returns False for a no-op."""

    label: str
    done: str
    run: Callable[..., bool | None]
    is_offered: Callable[[Any], bool]
    form: type[forms.Form] = ReasonForm


FEED_COMMANDS = {
    "start": Command(
        label="Start",
        done="Started",
        run=services.start_feed,
        is_offered=lambda feed: feed.state != FeedState.RUNNING,
    ),
    "pause": Command(
        label="Pause",
        done="Paused",
        run=services.pause_feed,
        is_offered=lambda feed: feed.state == FeedState.RUNNING,
    ),
    "close": Command(
        label="Close",
        done="Closed",
        run=services.close_feed,
        is_offered=lambda feed: feed.state != FeedState.CLOSED,
    ),
    "rate": Command(
        label="Set the rate",
        done="Set the rate",
        run=services.set_rate,
        is_offered=lambda feed: True,  # noqa: ARG005
        form=RateForm,
    ),
}
INSTRUMENT_COMMANDS = {
    "halt": Command(
        label="Halt",
        done="Halted",
        run=services.halt_instrument,
        is_offered=lambda instrument: not instrument.halt_reason,
        form=HaltForm,
    ),
    "resume": Command(
        label="Resume",
        done="Resumed",
        run=services.resume_instrument,
        is_offered=lambda instrument: bool(instrument.halt_reason),
    ),
}


class ReadOnlyAdmin(RowAdmin):
    """Rows that nobody edits by hand, superusers included."""

    actions = None

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Refuse."""
        return False


class CascadingAdmin(RowAdmin):
    """Let read-only rows go with the row they belong to, which Django's admin would refuse."""

    cascades: ClassVar[tuple[type[Model], ...]] = ()

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[Any, Any], set[Any], list[Any]]:
        """Ask no permission for rows that nobody deletes by hand."""
        rows, counts, needed, protected = super().get_deleted_objects(objs, request)
        ours = {model._meta.verbose_name for model in self.cascades}
        return rows, counts, needed - ours, protected


class MarketAdmin(CascadingAdmin):
    """Rows of the market that are also operated: by buttons, by actions, with one permission."""

    cascades = (Halt,)
    change_form_template = "admin/feeds/change_form.html"
    object_history_template = "admin/feeds/object_history.html"
    commands: ClassVar[dict[str, Command]] = {}
    operate_permission: ClassVar[str] = ""

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Say whether this person may use the commands; Django asks for the actions, too."""
        return bool(request.user.has_perm(self.operate_permission))

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let those who operate rows see them."""
        return super().has_view_permission(request, obj) or self.has_operate_permission(request)

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the commands."""
        route = path(
            "<int:pk>/operate/<slug:name>/",
            self.admin_site.admin_view(self.operate_view),
            name=f"{self.opts.app_label}_{self.opts.model_name}_operate",
        )
        return [route, *super().get_urls()]

    @method_decorator(require_POST)
    def operate_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Do one command to one row and return to its page."""
        if not self.has_operate_permission(request):
            raise PermissionDenied
        if name not in self.commands:
            raise Http404
        row = get_object_or_404(self.get_queryset(request), pk=pk)
        self.operate(request, name, [row])
        return HttpResponseRedirect(self._address("change", pk))

    def operate(self, request: HttpRequest, name: str, rows: Iterable[Any]) -> None:
        """Do a command to rows, and tell what was done, what was so already and what is wrong."""
        command = self.commands[name]
        form = command.form(request.POST)
        if not form.is_valid():
            for field, errors in form.errors.items():
                messages.error(request, f"{form[field].label}: {' '.join(map(str, errors))}")
            return
        done, refused = _run(command, rows, form.cleaned_data | {"actor": actor_of(request)})
        if done:
            messages.success(request, f"{command.done}: {_list(done)}.")
        if refused:
            messages.warning(request, f"Nothing to do: {_list(refused)}.")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the buttons of the commands above the form."""
        row = self.get_object(request, object_id)
        panels = self._panels(row) if row and self.has_operate_permission(request) else []
        context = {"panels": panels, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the audit entries of the row."""
        row = self.get_object(request, object_id)
        target = services.target_of(row) if row else ""
        entries = AuditEntry.objects.filter(target=target)[:HISTORY_SHOWN]
        context = {"entries": entries, **(extra_context or {})}
        return super().history_view(request, object_id, context)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete through the service."""
        delete = services.delete_feed if isinstance(obj, Feed) else services.delete_instrument
        delete(obj, actor=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete each through the service, all or none."""
        with transaction.atomic():
            for row in queryset:
                self.delete_model(request, row)

    def _panels(self, row: Any) -> list[dict[str, Any]]:
        """Return one form per kind of input, with the buttons that take it."""
        panels: dict[type[forms.Form], dict[str, Any]] = {}
        for name, command in self.commands.items():
            if command.is_offered(row):
                form = command.form(
                    initial={"rate": getattr(row, "rate", None)}, auto_id=f"{name}_%s"
                )
                panel = panels.setdefault(command.form, {"form": form, "buttons": []})
                address = self._address("operate", row.pk, name)
                panel["buttons"].append({"label": command.label, "address": address})
        return list(panels.values())

    def _address(self, page: str, *args: object) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=args)


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
    list_display = ("name", "slug", "state", "rate", "instrument_count", "reason")
    list_filter = ("state",)
    search_fields = ("name", "slug")
    fields = ("name", "slug", "seed", "rate", "state", "reason")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Feed]:
        """Count the instruments."""
        rows: QuerySet[Feed] = super().get_queryset(request)
        return rows.annotate(instrument_count=Count("instruments"))

    def get_readonly_fields(self, request: HttpRequest, obj: Feed | None = None) -> tuple[str, ...]:
        """Leave to the commands what is theirs, and keep the key of a row."""
        if obj is not None:
            return ("slug", "rate", "state", "reason")
        return ("state", "reason", *(() if self.has_operate_permission(request) else ("rate",)))

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
        phase = phase_of(FeedState(instrument.feed.state), halted=reason is not None)
        return phase.title() if reason is None else f"{phase.title()}: {reason}"

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


@admin.register(Halt)
class HaltAdmin(ReadOnlyAdmin):
    """When instruments did not trade, by whose hand and why."""

    list_display = ("instrument", "reason", "started_at", "started_by", "ended_at", "ended_by")
    list_filter = (("ended_at", admin.EmptyFieldListFilter), "started_at")
    list_select_related = ("instrument", "started_by", "ended_by")
    search_fields = ("instrument__symbol", "reason")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what, when and why."""

    list_display = ("time", "actor_name", "action", "target", "changes", "reason")
    list_filter = ("action", "at")
    search_fields = ("actor_name", "target", "reason")
    date_hierarchy = "at"

    @admin.display(description="Time (UTC)", ordering="at")
    def time(self, entry: AuditEntry) -> str:
        """Return it to the second."""
        return f"{entry.at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="Changes")
    def changes(self, entry: AuditEntry) -> str:
        """Return each field as `name: before → after`."""
        names = dict.fromkeys([*entry.before, *entry.after])
        lines = ((name, entry.before.get(name, ""), entry.after.get(name, "")) for name in names)
        return format_html_join(mark_safe("<br>"), "{}: {} \u2192 {}", lines)


def actor_of(request: HttpRequest) -> User:
    """Return who asks; the admin lets nobody in without an account."""
    return cast(User, request.user)


def _run(
    command: Command, rows: Iterable[Any], inputs: dict[str, Any]
) -> tuple[list[str], list[str]]:
    """Return the rows that changed, and why the others did not; all in one transaction."""
    done: list[str] = []
    refused: list[str] = []
    with transaction.atomic():
        for row in rows:
            try:
                is_changed = command.run(row, **inputs) is not False
            except InvalidTransition as error:
                refused.append(str(error))
            else:
                if is_changed:
                    done.append(str(row))
                else:
                    refused.append(f"{row} needs no change")
    return done, refused


def _list(names: list[str]) -> str:
    rest = len(names) - NAMES_SHOWN
    shown = ", ".join(names[:NAMES_SHOWN])
    return f"{shown} and {rest} more" if rest > 0 else shown
