"""The admin's pages that export the instruments of a feed, and import a list after a dry run.

Must not write rows: services do.
"""

from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from feeds.admin.operating import actor_of
from feeds.exceptions import ChangeRefused, InvalidImport
from feeds.models import Feed, Halt, Instrument
from feeds.models.permissions import HALT
from feeds.services.bars import count_bars
from feeds.services.instrument_imports import apply_import, find_pending, try_import
from feeds.services.instrument_lists import COLUMNS_TEXT, FORMATS, Difference, write_list
from feeds.services.list_text import MOST_CHARACTERS

VIEW: Final = "feeds.view_instrument"
IMPORT: Final = ("feeds.add_instrument", "feeds.change_instrument")
DELETE: Final = "feeds.delete_instrument"
ROWS_SHOWN: Final = 200


class UploadForm(forms.Form):
    """An instrument list, as a file or as text."""

    file = forms.FileField(label="CSV or TSV file", required=False, help_text=COLUMNS_TEXT)
    text = forms.CharField(
        required=False,
        # Tabs at the edges of pasted rows are empty cells.
        strip=False,
        label="Or paste the rows",
        help_text="Rows copied from a spreadsheet can be pasted as they are, with the names of "
        "their columns. Tabs, semicolons or commas separate the cells; decimal commas are read.",
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
    )

    def clean_file(self) -> str:
        """Return the text of the file, empty without a file."""
        file: UploadedFile[Any] | None = self.cleaned_data["file"]
        if file is None:
            return ""
        if (file.size or 0) > MOST_CHARACTERS:
            raise forms.ValidationError(f"The file is larger than {MOST_CHARACTERS:,} bytes.")
        try:
            return str(file.read(), "utf-8")
        except UnicodeDecodeError as error:
            raise forms.ValidationError(
                f"The file is not UTF-8 text (byte {error.start}). Save it as UTF-8."
            ) from None

    def clean(self) -> dict[str, Any]:
        """Refuse a form without a list."""
        found = self.cleaned_data
        if "file" in found and not found["file"] and not found.get("text"):
            raise forms.ValidationError("Choose a file, or paste the rows.")
        return found

    def content(self) -> str:
        """Return the list."""
        return str(self.cleaned_data["file"] or self.cleaned_data["text"])


class ApplyForm(forms.Form):
    """Which dry run is to be applied, how and why."""

    key = forms.CharField(max_length=64)
    reason = forms.CharField(max_length=200, required=False)
    with_removal = forms.BooleanField(required=False)


@require_safe
def export_instruments(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the instruments of a feed as a file, `?format=csv` or `tsv`."""
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    feed, kind = get_object_or_404(Feed, pk=pk), request.GET.get("format", "csv")
    if kind not in FORMATS:
        raise Http404
    name = f"{feed.slug}-instruments-{timezone.now():%Y-%m-%d}.{kind}"
    return HttpResponse(
        write_list(feed, kind),
        content_type=f"{FORMATS[kind].get_content_type()}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def import_instruments(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a list would change; apply it when that is confirmed."""
    if not request.user.has_perms(IMPORT):
        raise PermissionDenied
    feed = get_object_or_404(Feed, pk=pk)
    if "key" in request.POST:
        return _apply(request, feed)
    form = UploadForm(request.POST or None, request.FILES or None)
    return _try(request, feed, form) if form.is_valid() else _page(request, feed, form=form)


def _try(request: HttpRequest, feed: Feed, form: UploadForm, text: str = "") -> HttpResponse:
    try:
        key, found = try_import(feed, text or form.content(), actor=actor_of(request))
    except InvalidImport as error:
        form.add_error(None, str(error).splitlines())
        return _page(request, feed, form=form)
    return _page(request, feed, form=UploadForm(), key=key, **_shown(found))


def _apply(request: HttpRequest, feed: Feed) -> HttpResponse:
    form = ApplyForm(request.POST)
    if not form.is_valid():
        texts = (str(text) for texts in form.errors.values() for text in texts)
        messages.error(request, " ".join(texts))
        return HttpResponseRedirect(request.path)
    chosen, actor = form.cleaned_data, actor_of(request)
    if chosen["with_removal"] and not _may_remove(request, feed):
        raise PermissionDenied
    try:
        done = apply_import(feed, actor=actor, **chosen)
    except (InvalidImport, ChangeRefused) as error:
        return _retry(request, feed, chosen["key"], error)
    gone = len(done.missing) if chosen["with_removal"] else 0
    counts = f"{len(done.added)} added, {len(done.changed)} changed, {gone} removed."
    messages.success(request, f"Imported into {feed}: {counts}")
    return HttpResponseRedirect(reverse("admin:feeds_feed_change", args=[feed.pk]))


def _retry(request: HttpRequest, feed: Feed, key: str, error: Exception) -> HttpResponse:
    """Say why nothing was applied, and make a new dry run of the list while it waits."""
    try:
        pending = find_pending(feed, key, actor=actor_of(request))
    except ChangeRefused as gone:
        messages.error(request, f"Nothing was applied. {gone}.")
        return HttpResponseRedirect(request.path)
    messages.error(request, f"Nothing was applied. {error}.")
    return _try(request, feed, UploadForm({}), pending.text)


def _may_remove(request: HttpRequest, feed: Feed) -> bool:
    """Say whether this person may remove instruments.

    A removal ends a halt, so it needs the permission to resume while there is one.
    """
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
    return TemplateResponse(request, "admin/feeds/instrument/import.html", context)


def _shown(found: Difference) -> dict[str, Any]:
    """Return a difference for the page, with a line per field that differs."""
    changes = [
        (change.instrument.symbol, name, change.before.get(name, ""), value)
        for change in found.added + found.changed
        for name, value in change.after.items()
        if change.before or name != "symbol"
    ]
    return {
        "found": found,
        "can_apply": bool(changes or found.missing),
        "changes": changes[:ROWS_SHOWN],
        "hidden": max(0, len(changes) - ROWS_SHOWN),
        "missing": [instrument.symbol for instrument in found.missing],
        "lost_bars": _bars_of(found.regridded),
        "lost_unit": "tick" if any("tick_size" in each.after for each in found.changed) else "lot",
        "bars_of_missing": _bars_of(found.missing),
    }


def _bars_of(instruments: Iterable[Instrument]) -> str:
    """Return how many bars are stored, empty for none."""
    count = count_bars(instruments)
    return f"{count:,}" if count else ""
