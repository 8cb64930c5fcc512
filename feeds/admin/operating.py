"""What operators do to rows of the market: commands, their forms, and the buttons that run them.

Must not write rows or poke anybody: services do.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from feeds.admin.read_only import CascadingAdmin
from feeds.exceptions import InvalidTransition
from feeds.market.events import FeedState
from feeds.models import AuditEntry, Entitlement, Feed, Halt, Intervention, Scenario, ScenarioStep
from feeds.services.audit import target_of
from feeds.services.feeds import (
    close_feed,
    delete_feed,
    pause_feed,
    set_rate,
    start_feed,
    start_recording,
    step_feed,
    stop_recording,
)
from feeds.services.instruments import delete_instrument, halt_instrument, resume_instrument

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
        run=start_feed,
        is_offered=lambda feed: feed.state != FeedState.RUNNING,
    ),
    "pause": Command(
        label="Pause",
        done="Paused",
        run=pause_feed,
        is_offered=lambda feed: feed.state == FeedState.RUNNING,
    ),
    "step": Command(
        label="Step",
        done="Ran for a second",
        run=step_feed,
        is_offered=lambda feed: feed.state == FeedState.PAUSED,
    ),
    "close": Command(
        label="Close",
        done="Closed",
        run=close_feed,
        is_offered=lambda feed: feed.state != FeedState.CLOSED,
    ),
    "rate": Command(
        label="Set the rate",
        done="Set the rate",
        run=set_rate,
        is_offered=lambda feed: True,  # noqa: ARG005
        form=RateForm,
    ),
    "record": Command(
        label="Record",
        done="Recording",
        run=start_recording,
        is_offered=lambda feed: not feed.is_recorded,
    ),
    "keep": Command(
        label="Stop recording",
        done="Stopped recording",
        run=stop_recording,
        is_offered=lambda feed: feed.is_recorded,
    ),
}
INSTRUMENT_COMMANDS = {
    "halt": Command(
        label="Halt",
        done="Halted",
        run=halt_instrument,
        is_offered=lambda instrument: not instrument.halt_reason,
        form=HaltForm,
    ),
    "resume": Command(
        label="Resume",
        done="Resumed",
        run=resume_instrument,
        is_offered=lambda instrument: bool(instrument.halt_reason),
    ),
}


class MarketAdmin(CascadingAdmin):
    """Rows of the market that are also operated: by buttons, by actions, with one permission."""

    cascades = (Halt, Entitlement, Intervention, Scenario, ScenarioStep)
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
        target = target_of(row) if row else ""
        entries = AuditEntry.objects.filter(target=target)[:HISTORY_SHOWN]
        context = {"entries": entries, **(extra_context or {})}
        return super().history_view(request, object_id, context)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete through the service."""
        delete = delete_feed if isinstance(obj, Feed) else delete_instrument
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
