"""The tables of the protocol reference, read from the document that programs read.

Pure. Must not know templates.
"""

from functools import cache
from typing import Any, Final

import msgspec

from dashboard.protocol.asyncapi import ANSWER_OF, document
from dashboard.protocol.guide import QUERY_TEXT
from dashboard.wire.commands import METHODS
from dashboard.wire.schemas.fields import SCHEMAS
from dashboard.wire.schemas.replies import ANSWERS, BODIES, FRAMES

Json = dict[str, Any]
PARTS: Final = (
    *(
        "TickerEntry",
        "TradeEntry",
        "BarEntry",
        "NoBar",
        "FeedEntry",
        "InstrumentEntry",
        "GoneFeed",
        "GoneInstrument",
    ),
    *("NoticeEntry", "Limits", "SubscribeResult", "SetResult", "ErrorObject"),
)
"""Shapes inside others that have a table of their own."""


TEXTS: Final = {"description", "summary", "what", "delivery", "since"}
"""What holds words for people."""


@cache
def guide() -> Json:
    """Return everything that the page says of the wire, as tables; the same for every server."""
    rows: Json = _with_words(_tables(document(host="", is_secure=False)))
    return rows


def _with_words(node: Any) -> Any:
    """Return the tables with every text for people cut into words and code."""
    if isinstance(node, list):
        return [_with_words(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: words_of(value) if key in TEXTS else _with_words(value) for key, value in node.items()
    }


def words_of(text: str) -> list[tuple[str, bool]]:
    """Cut a text at its backticks; True marks what stood between two of them."""
    parts = text.split("`")
    return [(part, index % 2 == 1) for index, part in enumerate(parts) if part]


def _tables(said: Json) -> Json:
    return {
        **{key.removeprefix("x-").replace("-", "_"): said[key] for key in said if key[:2] == "x-"},
        "methods": [_method(said, name) for name in METHODS],
        "frames": [_frame(said, shape.__name__) for shape in FRAMES],
        "answers": [_frame(said, shape.__name__) for shape in ANSWERS],
        "bodies": [_frame(said, shape.__name__) for shape in BODIES],
        "parts": [_part(said, name) for name in PARTS],
        "query": [{"name": name, "description": text} for name, text in QUERY_TEXT.items()],
    }


def _method(said: Json, name: str) -> Json:
    message = said["components"]["messages"][name]
    return {
        "name": name,
        "summary": message["summary"],
        "parameters": _rows(said["components"]["schemas"][METHODS[name].__name__]),
        "examples": [_text(example["payload"]) for example in message["examples"]],
        "answer": ANSWER_OF[name],
    }


def _frame(said: Json, name: str) -> Json:
    message = said["components"]["messages"][name]
    return {
        "name": name,
        "summary": message["summary"],
        "rows": _rows(said["components"]["schemas"][name]),
        "example": _text(message["examples"][0]["payload"]),
    }


def _part(said: Json, name: str) -> Json:
    schema = said["components"]["schemas"][name]
    return {"name": name, "summary": schema["description"], "rows": _rows(schema)}


def _rows(schema: Json) -> list[Json]:
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "kind": kind_of(one),
            "is_required": name in required,
            "description": one.get("description", ""),
        }
        for name, one in schema["properties"].items()
    ]


def kind_of(schema: Json) -> str:
    """Return the type that a schema describes, in a few words."""
    match schema:
        case {"$ref": path}:
            return str(path).removeprefix(SCHEMAS)
        case {"const": value}:
            return _text(value)
        case {"enum": values}:
            return " or ".join(map(_text, values))
        case {"anyOf": kinds} | {"oneOf": kinds}:
            return " or ".join(dict.fromkeys(map(kind_of, kinds)))
        case {"type": "array", "items": items}:
            return f"list of {kind_of(items)}"
        case {"type": "object", "additionalProperties": dict(entry)}:
            return f"object of {kind_of(entry)}"
    return str(schema.get("type", "anything"))


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
