"""How the deck's forms are read, and how what came of them is told.

Must not know what is done.
"""

from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse

from feeds.exceptions import InvalidTransition

JSON: Final = "application/json"


class Refused(Exception):
    """What was asked cannot be done; says why to whom asked."""


def cleaned(form: forms.Form) -> dict[str, Any]:
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


def answer(
    request: HttpRequest, do: Callable[[], str], page: str = "flightdeck", *args: object
) -> HttpResponse:
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
    return HttpResponseRedirect(reverse(page, args=args))
