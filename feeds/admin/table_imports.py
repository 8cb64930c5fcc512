"""The admin's pages that make a recording from a table: upload, mapping with a dry run, import.

Must not write rows: services do.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from feeds.admin.operating import actor_of
from feeds.admin.replays import PLAY
from feeds.admin.table_forms import MappingForm, TableForm, initial_of
from feeds.exceptions import ChangeRefused, InvalidImport, InvalidRecording
from feeds.services.table_files import drop_table, find_table, keep_table
from feeds.services.table_imports import (
    TableOutcome,
    TableSource,
    apply_table,
    column_names,
    recognise_table,
    try_table,
)

INSTRUMENTS_SHOWN: Final = 20


def import_recording(request: HttpRequest) -> HttpResponse:
    """Show the form of the upload, what was recognised with a dry run, or import."""
    if "key" in request.POST:
        return _mapped(request)
    form = TableForm(request.POST or None, request.FILES or None)
    return _uploaded(request, form) if form.is_valid() else _page(request, form=form)


def _uploaded(request: HttpRequest, form: TableForm) -> HttpResponse:
    """Keep the file, and show how it would be read."""
    found, actor = form.cleaned_data, actor_of(request)
    table = found["table"]
    key = ""
    try:
        key = keep_table(table.chunks(), actor=actor)
        recognised = recognise_table(find_table(key, actor=actor), table.name)
    except InvalidRecording as error:
        form.add_error(None, str(error))
        return _page(request, form=form)
    except InvalidImport as error:
        drop_table(key, actor=actor)
        form.add_error("table", str(error).splitlines())
        return _page(request, form=form)
    feed = found["feed"]
    values = initial_of(recognised.layout) | {
        "key": key, "file_name": table.name, "name": found["name"],
        "feed": feed.pk if feed else "", "plays": not feed,
    }  # fmt: skip
    mapping = _mapping(request, values, recognised.names)
    vendor = recognised.vendor or "no known vendor"
    return _tried(request, mapping, vendor=vendor, notes=recognised.notes)


def _mapped(request: HttpRequest) -> HttpResponse:
    """Take the mapping of the page: try it, or import."""
    actor = actor_of(request)
    try:
        path = find_table(request.POST["key"], actor=actor)
        names = _names(request, path)
    except ChangeRefused as error:
        messages.error(request, f"Nothing was imported. {error}.")
        return HttpResponseRedirect(request.path)
    except InvalidImport as error:
        messages.error(request, f"Nothing was imported. {error}")
        return HttpResponseRedirect(request.path)
    form = _mapping(request, request.POST, names)
    if request.POST.get("action") != "import":
        return _tried(request, form)
    if form.is_valid() and (done := _apply(request, form, path)):
        return done
    return _page(request, mapping=form)


def _names(request: HttpRequest, path: Path) -> list[str]:
    mark = request.POST.get("separator", ",")
    separator = {"tab": "\t"}.get(mark, mark[:1] or ",")
    skips = request.POST.get("skips", "0")
    return column_names(
        path,
        separator,
        int(skips) if skips.isascii() and skips.isdigit() and len(skips) < 4 else 0,
        has_header="has_header" in request.POST,
    )


def _mapping(request: HttpRequest, values: Any, names: Any) -> MappingForm:
    return MappingForm(values, names=names, may_play=request.user.has_perms(PLAY))


def _source(request: HttpRequest, form: MappingForm) -> TableSource:
    found = form.cleaned_data
    path = find_table(found["key"], actor=actor_of(request))
    return TableSource(path, form.layout(), found["feed"])


def _tried(request: HttpRequest, form: MappingForm, **shown: Any) -> HttpResponse:
    """Show the mapping with what an import would give."""
    if form.is_valid():
        try:
            shown |= _shown(try_table(_source(request, form), **form.playing()))
        except InvalidImport as error:
            form.add_error(None, str(error).splitlines())
        except ValidationError as error:
            form.add_error(None, error.messages)
    return _page(request, mapping=form, **shown)


def _apply(request: HttpRequest, form: MappingForm, path: Path) -> HttpResponse | None:
    """Import; add the reasons to the form and return None if that fails."""
    found, actor = form.cleaned_data, actor_of(request)
    try:
        source = TableSource(path, form.layout(), found["feed"])
        recording, feed, _ = apply_table(source, found["name"], actor=actor, **form.playing())
    except InvalidImport as error:
        form.add_error(None, str(error).splitlines())
    except InvalidRecording as error:
        form.add_error(None, str(error))
    except ValidationError as error:
        form.add_error(None, error.messages)
    else:
        drop_table(found["key"], actor=actor)
        messages.success(request, f"Imported {recording.ticks:,} trades as {recording}.")
        if feed is None:
            return HttpResponseRedirect(reverse("admin:feeds_recording_changelist"))
        messages.info(request, f"{feed} plays it. It is closed: start it with the button below.")
        return HttpResponseRedirect(reverse("admin:feeds_feed_change", args=[feed.pk]))
    return None


def _shown(outcome: TableOutcome) -> dict[str, Any]:
    """Return an outcome for the page."""
    made = outcome.definitions
    return {
        "outcome": outcome,
        "first_at": datetime.fromtimestamp(outcome.first_ms / 1000, UTC),
        "last_at": datetime.fromtimestamp(outcome.last_ms / 1000, UTC),
        "instruments": made[:INSTRUMENTS_SHOWN],
        "hidden": max(0, len(made) - INSTRUMENTS_SHOWN),
    }


def _page(request: HttpRequest, form: Form | None = None, **shown: Any) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": "Import recording",
        "form": form,
        **shown,
    }
    return TemplateResponse(request, "admin/feeds/recording/import.html", context)
