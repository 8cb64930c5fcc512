"""The flight deck: a page of the admin that shows the running market, and does what it is told.

Must not write rows or poke anybody: services do. Every form works by itself; the page's script
sends it, and gets the same words as JSON.
"""

from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST, require_safe

from dashboard.deck.answers import Refused, answer, cleaned
from dashboard.deck.forms import DisconnectForm, HaltScopeForm, ScopeForm
from dashboard.people import services
from dashboard.people.selectors import rights_of
from feeds.admin.operating import FEED_COMMANDS, actor_of
from feeds.models import AuditEntry, Feed
from feeds.services.instruments import (
    halt_instrument,
    halt_instruments,
    resume_instrument,
    resume_instruments,
)
from feeds.services.undo import HALT, RUN, SHOCK, is_newest, undo, undo_of

DISCONNECT: Final = "auth.change_user"
"""Who may deactivate an account may end its connections, too."""
AUDIT: Final = "feeds.view_auditentry"
RUNNING: Final = ("start", "pause", "step", "close", "rate")
ENTRIES_SHOWN: Final = 15


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
        "may_shock": request.user.has_perm(SHOCK),
        "sees_people": rights.sees_people,
        "may_disconnect": request.user.has_perm(DISCONNECT),
        "entries": _entries(request) if request.user.has_perm(AUDIT) else None,
    }
    return TemplateResponse(request, "admin/flightdeck.html", context)


@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """Return the newest audit entries, for the page to show what was done meanwhile."""
    if not request.user.has_perm(AUDIT):
        raise PermissionDenied
    return JsonResponse({"entries": _entries(request)})


@require_POST
def undo_entry(request: HttpRequest, pk: int) -> HttpResponse:
    """Do the opposite of what an entry tells of; as much permission is needed as for that."""
    entry = get_object_or_404(AuditEntry, pk=pk)
    found = undo_of(entry)
    if not request.user.has_perms([AUDIT, found.permission if found else RUN]):
        raise PermissionDenied

    def do() -> str:
        undo(entry, actor=actor_of(request))
        return f"Undone: {entry.action} {entry.target}."

    return answer(request, do)


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
    return answer(request, lambda: do(request, feed, name))


@require_POST
def disconnect(request: HttpRequest) -> HttpResponse:
    """End connections of somebody."""
    if not request.user.has_perm(DISCONNECT):
        raise PermissionDenied

    def do() -> str:
        chosen = cleaned(DisconnectForm(request.POST))
        user, key = chosen["user"], chosen["connection"]
        services.disconnect(user, key, actor=actor_of(request), reason=chosen["reason"])
        return f"Disconnected {user}" + ("." if key else " everywhere.")

    return answer(request, do)


def _entries(request: HttpRequest) -> list[dict[str, Any]]:
    """Return when, who, what and why of the newest entries, and where to undo those that can be."""
    return [
        {
            "texts": [
                f"{localtime(one.at):%H:%M:%S}",
                one.actor_name,
                f"{one.action} {one.target}",
                one.reason,
            ],
            "undo": reverse("flightdeck_undo", args=[one.pk]) if _may_undo(request, one) else "",
        }
        for one in AuditEntry.objects.all()[:ENTRIES_SHOWN]
    ]


def _may_undo(request: HttpRequest, entry: AuditEntry) -> bool:
    found = undo_of(entry)
    return bool(found and request.user.has_perm(found.permission) and is_newest(entry))


def _panel(feed: Feed, may_run: bool, may_halt: bool) -> dict[str, Any]:
    return {
        "feed": feed,
        "may_run": may_run,
        "halt": ScopeForm(feed=feed, auto_id=f"{feed.slug}_halt_%s") if may_halt else None,
        "symbols": feed.instruments.order_by("symbol").values_list("symbol", flat=True),
    }


def _run(request: HttpRequest, feed: Feed, name: str) -> str:
    command = FEED_COMMANDS[name]
    chosen = cleaned(command.form(request.POST))
    if command.run(feed, **chosen, actor=actor_of(request)) is False:
        raise Refused(f"{feed} needs no change.")
    return f"{command.done}: {feed}."


def _move_instruments(request: HttpRequest, feed: Feed, name: str) -> str:
    form = (HaltScopeForm if name == "halt" else ScopeForm)(request.POST, feed=feed)
    reason, actor = cleaned(form)["reason"], actor_of(request)
    rows = form.instruments()
    if len(rows) == 1:
        move = halt_instrument if name == "halt" else resume_instrument
        move(rows[0], actor=actor, reason=reason)
        moved = [rows[0].symbol]
    else:
        move_all = halt_instruments if name == "halt" else resume_instruments
        moved = move_all(feed, [row.symbol for row in rows], actor=actor, reason=reason)
    if not moved:
        raise Refused("Nothing to do: it is so already.")
    done = "Halted" if name == "halt" else "Resumed"
    return f"{done}: {moved[0] if len(moved) == 1 else f'{len(moved)} instruments'}."
