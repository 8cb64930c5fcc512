"""The admin's pages that export the instruments of a feed as CSV, and import them after a dry run.

Must not write rows: services do.
"""

from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from feeds.admin.operating import actor_of
from feeds.exceptions import InvalidImport, InvalidTransition
from feeds.models import Feed, Halt
from feeds.services.catalogue import import_instruments
from feeds.services.catalogue_comparison import Difference, compare, table_of
from feeds.services.catalogue_table import COLUMNS, MOST_CHARACTERS

VIEW: Final = "feeds.view_instrument"
IMPORT: Final = ("feeds.add_instrument", "feeds.change_instrument")
DELETE: Final = "feeds.delete_instrument"
HALT: Final = "feeds.halt_instrument"
ROWS_SHOWN: Final = 200


class TableForm(forms.Form):
    """A table, as a file or as text."""

    table = forms.FileField(label="CSV file", required=False, help_text=", ".join(COLUMNS))
    text = forms.CharField(
        required=False,
        strip=False,
        label="or its text",
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
    )

    def clean_table(self) -> str:
        """Return the text of the file, empty without one."""
        table: UploadedFile[Any] | None = self.cleaned_data["table"]
        if table is None:
            return ""
        if (table.size or 0) > MOST_CHARACTERS:
            raise forms.ValidationError(f"The file is larger than {MOST_CHARACTERS:,} bytes.")
        try:
            return str(table.read(), "utf-8")
        except UnicodeDecodeError as error:
            raise forms.ValidationError(f"The file is not UTF-8: byte {error.start}.") from None

    def clean(self) -> dict[str, Any]:
        """Want one of the two."""
        found = self.cleaned_data
        if "table" in found and not found["table"] and not found.get("text"):
            raise forms.ValidationError("Choose a file, or paste its text.")
        return found

    def content(self) -> str:
        """Return the table."""
        return str(self.cleaned_data["table"] or self.cleaned_data["text"])


class ApplyForm(forms.Form):
    """What a dry run showed, and that it shall be done."""

    text = forms.CharField(strip=False)
    digest = forms.CharField()
    reason = forms.CharField(max_length=200, required=False)
    with_removal = forms.BooleanField(required=False)


@require_safe
def export_instruments(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the instruments of a feed as a file."""
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    feed = get_object_or_404(Feed, pk=pk)
    name = f"{feed.slug}-instruments-{timezone.now():%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(table_of(feed), content_type="text/csv; charset=utf-8", headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
def try_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a table would change; do it when that is confirmed."""
    if not request.user.has_perms(IMPORT):
        raise PermissionDenied
    feed = get_object_or_404(Feed, pk=pk)
    if "digest" in request.POST:
        return _apply(request, feed)
    form = TableForm(request.POST or None, request.FILES or None)
    if not form.is_valid():
        return _page(request, feed, form=form)
    return _try(request, feed, form, form.content())


def _try(request: HttpRequest, feed: Feed, form: TableForm, text: str) -> HttpResponse:
    try:
        found = compare(feed, text)
    except InvalidImport as error:
        form.add_error(None, str(error).splitlines())
        return _page(request, feed, form=form)
    return _page(request, feed, form=TableForm(), text=text, **_told(found))


def _apply(request: HttpRequest, feed: Feed) -> HttpResponse:
    form = ApplyForm(request.POST)
    if not form.is_valid():
        texts = (str(text) for texts in form.errors.values() for text in texts)
        messages.error(request, " ".join(texts))
        return HttpResponseRedirect(request.path)
    chosen = form.cleaned_data
    if chosen["with_removal"] and not _may_remove(request, feed):
        raise PermissionDenied
    try:
        done = import_instruments(feed, actor=actor_of(request), **chosen)
    except (InvalidImport, InvalidTransition) as error:
        messages.error(request, str(error))
        return _try(request, feed, TableForm(), chosen["text"])
    gone = len(done.missing) if chosen["with_removal"] else 0
    told = f"{len(done.added)} added, {len(done.changed)} changed, {gone} removed."
    messages.success(request, f"Imported into {feed}: {told}")
    return HttpResponseRedirect(reverse("admin:feeds_feed_change", args=[feed.pk]))


def _may_remove(request: HttpRequest, feed: Feed) -> bool:
    """Say whether this person may remove instruments: a halt does not end by that for those who may
    not resume."""
    has_halts = Halt.objects.filter(instrument__feed=feed, ended_at=None).exists()
    return request.user.has_perms([DELETE, HALT] if has_halts else [DELETE])


def _page(request: HttpRequest, feed: Feed, **shown: Any) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": f"Import instruments of {feed}",
        "feed": feed,
        "may_remove": _may_remove(request, feed),
        **shown,
    }
    return TemplateResponse(request, "admin/feeds/catalogue/import.html", context)


def _told(found: Difference) -> dict[str, Any]:
    """Return a difference for the page, a line per fact that differs."""
    changes = [
        (one.instrument.symbol, name, one.before.get(name, ""), value)
        for one in found.added + found.changed
        for name, value in one.after.items()
        if one.before or name != "symbol"
    ]
    return {
        "found": found,
        "digest": found.digest(),
        "is_news": bool(changes or found.missing),
        "changes": changes[:ROWS_SHOWN],
        "hidden": max(0, len(changes) - ROWS_SHOWN),
        "missing": [one.symbol for one in found.missing],
    }
