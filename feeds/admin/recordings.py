"""The admin of recordings: a list of them, and a form that makes a recording from a table.

Must not write rows: services do.
"""

from collections.abc import Iterator
from typing import Any, Final

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from feeds.admin.operating import actor_of
from feeds.admin.read_only import RowAdmin
from feeds.exceptions import InvalidImport, InvalidRecording
from feeds.models import Feed, Recording
from feeds.recordings.csv_import import NEEDED, OPTIONAL, TableKind
from feeds.services.recordings import delete_recording, import_recording

MOST_BYTES: Final = 64 * 1024 * 1024
"""Some 1.5 million rows, a minute of work; larger tables need the command import_recording."""


class ImportForm(forms.Form):
    """A table of trades or bars, and the feed whose instruments they are of."""

    name = forms.CharField(max_length=80)
    feed = forms.ModelChoiceField(
        Feed.objects.all(), help_text="The symbols of the table are instruments of this feed."
    )
    kind = forms.ChoiceField(
        choices=[(kind.value, kind.value.title()) for kind in TableKind],
        help_text="; ".join(
            f"{kind.value}: {', '.join((*NEEDED[kind], *OPTIONAL[kind]))}" for kind in TableKind
        ),
    )
    interval_s = forms.IntegerField(
        label="Seconds per bar", min_value=1, max_value=86_400, initial=60
    )
    table = forms.FileField(
        label="CSV file", help_text="UTF-8. The first row has the names of the columns."
    )

    def clean_table(self) -> "UploadedFile[Any]":
        """Refuse a file that would take too long within a request."""
        table: UploadedFile[Any] = self.cleaned_data["table"]
        if (table.size or 0) > MOST_BYTES:
            raise ValidationError(
                f"The file is larger than {MOST_BYTES:,} bytes; use manage.py import_recording."
            )
        return table


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
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the form, or import its table. No transaction is open while the table is read."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ImportForm(request.POST or None, request.FILES or None)
        if form.is_valid() and self._import(request, form):
            return HttpResponseRedirect(reverse("admin:feeds_recording_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": "Import recording",
            "opts": self.opts,
            "form": form,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/feeds/recording/import.html", context)

    def delete_model(self, request: HttpRequest, obj: Recording) -> None:
        """Delete through the service."""
        delete_recording(obj, actor=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Recording]) -> None:
        """Delete each through the service."""
        for row in queryset:
            self.delete_model(request, row)

    def _import(self, request: HttpRequest, form: ImportForm) -> bool:
        """Import the table of a form; add the reasons to the form if that fails."""
        found = form.cleaned_data
        try:
            recording = import_recording(
                found["feed"],
                found["name"],
                lines_of(found["table"]),
                kind=TableKind(found["kind"]),
                interval_s=found["interval_s"],
                actor=actor_of(request),
            )
        except InvalidImport as error:
            form.add_error("table", str(error).splitlines())
        except InvalidRecording as error:
            form.add_error(None, str(error))
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            self.message_user(request, f"Imported {recording.ticks:,} trades as {recording}.")
            return True
        return False


def lines_of(table: "UploadedFile[Any]") -> Iterator[str]:
    """Yield the lines of a file. Bytes that are not UTF-8 become a character that no field allows:
    the import then names their line."""
    for number, line in enumerate(table):
        text = line.decode("utf-8", errors="replace")
        yield text.removeprefix("\ufeff") if number == 0 else text
