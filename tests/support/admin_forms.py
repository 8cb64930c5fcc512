"""The hidden values of an admin's form, which a browser sends back with it."""

from collections import defaultdict
from html.parser import HTMLParser
from typing import Any

from django.test import Client


def seen(client: Client, address: str) -> dict[str, list[str]]:
    """Open a form; return the values that it shows, as its hidden fields hold them."""
    reader = _HiddenReader()
    reader.feed(client.get(address).content.decode())
    return dict(reader.values)


def save_form(client: Client, address: str, sent: dict[str, Any]) -> Any:
    """Open a form and save it with these fields, without others."""
    return client.post(address, seen(client, address) | sent)


class _HiddenReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = defaultdict(list)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        name = found.get("name") or ""
        if tag == "input" and found.get("type") == "hidden" and "initial-" in name:
            self.values[name].append(found.get("value") or "")
