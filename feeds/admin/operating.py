"""The admin's pages of rows that are operated: buttons and actions that run commands, and history.

Must not write rows or poke anybody: services do.
"""

from collections.abc import Iterable
from typing import Any, ClassVar, Final, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_http_methods

from feeds.admin.commands import OperatorCommand
from feeds.admin.concurrent_edits import ConcurrentForm
from feeds.admin.deletions import DeletionAdmin
from feeds.admin.read_only import readable
from feeds.models import AuditEntry, Entitlement, Feed, Halt, Intervention, Scenario, ScenarioStep
from feeds.services.audit import target_of
from feeds.services.feeds import delete_feed
from feeds.services.instrument_lists import COLUMNS_TEXT
from feeds.services.instruments import delete_instrument

SPACE: Final = "\u2003"
"""Stands after each field: Django's template puts no space between those of an action form."""
HISTORY_SHOWN: Final = 200


class MarketAdmin(DeletionAdmin):
    """Rows of the market that are also operated, by buttons and actions with their permission."""

    form = ConcurrentForm
    cascades = (Halt, Entitlement, Intervention, Scenario, ScenarioStep)
    change_form_template = "admin/feeds/change_form.html"
    object_history_template = "admin/feeds/object_history.html"
    commands: ClassVar[dict[str, OperatorCommand]] = {}

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Say whether this person may use the commands. Django asks it for the actions by name."""
        permissions = {command.permission for command in self.commands.values()}
        return any(map(request.user.has_perm, permissions))

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

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def operate_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Carry out a command on a row and return to its page; by GET, only show that page.

        A browser may GET the address: by reloading, from its history, or after a sign-in.
        """
        if not self.has_operate_permission(request):
            raise PermissionDenied
        if name not in self.commands:
            raise Http404
        row = get_object_or_404(self.get_queryset(request), pk=pk)
        if request.method == "POST":
            self.operate(request, name, [row])
        return HttpResponseRedirect(self._address("change", pk))

    def operate(self, request: HttpRequest, name: str, rows: Iterable[Any]) -> None:
        """Carry out a command on rows, and say what was done and what was not."""
        command = self.commands[name]
        if not request.user.has_perm(command.permission):
            raise PermissionDenied
        answer = command.perform(rows, request.POST, actor=actor_of(request))
        if answer.done:
            messages.success(request, answer.done)
        if answer.not_done:
            tell = messages.warning if answer.done else messages.error
            tell(request, answer.not_done)

    def confirm(self, request: HttpRequest, name: str, rows: QuerySet[Any]) -> HttpResponse | None:
        """Show what a command ends; carry it out on the rows when somebody confirms."""
        if "confirmed" in request.POST:
            self.operate(request, name, rows)
            return None
        command = self.commands[name]
        context = {
            **self.admin_site.each_context(request),
            "title": command.label,
            "opts": self.opts,
            "command": command,
            "action": name,
            "rows": rows,
            "reason": request.POST.get("reason", ""),
        }
        return TemplateResponse(request, "admin/feeds/confirm_command.html", context)

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
        context = {
            "panels": panels,
            "columns_text": COLUMNS_TEXT,
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the audit entries that are about the row."""
        row = self.get_object(request, object_id)
        target = target_of(row) if row else ""
        # Not by `target`: an entry about an instrument is one about its feed as well.
        found = AuditEntry.objects.filter(subjects__name=target)[:HISTORY_SHOWN]
        entries = [
            (entry, readable(entry.before).items(), readable(entry.after).items())
            for entry in found
        ]
        context = {"entries": entries, "target": target, **(extra_context or {})}
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
        """Return a form for each kind of input, with the buttons that take it.

        A command with a warning has a form of its own, after the others.
        """
        panels: dict[tuple[type[forms.Form], str], dict[str, Any]] = {}
        for name, command in self.commands.items():
            if command.is_offered(row):
                form = command.form(
                    initial={"rate": getattr(row, "rate", None)}, auto_id=f"{name}_%s"
                )
                panel = panels.setdefault(
                    (command.form, command.warning),
                    {"form": form, "warning": command.warning, "buttons": []},
                )
                address = self._address("operate", row.pk, name)
                button = {"label": command.label, "address": address, "is_main": command.is_main}
                panel["buttons"].append(button)
        return sorted(panels.values(), key=lambda panel: bool(panel["warning"]))

    def _address(self, page: str, *args: object) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=args)


def actor_of(request: HttpRequest) -> User:
    """Return who asks; the admin lets nobody in without an account."""
    return cast(User, request.user)
