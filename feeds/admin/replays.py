"""The admin's page that plays a recording: it makes a feed with the recorded instruments.

Must not write rows: services do.
"""

from typing import Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from feeds.admin.commands import FEED_COMMANDS
from feeds.admin.operating import actor_of
from feeds.exceptions import InvalidRecording
from feeds.models import Feed, Instrument, Recording
from feeds.models.permissions import RUN
from feeds.services.replay_checks import recorded_definitions
from feeds.services.replays import make_replay
from feeds.validators import CapitalsInput

PLAY: Final = ("feeds.add_feed", "feeds.add_instrument")
"""The permissions to make a feed that plays a recording."""
PREFIX: Final = "R"


class ReplayForm(forms.Form):
    """The name of the feed, and what stands before each recorded symbol."""

    name = forms.CharField(max_length=80)
    symbol_prefix = CapitalsInput(
        label="Prefix",
        required=False,
        max_length=6,
        validators=Feed._meta.get_field("prefix").validators,
        help_text="Put before each symbol of the recording; R makes NVX RNVX.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def play_recording(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the form, or make the feed and start it."""
    if not request.user.has_perms(PLAY):
        raise PermissionDenied
    recording = get_object_or_404(Recording, pk=pk)
    try:
        symbols = [made.symbol for made in recorded_definitions(recording)]
    except InvalidRecording as error:
        messages.error(request, f"{recording} cannot be played: {error}.")
        return HttpResponseRedirect(reverse("admin:feeds_recording_changelist"))
    initial = {"name": recording.name, "symbol_prefix": _free_prefix(symbols)}
    form = ReplayForm(request.POST or None, initial=initial)
    if form.is_valid() and (feed := _made(request, form, recording)):
        return HttpResponseRedirect(reverse("admin:feeds_feed_change", args=[feed.pk]))
    context = {
        **admin.site.each_context(request),
        "title": f"Play {recording}",
        "recording": recording,
        "symbols": symbols,
        "form": form,
    }
    return TemplateResponse(request, "admin/feeds/recording/play.html", context)


def _made(request: HttpRequest, form: ReplayForm, recording: Recording) -> Feed | None:
    """Make the feed, and start it if the person may; add the reasons to the form if that fails."""
    definitions = recorded_definitions(recording)
    name, prefix = form.cleaned_data["name"], form.cleaned_data["symbol_prefix"]
    actor = actor_of(request)
    try:
        feed = make_replay(recording, definitions, name=name, prefix=prefix, actor=actor)
    except ValidationError as error:
        form.add_error(None, error.messages)
        return None
    if request.user.has_perm(RUN):
        said = FEED_COMMANDS["start"].perform([feed], {}, actor=actor)
        messages.success(request, said.done or said.not_done)
    else:
        messages.success(request, f"Made {feed}. Somebody who may run feeds can start it.")
    return feed


def _free_prefix(symbols: list[str]) -> str:
    """Return the first of no prefix, R, RR, … with which no symbol is taken."""
    prefix = ""
    while Instrument.objects.filter(symbol__in=[prefix + symbol for symbol in symbols]).exists():
        prefix += PREFIX
    return prefix
