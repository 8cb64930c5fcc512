"""The admin of rows that nobody edits, such as halts and audit entries.

Must not write rows or register anything.
"""

from typing import TYPE_CHECKING, Any, TypeAlias

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from feeds.admin.state_marks import named_state
from feeds.models import AuditEntry, Halt

if TYPE_CHECKING:
    RowAdmin: TypeAlias = admin.ModelAdmin[Any]
else:
    RowAdmin = admin.ModelAdmin


class ReadOnlyAdmin(RowAdmin):
    """Rows that nobody edits by hand, superusers included."""

    actions: Any = None

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Let nobody add a row, superusers included."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Let nobody change a row, superusers included."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Let nobody delete a row, superusers included."""
        return False


class HaltAdmin(ReadOnlyAdmin):
    """When instruments did not trade, who halted them and why."""

    list_display = (
        "instrument",
        "feed_state",
        "reason",
        "started_at",
        "started_by",
        "ended_at",
        "ended_by",
    )
    list_filter = (("ended_at", admin.EmptyFieldListFilter), "started_at")
    list_select_related = ("instrument__feed", "started_by", "ended_by")
    search_fields = ("instrument__symbol", "reason")

    @admin.display(description="Feed", ordering="instrument__feed")
    def feed_state(self, halt: Halt) -> SafeString:
        """Return the feed of the instrument with its state."""
        return named_state(halt.instrument.feed)


class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what, when and why."""

    list_display = ("time", "actor_name", "action", "target", "reason", "changes")
    list_filter = ("action", "at")
    search_fields = ("actor_name", "target", "reason")
    date_hierarchy = "at"

    @admin.display(description="Time (UTC)", ordering="at")
    def time(self, entry: AuditEntry) -> str:
        """Return the time to the second, which Django's own column leaves out."""
        return f"{entry.at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="Changes")
    def changes(self, entry: AuditEntry) -> str:
        """Return each field as `name: before → after`."""
        before, after = readable(entry.before), readable(entry.after)
        lines = ((name, before.get(name, ""), after.get(name, "")) for name in before | after)
        return format_html_join(mark_safe("<br>"), "{}: {} \u2192 {}", lines)


def readable(facts: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of an audit entry with lists, such as the halted symbols, as plain text."""
    return {
        name: ", ".join(map(str, value)) if isinstance(value, list) else value
        for name, value in facts.items()
    }
