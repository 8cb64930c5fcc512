"""Reads the deck's forms, and answers them: as JSON to the page's script, else by the next page.

Must not know what the forms do.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from feeds.admin.commands import errors_of, reason_of
from feeds.exceptions import ChangeRefused

JSON: Final = "application/json"
View = Callable[..., HttpResponse]


class NotDone(Exception):
    """What an operator asked for cannot be done; the message tells the operator why."""


def acts(page: str = "flightdeck") -> Callable[[View], View]:
    """Let a view act on POST alone; a GET of its address shows `page` instead.

    A browser may GET the address of a form: after a reload, from its history, or after a sign-in.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def acting(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method in ("GET", "HEAD"):
                slug = [kwargs["slug"]] if page != "flightdeck" else []
                return HttpResponseRedirect(reverse(page, args=slug))
            return view(request, *args, **kwargs)

        return require_http_methods(["GET", "HEAD", "POST"])(acting)

    return decorate


def cleaned(form: forms.Form) -> dict[str, Any]:
    """Return the values of a form.

    Raises:
        NotDone: a field is wrong.
    """
    if form.is_valid():
        return form.cleaned_data
    raise NotDone(errors_of(form))


def answer(
    request: HttpRequest, do: Callable[[], str], page: str = "flightdeck", *args: object
) -> HttpResponse:
    """Do what was asked and say what was done, or why it was not; go to `page` without a script."""
    try:
        text, is_done = do(), True
    except NotDone as error:
        text, is_done = str(error), False
    except (ChangeRefused, ValidationError) as error:
        text, is_done = reason_of(error), False
    if request.headers.get("Accept") == JSON:
        body = {"message": text} if is_done else {"error": {"message": text}}
        return JsonResponse(body, status=200 if is_done else 400)
    messages.add_message(request, messages.SUCCESS if is_done else messages.ERROR, text)
    return HttpResponseRedirect(reverse(page, args=args))
