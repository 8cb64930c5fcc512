"""One table of codes: the registry, docs/protocol.md and the browser say the same."""

import re

from dashboard.protocol.asyncapi import LIMITS
from dashboard.protocol.texts import CHANNEL_TEXT, PARAMETER_TEXT, QUERY_TEXT, STATUS_TEXT
from dashboard.wire import registry
from dashboard.wire.commands import METHODS
from dashboard.wire.registry import CLOSE_TEXT, ERROR_TEXT, Channel, Close, Error
from tests.support.documents import document, table
from tests.support.places import ROOT

PROTOCOL = document("protocol.md")
SCRIPT = (ROOT / "static" / "js" / "wire" / "frames.js").read_text()


RATES = ("MIN_RATE", "MAX_RATE", "DEFAULT_RATE")


def constants(name: str) -> dict[str, str]:
    """Return the members of a frozen object of wire/frames.js, as written."""
    body = re.search(rf"export const {name} = Object.freeze\(\{{(.*?)\}}\);", SCRIPT, re.S)
    assert body, name
    return dict(re.findall(r"(\w+): (.+),", body[1]))


def yes(retry: bool) -> str:
    return "yes" if retry else "no"


def test_the_protocol_lists_every_close_code() -> None:
    said = [[str(int(code)), why, yes(retry)] for code, (why, retry) in CLOSE_TEXT.items()]
    assert table(PROTOCOL, "close code") == said


def test_the_protocol_lists_every_error() -> None:
    said = [
        [str(int(code)), code.name.lower(), why, yes(retry)]
        for code, (why, retry) in sorted(ERROR_TEXT.items())
    ]
    assert table(PROTOCOL, "error") == said


def test_the_protocol_lists_every_method_with_its_parameters() -> None:
    said = {row[0]: row[1].split(", ") for row in table(PROTOCOL, "method")}
    assert list(said) == list(METHODS)
    for method, texts in PARAMETER_TEXT.items():
        assert said[method] == (list(texts) or [""])


def test_the_protocol_lists_every_channel() -> None:
    assert table(PROTOCOL, "channel") == [
        [channel.value, text.what] for channel, text in CHANNEL_TEXT.items()
    ]


def test_the_protocol_lists_every_limit() -> None:
    said = [[name, f"{value:g}", why.replace("`", "")] for name, (value, why) in LIMITS.items()]
    assert table(PROTOCOL, "limit") == said


def test_the_protocol_lists_every_query_parameter() -> None:
    said = [[name, text.replace("`", "")] for name, text in QUERY_TEXT.items()]
    assert table(PROTOCOL, "query parameter") == said


def test_the_protocol_lists_every_status() -> None:
    said = [[str(status), text.replace("`", "")] for status, text in STATUS_TEXT.items()]
    assert table(PROTOCOL, "status") == said


def test_the_browser_knows_the_same_names_and_numbers() -> None:
    assert constants("CLOSE") == {code.name: str(int(code)) for code in Close}
    assert constants("ERROR") == {code.name: str(int(code)) for code in Error}
    assert constants("CHANNEL") == {channel.name: f'"{channel.value}"' for channel in Channel}
    assert constants("METHOD") == {name.upper(): f'"{name}"' for name in METHODS}
    said = {
        str(int(c)): f'["{why}", {str(retry).lower()}]' for c, (why, retry) in CLOSE_TEXT.items()
    }
    assert constants("CLOSE_TEXT") == said


def test_the_browser_knows_the_same_limits() -> None:
    for name in ("VERSION", "MESSAGE_BYTES", "SYMBOL_LIMIT", *RATES):
        written = re.search(rf"export const {name} = ([0-9.]+);", SCRIPT)
        assert written, name
        assert float(written[1]) == getattr(registry, name)
