"""The admin of scenarios, which people write, and of interventions, which nobody edits.

Must not write rows or poke anybody: services do.
"""

from typing import TYPE_CHECKING, Any, TypeAlias

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from feeds.admin.concurrent_edits import STEPS, ConcurrentForm
from feeds.admin.concurrent_lines import ConcurrentLines
from feeds.admin.deletions import DeletionAdmin
from feeds.admin.operating import actor_of
from feeds.admin.read_only import ReadOnlyAdmin
from feeds.admin.state_marks import named_state
from feeds.models import Intervention, Scenario, ScenarioStep
from feeds.services.interventions import delete_scenario, save_scenario

if TYPE_CHECKING:
    StepInline: TypeAlias = admin.TabularInline[ScenarioStep, Scenario]
else:
    StepInline = admin.TabularInline


class ScenarioStepForms(ConcurrentLines):
    """The forms of the steps. Each field has a name: in a table only its column has one."""

    fact = STEPS

    def add_fields(self, form: Any, index: int | None) -> None:
        """Name the fields for screen readers, the tick that deletes a step among them."""
        super().add_fields(form, index)
        for bound in form.visible_fields():
            bound.field.widget.attrs["aria-label"] = bound.label


class ScenarioStepInline(StepInline):
    """The steps of a scenario, each on a line."""

    model = ScenarioStep
    form = ConcurrentForm
    formset = ScenarioStepForms
    fields = ("offset_s", "kind", "size", "duration_s", "sector", "symbol")
    extra = 3

    def has_view_permission(self, request: HttpRequest, obj: Scenario | None = None) -> bool:  # noqa: ARG002
        """Steps need the permissions of their scenario."""
        return _may(request, "view", "add", "change")

    def has_add_permission(self, request: HttpRequest, obj: Scenario | None = None) -> bool:  # noqa: ARG002
        """Steps need the permissions of their scenario."""
        return _may(request, "add", "change")

    has_change_permission = has_delete_permission = has_add_permission


class ScenarioAdmin(DeletionAdmin):
    """Scenarios and their steps; the flight deck runs them."""

    form = ConcurrentForm
    cascades = (ScenarioStep,)
    inlines = (ScenarioStepInline,)
    list_display = ("name", "feed_state", "note", "step_count")
    list_filter = ("feed",)
    list_select_related = ("feed",)
    search_fields = ("name", "note")

    def save_model(self, request: HttpRequest, obj: Scenario, form: Any, change: bool) -> None:
        """Do nothing yet: the service saves a scenario together with its steps."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: ARG002
        """Save through the service; the lists set on the formset are what Django's log reads."""
        (steps,) = formsets
        deleted = steps.deleted_forms
        gone = [form.instance for form in deleted if form.instance.pk]
        # The empty lines below the steps are forms as well.
        kept = [row for row in steps.forms if row.has_changed() and row not in deleted]
        steps.new_objects = [row.instance for row in kept if not row.instance.pk]
        steps.changed_objects = [
            (row.instance, row.changed_data) for row in kept if row.instance.pk
        ]
        steps.deleted_objects = gone
        changed = [row.instance for row in kept]
        save_scenario(form.instance, changed, gone, actor=actor_of(request))

    def delete_model(self, request: HttpRequest, obj: Scenario) -> None:
        """Delete through the service."""
        delete_scenario(obj, actor=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Scenario]) -> None:
        """Delete each through the service, all or none."""
        with transaction.atomic():
            for row in queryset.select_related("feed"):
                self.delete_model(request, row)

    @admin.display(description="Feed", ordering="feed")
    def feed_state(self, scenario: Scenario) -> SafeString:
        """Return the feed with its state."""
        return named_state(scenario.feed)

    @admin.display(description="Steps")
    def step_count(self, scenario: Scenario) -> int:
        """Return the number of steps."""
        return scenario.steps.count()


class InterventionAdmin(ReadOnlyAdmin):
    """Interventions, past and planned."""

    list_display = (
        "summary",
        "feed_state",
        "starts_at",
        "ends_at",
        "made_by",
        "reason",
        "cancelled_at",
    )
    list_filter = ("feed", "kind", "starts_at")
    list_select_related = ("feed", "made_by")
    search_fields = ("reason", "symbol", "sector", "scenario")

    @admin.display(description="Feed", ordering="feed")
    def feed_state(self, intervention: Intervention) -> SafeString:
        """Return the feed with its state."""
        return named_state(intervention.feed)


def _may(request: HttpRequest, *verbs: str) -> bool:
    return any(request.user.has_perm(f"feeds.{verb}_scenario") for verb in verbs)
