"""The page where people delete their own account.

Must not know what belongs to an account.
"""

from typing import Any

from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views import View

from dashboard.exceptions import LastSuperuser
from dashboard.pages.accounts import user_of
from dashboard.pages.sign_out import FORGOTTEN
from dashboard.people.account_deletion import delete_account
from dashboard.people.superusers import are_last_superusers


class DeletionView(View):
    """Says what goes and what stays, then deletes; the password must have been entered again."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the page.

        Raises:
            ReauthenticationRequired: allauth asks for the password, and leads back here.
        """
        if not did_recently_reauthenticate(request):
            raise ReauthenticationRequired
        return self._show(request, is_last=are_last_superusers([user_of(request)]))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Delete the account, and sign this browser out."""
        if not did_recently_reauthenticate(request):
            # allauth would delete as soon as the password is entered, without this page.
            return HttpResponseRedirect(reverse("account_delete"), status=303)
        user = user_of(request)
        try:
            delete_account(user, actor=user)
        except LastSuperuser:
            return self._show(request, is_last=True, status=409)
        logout(request)
        response = render(request, "account/deleted.html")
        response.headers["Clear-Site-Data"] = FORGOTTEN
        return response

    def _show(self, request: HttpRequest, *, is_last: bool, **options: Any) -> HttpResponse:
        return render(request, "account/delete.html", {"is_last_superuser": is_last}, **options)
