"""Staff who must show a second factor get only the pages where they can; and the pages of an app.

Must not know what the other pages are.
"""

from collections.abc import Callable
from typing import Any, Final

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from allauth.mfa.totp.views import ActivateTOTPView
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from dashboard.people.second_factor import has_shown, must_show, spend

SETUP: Final = frozenset(
    {
        *("mfa_index", "mfa_activate_totp", "account_totp_picture", "mfa_add_webauthn"),
        *("mfa_view_recovery_codes", "mfa_list_webauthn", "account_reauthenticate"),
    }
)
"""Pages of somebody who has no factor yet."""
PROOF: Final = frozenset({"mfa_reauthenticate", "mfa_reauthenticate_webauthn"})
"""Pages where a factor is shown."""
ALWAYS: Final = frozenset({"account_logout", "account_login", "favicon", "version"})


class SecondFactorMiddleware:
    """Lead staff to the page where they set a second factor up, or show it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        return self._get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        """Redirect from every page that needs the factor which this session has not shown."""
        # Here and not in `__call__`: before its view is known a request has no name.
        user = request.user
        if not user.is_authenticated or not must_show(user) or has_shown(request.session, user):
            return None
        name = request.resolver_match.url_name if request.resolver_match else None
        types = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
        # allauth keeps the codes as a factor, but they only stand in for another one.
        types.discard(Authenticator.Type.RECOVERY_CODES)
        if name in ALWAYS | (PROOF if types else SETUP):
            return None
        return HttpResponseRedirect(_page_for(types, request.get_full_path()))


def _page_for(types: set[str], wanted: str) -> str:
    if not types:
        return f"{reverse('mfa_index')}?needed=1"
    is_app = Authenticator.Type.TOTP in types
    page = reverse("mfa_reauthenticate" if is_app else "mfa_reauthenticate_webauthn")
    return f"{page}?{urlencode({'next': wanted})}"


class AddAppView(ActivateTOTPView):  # type: ignore[misc]
    """Adds an app. The code that adds it counts as shown here, and never again."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Add the app and mark its code as used."""
        with transaction.atomic():  # nobody signs in with the code in between
            response: HttpResponse = super().form_valid(form)
            app = Authenticator.objects.get(user=form.user, type=Authenticator.Type.TOTP)
            spend(app)
        post_authentication(self.request, app, reauthenticated=True)
        return response


@require_safe
def totp_picture(request: HttpRequest) -> HttpResponse:
    """Draw the QR code of the app that this session is about to add."""
    secret = request.session.get(SECRET_SESSION_KEY)
    if not secret:
        raise Http404
    adapter = get_adapter()
    picture = adapter.build_totp_svg(adapter.build_totp_url(request.user, secret))
    # The picture is the secret.
    headers = {"Cache-Control": "no-store"}
    return HttpResponse(picture, content_type="image/svg+xml", headers=headers)
