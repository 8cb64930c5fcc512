"""The documents that describe the interfaces (OpenAPI, AsyncAPI): a program opens them by token.

Must not know what they say.
"""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required, login_required
from django.http import HttpRequest, HttpResponse

from dashboard.api.context import identity_of
from dashboard.api.responses import refused_response
from dashboard.transports.gatekeeper import Gatekeeper, RequestRefused

Document = Callable[..., HttpResponse]


def with_token(
    gatekeeper: Gatekeeper, document: Document
) -> Callable[..., Coroutine[Any, Any, HttpResponse]]:
    """Return the view of a document for people who are signed in and for programs with a token.

    A token of any scope will do: the document holds nothing of the market. Whoever has neither is
    sent to the sign-in, and a wrong token gets a 401.
    """
    for_people = sync_to_async(login_required(document))
    for_programs = sync_to_async(document)

    @login_not_required
    @wraps(document)
    async def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "Authorization" not in request.headers:
            return await for_people(request, *args, **kwargs)
        try:
            await identity_of(request, gatekeeper)
        except RequestRefused as error:
            return refused_response(error)
        return await for_programs(request, *args, **kwargs)

    return view
