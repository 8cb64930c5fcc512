"""The flight deck: a page of the admin that shows the running market, with forms to operate it.

Must not write rows or poke anybody: services do. Each form works without a script. With a script
the page stays, and the answer comes as JSON with the same words.
"""

from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import localtime
from django.views.decorators.http import require_safe

from dashboard.deck.answers import NotDone, acts, answer, cleaned
from dashboard.deck.forms import DisconnectForm, ScopeForm
from dashboard.people import session_service
from dashboard.people.selectors import rights_of
from dashboard.process.database_trouble import present_trouble
from feeds.admin.commands import (
    FEED_COMMANDS,
    INSTRUMENT_COMMANDS,
    OperatorCommand,
    ReasonForm,
    states_of,
)
from feeds.admin.operating import actor_of
from feeds.models import AuditEntry, Feed, Instrument
from feeds.models.permissions import HALT, RUN, SHOCK
from feeds.services.undo import can_be_undone, undo, undo_of

DISCONNECT: Final = "auth.change_user"
"""The permission to deactivate an account is enough to end its connections."""
AUDIT: Final = "feeds.view_auditentry"
COMMANDS: Final = FEED_COMMANDS | INSTRUMENT_COMMANDS
ENTRIES_SHOWN: Final = 15


@require_safe
def flightdeck(request: HttpRequest) -> HttpResponse:
    """Show the deck to people who may operate anything."""
    rights = rights_of(actor_of(request))
    if not rights.operates:
        raise PermissionDenied
    may_run, may_halt = request.user.has_perm(RUN), request.user.has_perm(HALT)
    feeds = [_panel(feed, may_run, may_halt) for feed in Feed.objects.order_by("slug")]
    context = {
        **admin.site.each_context(request),
        "title": "Flight deck",
        "feeds": feeds,
        "commands": COMMANDS,
        "may_shock": request.user.has_perm(SHOCK),
        "sees_people": rights.sees_people,
        "may_disconnect": request.user.has_perm(DISCONNECT),
        "entries": _entries(request) if request.user.has_perm(AUDIT) else None,
    }
    return TemplateResponse(request, "admin/flightdeck.html", context)


@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """Return the newest audit entries, and what is wrong with the database.

    The page asks again and again: others act, too.
    """
    if not request.user.has_perm(AUDIT):
        raise PermissionDenied
    return JsonResponse({"entries": _entries(request), "trouble": present_trouble()})


@acts()
def undo_entry(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo an entry, which needs the permission of the action itself."""
    entry = get_object_or_404(AuditEntry, pk=pk)
    found = undo_of(entry)
    if not request.user.has_perms([AUDIT, found.permission if found else RUN]):
        raise PermissionDenied

    def do() -> str:
        return f"Undone: {undo(entry, actor=actor_of(request))}."

    return answer(request, do)


def operate(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Carry out a command on a feed, or on some of its instruments."""
    command = COMMANDS.get(name)
    if command is None:
        raise Http404
    return _operate(request, slug, command)


@acts()
def _operate(request: HttpRequest, slug: str, command: OperatorCommand) -> HttpResponse:
    if not request.user.has_perm(command.permission):
        raise PermissionDenied
    feed = get_object_or_404(Feed, slug=slug)
    return answer(request, lambda: _perform(request, feed, command))


@acts()
def disconnect(request: HttpRequest) -> HttpResponse:
    """End a connection of somebody, or all of them."""
    if not request.user.has_perm(DISCONNECT):
        raise PermissionDenied

    def do() -> str:
        chosen = cleaned(DisconnectForm(request.POST))
        user, key = chosen["user"], chosen["connection"]
        session_service.disconnect(user, key, actor=actor_of(request), reason=chosen["reason"])
        return f"Disconnected {user}" + ("." if key else " everywhere.")

    return answer(request, do)


def _entries(request: HttpRequest) -> list[dict[str, Any]]:
    """Return time, actor, action and reason of the newest entries, and the address of the undo."""
    return [
        {
            "texts": [
                f"{localtime(entry.at):%Y-%m-%d %H:%M:%S}",
                entry.actor_name,
                f"{entry.action} {entry.target}",
                entry.reason,
            ],
            "undo": reverse("flightdeck_undo", args=[entry.pk])
            if _may_undo(request, entry)
            else "",
        }
        for entry in AuditEntry.objects.all()[:ENTRIES_SHOWN]
    ]


def _may_undo(request: HttpRequest, entry: AuditEntry) -> bool:
    found = undo_of(entry)
    return bool(found and request.user.has_perm(found.permission) and can_be_undone(entry))


def _panel(feed: Feed, may_run: bool, may_halt: bool) -> dict[str, Any]:
    # The state changes while the page is open, so each button says in which states it is shown.
    buttons = [
        {
            "label": command.label,
            "warning": command.warning,
            "address": reverse("flightdeck_operate", args=[feed.slug, name]),
            "is_main": command.is_main,
            "states": " ".join(states_of(command)),
            "is_offered": command.is_offered(feed),
        }
        for name, command in FEED_COMMANDS.items()
        if command.form is ReasonForm
    ]
    return {
        "feed": feed,
        "buttons": buttons if may_run else [],
        "scope": ScopeForm(feed=feed, auto_id=f"{feed.slug}_halt_%s") if may_halt else None,
        "symbols": feed.instruments.order_by("symbol").values_list("symbol", flat=True),
    }


def _perform(request: HttpRequest, feed: Feed, command: OperatorCommand) -> str:
    rows: list[Feed] | list[Instrument] = [feed]
    if command in INSTRUMENT_COMMANDS.values():
        scope = ScopeForm(request.POST, feed=feed)
        cleaned(scope)
        rows = scope.instruments()
    said = command.perform(rows, request.POST, actor=actor_of(request))
    if not said.done:
        raise NotDone(said.not_done or f"{feed} has no instruments.")
    return f"{said.done} {said.not_done}".strip()
