"""The page for those who forgot their password; where no e-mail is set up, it says who can help.

Must not know who has an account.
"""

from collections.abc import Callable
from typing import Any

from allauth.account.views import PasswordResetView
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import method_decorator

from dashboard.people.forgotten_password import AskForm, sends_mail


@method_decorator(login_not_required, name="dispatch")
class ForgottenPasswordView(PasswordResetView):  # type: ignore[misc]
    """Asks for an address, and says the same for every address."""

    form_class = AskForm
    ask: Callable[[str], None] | None = None
    """Called with the address; the addresses of this site give it."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer a request; without e-mail there is no form."""
        if not sends_mail():
            return render(request, "account/password_reset_off.html")
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def get_form_kwargs(self) -> dict[str, Any]:
        """Hand `ask` on."""
        return {**super().get_form_kwargs(), "ask": self.ask}
