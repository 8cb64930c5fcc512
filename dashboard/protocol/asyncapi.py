"""The wire as an AsyncAPI 3.0.0 document, made of the registry, the schemas, texts and examples.

Pure. Must not know requests: host and scheme arrive as arguments.
"""

from typing import Any, Final

import msgspec

from dashboard.protocol.examples import COMMANDS, SAID
from dashboard.protocol.texts import (
    CHANNEL_TEXT,
    METHOD_TEXT,
    PARAMETER_TEXT,
    QUERY_TEXT,
    STATUS_TEXT,
    TRANSPORT_TEXT,
)
from dashboard.wire.commands import METHODS, CommandId
from dashboard.wire.registry import (
    BAR_LIMIT,
    CLOSE_TEXT,
    DEFAULT_RATE,
    DEPTH_LIMIT,
    ERROR_TEXT,
    LEVELS,
    MAX_RATE,
    MESSAGE_BYTES,
    MIN_RATE,
    RECENT_BARS,
    RECENT_TRADES,
    SNAPSHOT_ENTRIES,
    SYMBOL_LIMIT,
    TRADE_ENTRIES,
    VERSION,
    WAIT_S,
)
from dashboard.wire.schemas.bars import BarEntry, GoneBar, NoBar
from dashboard.wire.schemas.fields import SCHEMAS, WireSchema
from dashboard.wire.schemas.replies import ANSWERS, BODIES, FRAMES
from dashboard.wire.schemas.status import FeedEntry, GoneFeed, GoneInstrument, InstrumentEntry
from dashboard.wire.schemas.trades import CorrectionEntry, TradeEntry

Json = dict[str, Any]
COOKIE: Final = "sessionid"
"""The cookie of a browser's session, as Django names it."""
ANSWER_OF: Final = {
    "subscribe": "SubscribeAnswer",
    "unsubscribe": "UnsubscribeAnswer",
    "set": "SetAnswer",
    "ack": "AckAnswer",
    "ping": "Pong",
}
LIMITS: Final[dict[str, tuple[float, str]]] = {
    "SYMBOL_LIMIT": (SYMBOL_LIMIT, "how many symbols one reader may name; `*` is not counted"),
    "MESSAGE_BYTES": (MESSAGE_BYTES, "size of the largest command; bytes"),
    "MIN_RATE": (MIN_RATE, "lowest pace; frames per second"),
    "MAX_RATE": (MAX_RATE, "highest pace; frames per second"),
    "DEFAULT_RATE": (DEFAULT_RATE, "pace unless you choose another; frames per second"),
    "SNAPSHOT_ENTRIES": (
        SNAPSHOT_ENTRIES,
        "most entries of one snapshot frame; longer snapshots say `more`",
    ),
    "TRADE_ENTRIES": (TRADE_ENTRIES, "most trades of one frame; the rest follows at once"),
    "RECENT_BARS": (RECENT_BARS, "bars per symbol and interval without a `since`"),
    "BAR_LIMIT": (BAR_LIMIT, "how many pairs of a symbol and an interval one reader may name"),
    "DEPTH_LIMIT": (DEPTH_LIMIT, "how many books one reader may name"),
    "LEVELS": (LEVELS, "levels of each side of a book"),
    "RECENT_TRADES": (RECENT_TRADES, "trades without a `since`"),
    "WAIT_S": (WAIT_S, "longest wait of a long-poll; seconds"),
}
"""The numbers of the registry, explained; the `welcome` frame repeats those of a connection."""
DESCRIPTION: Final = """\
Market data over a WebSocket, server-sent events or polls: the same frames and positions on each.

A position is `epoch:seq`, a place on the tape. A snapshot is the state as of `seq`. An update has
a `from` instead of a `type`: it covers what came after `from` up to `seq`. If `from` is not your
`seq`, something is missing. Subscribe again with `since`: you get what you missed, or a snapshot if
the server no longer has it. `snapshot + updates = state`, always.

Ignore fields that you do not know: later releases of this version may add some."""


def document(*, host: str, is_secure: bool) -> Json:
    """Return the AsyncAPI document of a server at `host`."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Market",
            "version": f"{VERSION}.0.0",
            "description": DESCRIPTION,
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": _servers(host, is_secure),
        "channels": {
            "websocket": _websocket(),
            "events": _channel("/sse/v1/", "server", [*_names(FRAMES), "StreamEnd", "ErrorAnswer"]),
            "poll": _channel("/poll/v1/", "server", ["PollAnswer", "ErrorAnswer"]),
        },
        "operations": _operations(),
        "components": {
            "schemas": schemas(),
            "messages": _messages(),
            "securitySchemes": _security_schemes(),
        },
        "x-channels": [{"name": name, **_plain(text)} for name, text in CHANNEL_TEXT.items()],
        "x-transports": [
            {"name": name, "address": address, "description": text}
            for name, (address, text) in TRANSPORT_TEXT.items()
        ],
        "x-limits": [
            {"name": name, "value": value, "description": text}
            for name, (value, text) in LIMITS.items()
        ],
        "x-errors": [
            {"code": int(code), "name": code.name.lower(), "description": text, "retry": retry}
            for code, (text, retry) in sorted(ERROR_TEXT.items())
        ],
        "x-close-codes": [
            {"code": int(code), "name": code.name.lower(), "description": text, "retry": retry}
            for code, (text, retry) in CLOSE_TEXT.items()
        ],
        "x-http-statuses": [
            {"code": code, "description": text} for code, text in STATUS_TEXT.items()
        ],
    }


# --- servers, channels ----------------------------------------------------------------------
def _servers(host: str, is_secure: bool) -> Json:
    security = [
        _ref("components/securitySchemes/token"),
        _ref("components/securitySchemes/session"),
    ]
    tail = "s" if is_secure else ""
    return {
        "socket": {"host": host, "protocol": f"ws{tail}", "security": security},
        "server": {"host": host, "protocol": f"http{tail}", "security": security},
    }


def _security_schemes() -> Json:
    return {
        "token": {
            "type": "http",
            "scheme": "basic",
            "description": "Programs: the user's name, and a token made by `manage.py token USER`.",
        },
        "session": {
            "type": "httpApiKey",
            "name": COOKIE,
            "in": "cookie",
            "description": "Pages of this server: the session of the user who signed in.",
        },
    }


def _websocket() -> Json:
    names = [*_names(FRAMES), *_names(ANSWERS), *METHODS]
    channel = _channel("/ws/v1/", "socket", names)
    closes = "; ".join(f"{int(code)} {text}" for code, (text, _) in CLOSE_TEXT.items())
    channel["description"] = f"Commands in, frames out. Close codes: {closes}."
    channel["bindings"] = {"ws": {"method": "GET", "bindingVersion": "0.1.0"}}
    return channel


def _channel(address: str, server: str, names: list[str]) -> Json:
    all_names = [*names, "Question"] if server == "server" else names
    return {
        "address": address,
        "servers": [_ref(f"servers/{server}")],
        "messages": {name: _ref(f"components/messages/{name}") for name in all_names},
    }


# --- operations -----------------------------------------------------------------------------
def _operations() -> Json:
    http = {"http": {"method": "GET", "query": _query(), "bindingVersion": "0.3.0"}}
    return {
        "tell": _operation("send", "websocket", _names(FRAMES), "Frames, whenever some are due."),
        **{method: _command(method) for method in METHODS},
        "stream": _operation(
            "send", "events", [*_names(FRAMES), "StreamEnd", "ErrorAnswer"],
            "Frames as server-sent events. The `id` of an event is a position: you have "
            "everything of every channel up to there. `Last-Event-ID` stands for `since`.",
        ) | {"bindings": http},
        "poll": _operation("receive", "poll", ["Question"], "Ask for the changes since a position.")
        | {"bindings": http, "reply": _reply("poll", ["PollAnswer", "ErrorAnswer"])},
    }  # fmt: skip


def _operation(action: str, channel: str, names: list[str], summary: str) -> Json:
    return {
        "action": action,
        "channel": _ref(f"channels/{channel}"),
        "summary": summary,
        "messages": [_ref(f"channels/{channel}/messages/{name}") for name in names],
    }


def _command(method: str) -> Json:
    reply = _reply("websocket", [ANSWER_OF[method], "Refusal"])
    return _operation("receive", "websocket", [method], METHOD_TEXT[method]) | {"reply": reply}


def _reply(channel: str, names: list[str]) -> Json:
    return {
        "channel": _ref(f"channels/{channel}"),
        "messages": [_ref(f"channels/{channel}/messages/{name}") for name in names],
    }


def _query() -> Json:
    properties = {
        name: {"type": "string", "description": text} for name, text in QUERY_TEXT.items()
    }
    return {"type": "object", "properties": properties}


# --- messages, schemas ----------------------------------------------------------------------
def _messages() -> Json:
    said = {schema.__name__: _sent_by_server(schema) for schema in (*FRAMES, *ANSWERS, *BODIES)}
    question = {
        "name": "Question",
        "summary": "A GET request; the query of its address says what you want.",
        "payload": {"type": "null"},
    }
    return said | {"Question": question} | {method: _sent_by_reader(method) for method in METHODS}


def _sent_by_server(schema: type[WireSchema]) -> Json:
    name = schema.__name__
    return {
        "name": name,
        "summary": _summary(schema),
        "payload": _ref(f"components/schemas/{name}"),
        "examples": [{"payload": SAID[name]}],
    }


def _sent_by_reader(method: str) -> Json:
    return {
        "name": method,
        "summary": METHOD_TEXT[method],
        "payload": _ref(f"components/schemas/{method}"),
        "examples": [{"payload": command} for command in COMMANDS[method]],
    }


def schemas() -> Json:
    """Return the JSON schemas of all frames, answers, bodies and commands, by name."""
    roots = [*FRAMES, *ANSWERS, *BODIES, *METHODS.values(), CommandId]
    roots += [
        TradeEntry,
        CorrectionEntry,
        BarEntry,
        NoBar,
        GoneBar,
        FeedEntry,
        InstrumentEntry,
        GoneFeed,
        GoneInstrument,
    ]
    _, found = msgspec.json.schema_components(roots, ref_template=f"{SCHEMAS}{{name}}")
    commands = {method: _command_schema(method) for method in METHODS}
    return {name: _open(schema) for name, schema in (found | commands).items()} | _explained(found)


def _explained(found: Json) -> Json:
    """Return the schemas of the commands' parameters with what each parameter is for."""
    explained = {}
    for method, schema in METHODS.items():
        described = found[schema.__name__]
        properties = {
            name: {"description": PARAMETER_TEXT[method][name], **parameter}
            for name, parameter in described["properties"].items()
        }
        explained[schema.__name__] = described | {"properties": properties}
    return explained


def _command_schema(method: str) -> Json:
    schema = METHODS[method]
    needs_params = any(field.required for field in msgspec.structs.fields(schema))
    return {
        "type": "object",
        "title": method,
        "description": METHOD_TEXT[method],
        "properties": {
            "method": {"const": method},
            "params": _ref(f"components/schemas/{schema.__name__}"),
            "id": {
                "description": "any number or text; the answer repeats it",
                "anyOf": msgspec.json.schema(CommandId)["anyOf"],
            },
        },
        "required": ["method", "params"] if needs_params else ["method"],
    }


def _open(schema: Json) -> Json:
    """Allow fields that are not described: a later version of the wire may add some.

    Only the tests forbid them, so that no field of today is forgotten here.
    """
    return {
        key: value
        for key, value in schema.items()
        if not (key == "additionalProperties" and value is False)
    }


def _summary(schema: type[WireSchema]) -> str:
    return (schema.__doc__ or "").strip()


def _names(kinds: tuple[type[WireSchema], ...]) -> list[str]:
    return [schema.__name__ for schema in kinds]


def _plain(text: msgspec.Struct) -> Json:
    return msgspec.structs.asdict(text)


def _ref(path: str) -> Json:
    return {"$ref": f"#/{path}"}
