"""Finds the pages of a server: asks every address of the URLconf, and keeps those that are pages.

A route with an argument that nothing fills in is an error, so no new page is left out.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Final

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern
from playwright.sync_api import APIRequestContext

from tests.support.places import ROOT
from tests.support.served import Served

FIXED: Final = {
    "name": "pause",
    "action": "pause",
    "session_id": "1",
    "content_type_id": "1",
    "r_1": "1",
}
"""Arguments of addresses that are no row's; those of rows come from `site_rows`."""
WRITTEN: Final = {
    "account_reset_password_from_key": "accounts/password/reset/key/{uidb36}-{reset}/",
    "app_list": "admin/feeds/",
    None: "admin/nothing/",
}
"""Addresses of the routes that are regular expressions; the last is that of unknown ones."""
ROWS_OF: Final = {
    "passkeys": "passkey",
    "entries": "feeds_auditentry",
    "interventions": "feeds_intervention",
}
"""Whose key comes after a word of an address; in the admin the word is the model."""
Arguments = Mapping[str, str]


def make_rows(served: Served) -> dict[str, str]:
    """Make a row of every kind; return what fills in the addresses of a server."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.site_rows"],
        cwd=ROOT, env=served.environment, stdout=subprocess.PIPE, check=True, timeout=60,
    )  # fmt: skip
    return FIXED | json.loads(done.stdout)


def addresses(arguments: Arguments) -> list[str]:
    """Return the addresses of all routes, without the first slash."""
    return sorted(set(_filled(get_resolver().url_patterns, "", arguments)))


def is_page(request: APIRequestContext, url: str) -> bool:
    """Say whether an address shows a page of its own, and leads to no other."""
    answer = request.get(url, max_redirects=0, headers={"Accept": "text/html"})
    return answer.status == 200 and answer.headers["content-type"].startswith("text/html")


def _filled(
    patterns: list[URLPattern | URLResolver], before: str, arguments: Arguments
) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _filled(pattern.url_patterns, before + str(pattern.pattern), arguments)
        elif isinstance(pattern.pattern, RoutePattern):
            yield _with_arguments(before + str(pattern.pattern), arguments)
        else:
            yield WRITTEN[pattern.name].format(**arguments)


def _with_arguments(route: str, arguments: Arguments) -> str:
    """Return a route with a value for each argument, from the left to the right."""
    while found := re.search(r"<(?:\w+:)?(\w+)>", route):
        name = found[1]
        if name in ("pk", "object_id", "id"):
            name = _row_of(route[: found.start()])
        route = route[: found.start()] + arguments[name] + route[found.end() :]
    return route


def _row_of(before: str) -> str:
    """Return whose key comes after the beginning of a route: "feeds_feed"."""
    *_, group, word, _ = before.split("/")
    return ROWS_OF.get(word, f"{group}_{word}")
