"""The admin of recordings: a list of them; pages of their own make them from tables.

Must not write rows: services do.
"""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from feeds.admin.operating import actor_of
from feeds.admin.read_only import RowAdmin
from feeds.admin.table_imports import import_recording
from feeds.models import Recording
from feeds.services.recordings import delete_recording


class RecordingAdmin(RowAdmin):
    """Recordings: imported here, recorded on the page of a feed, played by feeds."""

    actions = None
    list_display = ("name", "origin", "events", "ticks", "first_at", "last_at", "made_at")
    list_filter = ("origin",)
    search_fields = ("name",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Let nobody change a recording: what happened does not change."""
        return False

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",  # noqa: ARG002
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> HttpResponse:
        """Show the pages of the import. No transaction is open while the table is read."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return import_recording(request)

    def delete_model(self, request: HttpRequest, obj: Recording) -> None:
        """Delete through the service."""
        delete_recording(obj, actor=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Recording]) -> None:
        """Delete each through the service."""
        for row in queryset:
            self.delete_model(request, row)
