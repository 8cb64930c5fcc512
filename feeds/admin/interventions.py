"""The admin of scenarios, which people make, and of interventions, which nobody edits.

Must not write rows or poke anybody: services do.
"""

from typing import TYPE_CHECKING, Any, TypeAlias

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from feeds.admin.operating import actor_of
from feeds.admin.read_only import CascadingAdmin, ReadOnlyAdmin
from feeds.models import Scenario, ScenarioStep
from feeds.services.interventions import delete_scenario, save_scenario

if TYPE_CHECKING:
    StepInline: TypeAlias = admin.TabularInline[ScenarioStep, Scenario]
else:
    StepInline = admin.TabularInline


class ScenarioStepInline(StepInline):
    """The steps, one a line."""

    model = ScenarioStep
    fields = ("offset_s", "kind", "size", "duration_s", "sector", "symbol")
    extra = 3

    def has_view_permission(self, request: HttpRequest, obj: Scenario | None = None) -> bool:  # noqa: ARG002
        """Let those see steps who see scenarios."""
        return _may(request, "view", "add", "change")

    def has_add_permission(self, request: HttpRequest, obj: Scenario | None = None) -> bool:  # noqa: ARG002
        """Let those write steps who write scenarios."""
        return _may(request, "add", "change")

    has_change_permission = has_delete_permission = has_add_permission


class ScenarioAdmin(CascadingAdmin):
    """What is done to a feed in steps; the flight deck runs it."""

    cascades = (ScenarioStep,)
    inlines = (ScenarioStepInline,)
    list_display = ("name", "feed", "note", "step_count")
    list_filter = ("feed",)
    list_select_related = ("feed",)
    search_fields = ("name", "note")

    def save_model(self, request: HttpRequest, obj: Scenario, form: Any, change: bool) -> None:
        """Wait for the steps: the service saves both together."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: ARG002
        """Save through the service; tell Django's history what was done."""
        (steps,) = formsets
        gone = [one.instance for one in steps.deleted_forms if one.instance.pk]
        kept = [one for one in steps.forms if one.has_changed() and one not in steps.deleted_forms]
        steps.new_objects = [one.instance for one in kept if not one.instance.pk]
        steps.changed_objects = [
            (one.instance, one.changed_data) for one in kept if one.instance.pk
        ]
        steps.deleted_objects = gone
        changed = [one.instance for one in kept]
        save_scenario(form.instance, changed, gone, actor=actor_of(request))

    def delete_model(self, request: HttpRequest, obj: Scenario) -> None:
        """Delete through the service."""
        delete_scenario(obj, actor=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Scenario]) -> None:
        """Delete each through the service, all or none."""
        with transaction.atomic():
            for row in queryset.select_related("feed"):
                self.delete_model(request, row)

    @admin.display(description="Steps")
    def step_count(self, scenario: Scenario) -> int:
        """Return how many steps it has."""
        return scenario.steps.count()


class InterventionAdmin(ReadOnlyAdmin):
    """What was done to the market, and what is to come."""

    list_display = ("summary", "feed", "starts_at", "ends_at", "made_by", "reason", "cancelled_at")
    list_filter = ("feed", "kind", "starts_at")
    list_select_related = ("feed", "made_by")
    search_fields = ("reason", "symbol", "sector", "scenario")


def _may(request: HttpRequest, *verbs: str) -> bool:
    return any(request.user.has_perm(f"feeds.{verb}_scenario") for verb in verbs)
