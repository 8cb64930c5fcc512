"""The pages for those who forgot their password; without e-mail they say who can help.

Must not know who has an account.
"""

from collections.abc import Callable
from typing import Any

from allauth.account.views import PasswordResetFromKeyView, PasswordResetView
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator

from dashboard.exceptions import LinkEnded
from dashboard.people.forgotten_password import ForgottenPasswordForm, sends_mail


@method_decorator(login_not_required, name="dispatch")
class ForgottenPasswordView(PasswordResetView):  # type: ignore[misc]
    """Asks for an address, and gives the same answer to every address."""

    form_class = ForgottenPasswordForm
    note_address: Callable[[str], None] | None = None
    """Called with the address; `urls.py` sets it."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer a request; without e-mail there is no form."""
        if not sends_mail():
            return render(request, "account/password_reset_off.html")
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def get_form_kwargs(self) -> dict[str, Any]:
        """Give the form what it calls with the address."""
        return {**super().get_form_kwargs(), "note_address": self.note_address}


class NewPasswordView(PasswordResetFromKeyView):  # type: ignore[misc]
    """Takes a new password from somebody who opened a link, and leads to the sign-in."""

    success_url = reverse_lazy("account_login")

    def form_valid(self, form: Any) -> HttpResponse:
        """Set the password, unless the link ended while the page was open."""
        try:
            response: HttpResponse = super().form_valid(form)
        except LinkEnded:
            context = self.get_context_data(token_fail=True)
            response = self.render_to_response(context, status=409)
        return response
