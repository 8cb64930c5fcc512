"""The flight deck: a page of the admin that shows the running market, and does what it is told.

Must not write rows or poke anybody: services do. Called through urls. Every form works by itself;
the page's script sends it, and gets the same words as JSON.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST, require_safe

from dashboard import services
from dashboard.deck.forms import DisconnectForm, HaltScopeForm, ScopeForm
from dashboard.selectors import rights_of
from feeds.exceptions import InvalidTransition
from feeds.models import AuditEntry, Feed, Instrument
from feeds.operating import FEED_COMMANDS, actor_of
from feeds.services import halt_instrument, resume_instrument

RUN: Final = "feeds.run_feed"
HALT: Final = "feeds.halt_instrument"
DISCONNECT: Final = "auth.change_user"
"""Who may deactivate an account may end its connections, too."""
AUDIT: Final = "feeds.view_auditentry"
RUNNING: Final = ("start", "pause", "close", "rate")
ENTRIES_SHOWN: Final = 15
JSON: Final = "application/json"


class Refused(Exception):
    """What was asked cannot be done; says why to whom asked."""


@require_safe
def flightdeck(request: HttpRequest) -> HttpResponse:
    """Show the deck to whoever may operate anything."""
    rights = rights_of(actor_of(request))
    if not rights.operates:
        raise PermissionDenied
    may_run, may_halt = request.user.has_perm(RUN), request.user.has_perm(HALT)
    feeds = [_panel(feed, may_run, may_halt) for feed in Feed.objects.order_by("slug")]
    context = {
        **admin.site.each_context(request),
        "title": "Flight deck",
        "feeds": feeds,
        "sees_people": rights.sees_people,
        "may_disconnect": request.user.has_perm(DISCONNECT),
        "entries": _entries() if request.user.has_perm(AUDIT) else None,
    }
    return TemplateResponse(request, "admin/flightdeck.html", context)


@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """Return the newest audit entries, for the page to show what was done meanwhile."""
    if not request.user.has_perm(AUDIT):
        raise PermissionDenied
    return JsonResponse({"entries": _entries()})


@require_POST
def operate(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Do one command to a feed, or to some of its instruments."""
    is_run, is_halt = name in RUNNING, name in ("halt", "resume")
    if not (is_run or is_halt):
        raise Http404
    if not request.user.has_perm(RUN if is_run else HALT):
        raise PermissionDenied
    feed = get_object_or_404(Feed, slug=slug)
    do = _run if is_run else _move_instruments
    return _answer(request, lambda: do(request, feed, name))


@require_POST
def disconnect(request: HttpRequest) -> HttpResponse:
    """End connections of somebody."""
    if not request.user.has_perm(DISCONNECT):
        raise PermissionDenied

    def do() -> str:
        chosen = _cleaned(DisconnectForm(request.POST))
        user, key = chosen["user"], chosen["connection"]
        services.disconnect(user, key, actor=actor_of(request), reason=chosen["reason"])
        return f"Disconnected {user}" + ("." if key else " everywhere.")

    return _answer(request, do)


def _entries() -> list[list[str]]:
    """Return when, who, what and why of the newest entries."""
    return [
        [f"{localtime(one.at):%H:%M:%S}", one.actor_name, f"{one.action} {one.target}", one.reason]
        for one in AuditEntry.objects.all()[:ENTRIES_SHOWN]
    ]


def _panel(feed: Feed, may_run: bool, may_halt: bool) -> dict[str, Any]:
    return {
        "feed": feed,
        "may_run": may_run,
        "halt": ScopeForm(feed=feed, auto_id=f"{feed.slug}_halt_%s") if may_halt else None,
        "symbols": feed.instruments.order_by("symbol").values_list("symbol", flat=True),
    }


def _run(request: HttpRequest, feed: Feed, name: str) -> str:
    command = FEED_COMMANDS[name]
    chosen = _cleaned(command.form(request.POST))
    if command.run(feed, **chosen, actor=actor_of(request)) is False:
        raise Refused(f"{feed} needs no change.")
    return f"{command.done}: {feed}."


def _move_instruments(request: HttpRequest, feed: Feed, name: str) -> str:
    form = (HaltScopeForm if name == "halt" else ScopeForm)(request.POST, feed=feed)
    reason = _cleaned(form)["reason"]
    move = halt_instrument if name == "halt" else resume_instrument
    with transaction.atomic():
        moved = _moved(
            form.instruments(), lambda row: move(row, actor=actor_of(request), reason=reason)
        )
    done = "Halted" if name == "halt" else "Resumed"
    if not moved:
        raise Refused("Nothing to do: it is so already.")
    return f"{done}: {moved[0] if len(moved) == 1 else f'{len(moved)} instruments'}."


def _moved(rows: Iterable[Instrument], move: Callable[[Instrument], None]) -> list[Instrument]:
    """Return those that were not so already."""
    moved = []
    for row in rows:
        try:
            move(row)
        except InvalidTransition:
            continue
        moved.append(row)
    return moved


def _cleaned(form: forms.Form) -> dict[str, Any]:
    """Return what a form says.

    Raises:
        Refused: a field is wrong.
    """
    if form.is_valid():
        return form.cleaned_data
    told = (
        f"{form[name].label}: {' '.join(map(str, errors))}" for name, errors in form.errors.items()
    )
    raise Refused(" ".join(told))


def _answer(request: HttpRequest, do: Callable[[], str]) -> HttpResponse:
    """Do it, and say so to the page's script, or by the next page."""
    try:
        text, is_done = do(), True
    except (Refused, InvalidTransition) as refused:
        text, is_done = str(refused), False
    except ValidationError as error:
        text, is_done = " ".join(error.messages), False
    if request.headers.get("Accept") == JSON:
        body = {"message": text} if is_done else {"error": {"message": text}}
        return JsonResponse(body, status=200 if is_done else 400)
    messages.add_message(request, messages.SUCCESS if is_done else messages.ERROR, text)
    return HttpResponseRedirect(reverse("flightdeck"))
