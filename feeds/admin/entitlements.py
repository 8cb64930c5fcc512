"""The admin of entitlements: which groups see the restricted feeds, and with what delay.

Must not write rows or poke anybody: services do.
"""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from feeds.admin.concurrent_edits import ConcurrentForm
from feeds.admin.deletions import DeletionAdmin
from feeds.admin.operating import actor_of
from feeds.admin.state_marks import named_state
from feeds.models import Entitlement
from feeds.services.entitlements import delete_entitlement, save_entitlement


class EntitlementAdmin(DeletionAdmin):
    """Which groups see the restricted feeds, and with what delay."""

    form = ConcurrentForm
    list_display = ("group", "feed_state", "delay_minutes")
    list_filter = ("feed", "group")
    list_select_related = ("feed", "group")

    @admin.display(description="Feed", ordering="feed")
    def feed_state(self, entitlement: Entitlement) -> SafeString:
        """Return the feed with its state."""
        return named_state(entitlement.feed)

    def get_readonly_fields(
        self,
        request: HttpRequest,  # noqa: ARG002
        obj: Entitlement | None = None,
    ) -> tuple[str, ...]:
        """Keep feed and group of a row: with others it would be another entitlement."""
        return () if obj is None else ("feed", "group")

    def save_model(self, request: HttpRequest, obj: Entitlement, form: Any, change: bool) -> None:  # noqa: ARG002
        """Save through the service."""
        save_entitlement(obj, actor=actor_of(request))

    def delete_model(self, request: HttpRequest, obj: Entitlement) -> None:
        """Delete through the service."""
        delete_entitlement(obj, actor=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Entitlement]) -> None:
        """Delete each row through the service, all or none."""
        with transaction.atomic():
            for row in queryset.select_related("feed", "group"):
                self.delete_model(request, row)
