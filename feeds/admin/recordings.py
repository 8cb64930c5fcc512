"""The admin of recordings: a list of them; pages of their own make them from tables and play them.

Must not write rows: services do.
"""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from feeds.admin.operating import actor_of
from feeds.admin.read_only import RowAdmin
from feeds.admin.replays import play_recording
from feeds.admin.state_marks import named_state
from feeds.admin.table_imports import import_recording
from feeds.models import Recording
from feeds.services.recordings import delete_recording


class RecordingAdmin(RowAdmin):
    """Recordings: imported here, recorded on the page of a feed, played by feeds."""

    actions = None
    change_form_template = "admin/feeds/recording/change_form.html"
    list_display = (
        "name", "origin", "played_by", "events", "ticks", "first_at", "last_at", "made_at",
    )  # fmt: skip
    list_filter = ("origin",)
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recording]:
        """Read the feeds that play them, too."""
        rows: QuerySet[Recording] = super().get_queryset(request)
        return rows.prefetch_related("feeds")

    def get_urls(self) -> list[URLPattern]:
        """Add the page that plays a recording."""
        guard = self.admin_site.admin_view
        route = path("<int:pk>/play/", guard(play_recording), name="feeds_recording_play")
        return [route, *super().get_urls()]

    @admin.display(description="Played by")
    def played_by(self, recording: Recording) -> SafeString | str:
        """Return the feeds that play it, with their states."""
        marks = ((named_state(feed),) for feed in recording.feeds.all())
        return format_html_join(", ", "{}", marks) or "-"

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
