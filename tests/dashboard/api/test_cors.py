"""Charts on a public origin of this site may read UDF; scripts of other origins may not."""

import pytest
from django.http import HttpResponse
from django.test import AsyncRequestFactory

from dashboard.api.routes import shared_with

ORIGIN = "https://charts.example.com"
ALLOW = "Access-Control-Allow-Origin"


async def bars(request):
    response = HttpResponse("bars")
    response["Vary"] = "Authorization, Cookie"
    return response


async def ask(method="GET", origin=ORIGIN, origins=(ORIGIN,), **headers):
    make = getattr(AsyncRequestFactory(), method.lower())
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    request = make("/udf/history", headers=sent | ({"origin": origin} if origin else {}))
    return await shared_with(origins, bars)(request)


async def test_a_public_origin_may_read() -> None:
    response = await ask()
    assert (response.content, response[ALLOW]) == (b"bars", ORIGIN)
    assert response["Access-Control-Allow-Credentials"] == "true"
    assert response["Vary"] == "Authorization, Cookie, Origin"


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", f"{ORIGIN}.evil.example"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_no_other_origin_may(method, origin) -> None:
    response = await ask(method, origin, Access_Control_Request_Method="GET")
    assert ALLOW not in response
    assert "Origin" in response["Vary"], "a cache must not give one origin's answer to another"


async def test_without_public_origins_nobody_may() -> None:
    assert ALLOW not in await ask(origins=())


async def test_a_preflight_may_use_a_token() -> None:
    response = await ask("OPTIONS", Access_Control_Request_Method="GET")
    assert (response.status_code, response.content) == (204, b"")
    assert response[ALLOW] == ORIGIN
    assert response["Access-Control-Allow-Methods"] == "GET"
    assert response["Access-Control-Allow-Headers"] == "Authorization"
