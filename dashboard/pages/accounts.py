"""The pages where people look after their own account.

Must not write rows (services do) or know sockets. Everything is looked up among the rows of the
person who asks, so another's row is a 404.
"""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from dashboard.models import ApiToken, BrowserSession
from dashboard.pages.post_only import post_only
from dashboard.people.access import SCOPE_TEXT
from dashboard.people.browser_names import browser_name
from dashboard.people.forms import TokenForm
from dashboard.people.session_service import end_sessions, living_sessions
from dashboard.people.token_service import create_token, living_tokens, revoke_tokens


@method_decorator(cache_control(no_store=True), name="dispatch")
class TokensView(View):
    """The tokens for programs of the person, with a form to make another."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the tokens and the form."""
        return self._show(request, TokenForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make a token and show its secret: in this answer and never again, so no redirect."""
        form, user = TokenForm(request.POST), user_of(request)
        if not form.is_valid():
            return self._show(request, form)
        try:
            token, secret = create_token(user, actor=user, **form.facts())
        except ValidationError as error:
            form.add_error(None, error)
            return self._show(request, form)
        return self._show(request, TokenForm(), made=token, secret=secret)

    def _show(self, request: HttpRequest, form: TokenForm, **facts: Any) -> HttpResponse:
        tokens = living_tokens(user_of(request))
        rows = [(token, [SCOPE_TEXT.get(name, name) for name in token.scopes]) for token in tokens]
        return render(request, "account/tokens.html", {"form": form, "rows": rows, **facts})


@post_only("account_tokens")
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """End a token of the person."""
    user = user_of(request)
    if not ApiToken.objects.filter(user=user, pk=token_id).exists():
        raise Http404
    revoke_tokens(living_tokens(user).filter(pk=token_id), actor=user)
    messages.success(request, "The token is revoked.")
    return HttpResponseRedirect(reverse("account_tokens"), status=303)


@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """List the browsers in which the person is signed in."""
    rows = [(row, browser_name(row.agent)) for row in living_sessions(user_of(request))]
    own = request.session.session_key
    return render(request, "account/sessions.html", {"sessions": rows, "own_key": own})


@post_only("account_sessions")
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """Sign out in another browser of the person, or in this one."""
    user = user_of(request)
    found = BrowserSession.objects.filter(user=user, pk=session_id)
    if not found.exists():
        raise Http404
    end_sessions(found, actor=user)
    messages.success(request, "Signed out there.")
    return HttpResponseRedirect(reverse("account_sessions"), status=303)


@post_only("account_sessions")
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out in all browsers of the person but this one."""
    user = user_of(request)
    others = BrowserSession.objects.filter(user=user).exclude(key=request.session.session_key)
    end_sessions(others, actor=user)
    messages.success(request, "Signed out everywhere else.")
    return HttpResponseRedirect(reverse("account_sessions"), status=303)


def user_of(request: HttpRequest) -> User:
    """Return who is signed in; the middleware lets nobody else in."""
    return cast(User, request.user)
