"""The tables of the reference page, made from the AsyncAPI document.

Pure. Must not know templates. One source for people and programs: neither can be out of date.
"""

from functools import cache
from typing import Any, Final

import msgspec

from dashboard.protocol.asyncapi import ANSWER_OF, Json, document
from dashboard.protocol.texts import QUERY_TEXT
from dashboard.wire.commands import METHODS
from dashboard.wire.schemas.fields import SCHEMAS
from dashboard.wire.schemas.replies import ANSWERS, BODIES, FRAMES

PARTS: Final = (
    *(
        "TickerEntry",
        "TradeEntry",
        "CorrectionEntry",
        "BarEntry",
        "GoneBar",
        "NoBar",
        "FeedEntry",
        "InstrumentEntry",
        "GoneFeed",
        "GoneInstrument",
    ),
    *("NoticeEntry", "Limits", "SubscribeResult", "SetResult", "ErrorObject"),
)
"""Schemas inside other schemas that get a table of their own."""

TEXTS: Final = {"description", "summary", "what", "delivery", "since"}
"""Keys whose values are sentences; backticks in them mark code."""


@cache
def reference_tables() -> Json:
    """Return the rows of every table of the page; they are the same for every server."""
    tables: Json = _with_words(_tables(document(host="", is_secure=False)))
    return tables


def _with_words(node: Any) -> Any:
    """Return the same tables, with every sentence split into text and code."""
    if isinstance(node, list):
        return [_with_words(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: words_of(value) if key in TEXTS else _with_words(value) for key, value in node.items()
    }


def words_of(text: str) -> list[tuple[str, bool]]:
    """Split a text at its backticks; True marks the parts between two of them."""
    parts = text.split("`")
    return [(part, index % 2 == 1) for index, part in enumerate(parts) if part]


def _tables(source: Json) -> Json:
    return {
        **{
            key.removeprefix("x-").replace("-", "_"): source[key]
            for key in source
            if key[:2] == "x-"
        },
        "methods": [_method(source, name) for name in METHODS],
        "frames": [_frame(source, schema.__name__) for schema in FRAMES],
        "answers": [_frame(source, schema.__name__) for schema in ANSWERS],
        "bodies": [_frame(source, schema.__name__) for schema in BODIES],
        "parts": [_part(source, name) for name in PARTS],
        "query": [{"name": name, "description": text} for name, text in QUERY_TEXT.items()],
    }


def _method(source: Json, name: str) -> Json:
    message = source["components"]["messages"][name]
    return {
        "name": name,
        "summary": message["summary"],
        "parameters": _rows(source["components"]["schemas"][METHODS[name].__name__]),
        "examples": [_text(example["payload"]) for example in message["examples"]],
        "answer": ANSWER_OF[name],
    }


def _frame(source: Json, name: str) -> Json:
    message = source["components"]["messages"][name]
    return {
        "name": name,
        "summary": message["summary"],
        "rows": _rows(source["components"]["schemas"][name]),
        "example": _text(message["examples"][0]["payload"]),
    }


def _part(source: Json, name: str) -> Json:
    schema = source["components"]["schemas"][name]
    return {"name": name, "summary": schema["description"], "rows": _rows(schema)}


def _rows(schema: Json) -> list[Json]:
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "kind": kind_of(field),
            "is_required": name in required,
            "description": field.get("description", ""),
        }
        for name, field in schema["properties"].items()
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
