"""How log lines look: as text or as JSON, with the id of the request, and without secrets.

Must not know what is logged. Django loads it with the settings, so it imports nothing of the rest.
"""

import json
import logging
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from dashboard.process import request_id

MASK: Final = "***"
SHORTEST_SECRET: Final = 6
"""Shorter values would be masked inside of ordinary words."""
CREDENTIALS: Final = re.compile(
    r"(?i)(?P<name>\b(?:set-cookie|cookie|authorization)[\"']?\s*[:=]\s*)(?P<line>[^\r\n]+)"
    r"|(?P<key>\b\w*(?:session_?id|csrftoken|csrfmiddlewaretoken|password|secret|token)"
    r"[\"']?\s*[:=]\s*)(?P<word>[^\s,;&]+)"
    r"|(?P<scheme>\b\w+://)(?P<user>[^\s/@]+)@"
)
"""Headers of credentials, values by the name of a secret, and users in addresses."""
PLACEHOLDER: Final = re.compile(r"(?:(\w+)=)?%(?:%|[-#0 +]*\d*(?:\.\d+)?([a-zA-Z]))")


class Masking:
    """Takes secrets out of a text: those that are known, and what looks like one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = [secret for secret in secrets if len(secret) >= SHORTEST_SECRET]

    def __call__(self, text: str) -> str:
        """Return the text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return CREDENTIALS.sub(_masked, text)


class LineFormatter(logging.Formatter):
    """A log line as text."""

    def __init__(self, *, secrets: Iterable[str] = ()) -> None:
        super().__init__("{asctime} {levelname} {name} {message}", style="{")
        self._mask = Masking(secrets)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with its traceback if there is one."""
        return self._mask(super().format(record))


class JsonFormatter(logging.Formatter):
    """A log line as one JSON object; `name=value` parts of a message become fields as well."""

    def __init__(self, *, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._mask = Masking(secrets)

    def format(self, record: logging.LogRecord) -> str:
        """Return the object on one line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        entry: dict[str, Any] = {
            "at": at,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._mask(record.getMessage()),
            "process": record.process,
        }
        if known := getattr(record, "request_id", "") or request_id.current():
            entry["request_id"] = known
        entry |= {"fields": fields} if (fields := self._fields(record)) else {}
        if record.exc_info:
            entry["traceback"] = self._mask(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)

    def _fields(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return the values that the message names, numbers as numbers."""
        if not isinstance(record.args, tuple):
            return {}
        found = PLACEHOLDER.finditer(str(record.msg))
        names = [match[1] for match in found if match[2] is not None]
        pairs = zip(names, record.args, strict=False)
        return {name: self._plain(value) for name, value in pairs if name}

    def _plain(self, value: object) -> Any:
        # JSON has no NaN, the only number that is not itself.
        is_plain = isinstance(value, int | float) and value == value
        return value if is_plain else self._mask(str(value))


def _masked(found: re.Match[str]) -> str:
    start = found["name"] or found["key"] or found["scheme"]
    return start + MASK + ("@" if found["scheme"] else "")
