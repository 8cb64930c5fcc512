"""The wire as an AsyncAPI 3.0.0 document, made of the registry, the shapes and the examples.

Pure. Must not know requests: host and scheme arrive as arguments.
"""

from typing import Any, Final

import msgspec

from dashboard.protocol.examples import COMMANDS, SAID
from dashboard.protocol.guide import (
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
    ERROR_TEXT,
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
from dashboard.wire.schemas.bars import BarEntry, NoBar
from dashboard.wire.schemas.fields import SCHEMAS, WireSchema
from dashboard.wire.schemas.replies import ANSWERS, BODIES, FRAMES
from dashboard.wire.schemas.status import FeedEntry, GoneFeed, GoneInstrument, InstrumentEntry

Json = dict[str, Any]
COOKIE: Final = "sessionid"
"""The cookie of a browser's session; Django's own name for it."""
ANSWER_OF: Final = {
    "subscribe": "SubscribeAnswer",
    "unsubscribe": "UnsubscribeAnswer",
    "set": "SetAnswer",
    "ack": "AckAnswer",
    "ping": "Pong",
}
LIMITS: Final[dict[str, tuple[float, str]]] = {
    "SYMBOL_LIMIT": (SYMBOL_LIMIT, "symbols one reader may name; `*` is not counted"),
    "MESSAGE_BYTES": (MESSAGE_BYTES, "largest command; bytes"),
    "MIN_RATE": (MIN_RATE, "slowest pace; frames per second"),
    "MAX_RATE": (MAX_RATE, "fastest pace; frames per second"),
    "DEFAULT_RATE": (DEFAULT_RATE, "pace of who does not choose; frames per second"),
    "SNAPSHOT_ENTRIES": (SNAPSHOT_ENTRIES, "entries of one snapshot frame; then `more`"),
    "TRADE_ENTRIES": (TRADE_ENTRIES, "trades of one frame; what is left follows at once"),
    "RECENT_BARS": (RECENT_BARS, "bars of a symbol and interval a reader begins with"),
    "BAR_LIMIT": (BAR_LIMIT, "pairs of a symbol and an interval one reader may name"),
    "RECENT_TRADES": (RECENT_TRADES, "trades a reader without a position begins with"),
    "WAIT_S": (WAIT_S, "longest wait of a long-poll; seconds"),
}
"""The numbers of the registry; a socket's `welcome` says those that concern it."""
DESCRIPTION: Final = """\
Market data over a WebSocket, server-sent events or polls: the same frames, one position.

A position is `epoch:seq`, a place on the tape. A snapshot is the state as of `seq`; an update has
no `type` but a `from`, and covers what came after `from` up to `seq`. When `from` is not where you
are, something is missing: subscribe again with `since`, and get what you missed, or a snapshot when
that is not known any more. `snapshot + updates = state`, always.

Ignore fields that you do not know: later versions of the same wire may add some."""


def document(*, host: str, is_secure: bool) -> Json:
    """Return the whole document for a server at `host`."""
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
            "poll": _channel("/poll/v1/", "server", ["PollAnswer", "ErrorAnswer"], asked=True),
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
            "description": "Programs: the user's name, and a token of `manage.py token USER`.",
        },
        "session": {
            "type": "httpApiKey",
            "name": COOKIE,
            "in": "cookie",
            "description": "Pages of this server: the session of who signed in.",
        },
    }


def _websocket() -> Json:
    names = [*_names(FRAMES), *_names(ANSWERS), *METHODS]
    channel = _channel("/ws/v1/", "socket", names)
    closes = "; ".join(f"{int(code)} {text}" for code, (text, _) in CLOSE_TEXT.items())
    channel["description"] = f"Commands in, frames out. Close codes: {closes}."
    channel["bindings"] = {"ws": {"method": "GET", "bindingVersion": "0.1.0"}}
    return channel


def _channel(address: str, server: str, names: list[str], *, asked: bool = False) -> Json:
    all_names = [*names, "Question"] if asked or server == "server" else names
    return {
        "address": address,
        "servers": [_ref(f"servers/{server}")],
        "messages": {name: _ref(f"components/messages/{name}") for name in all_names},
    }


# --- operations -----------------------------------------------------------------------------
def _operations() -> Json:
    http = {"http": {"method": "GET", "query": _query(), "bindingVersion": "0.3.0"}}
    return {
        "tell": _operation("send", "websocket", _names(FRAMES), "Frames, as they are due."),
        **{method: _command(method) for method in METHODS},
        "stream": _operation(
            "send", "events", [*_names(FRAMES), "StreamEnd", "ErrorAnswer"],
            "Frames as server-sent events: an event's `id` is the position after which nothing "
            "is missing in any channel; `Last-Event-ID` stands for `since`.",
        ) | {"bindings": http},
        "poll": _operation("receive", "poll", ["Question"], "Ask for the news since a position.")
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
    said = {shape.__name__: _said(shape) for shape in (*FRAMES, *ANSWERS, *BODIES)}
    question = {
        "name": "Question",
        "summary": "A GET; what is asked stands in the query of the address.",
        "payload": {"type": "null"},
    }
    return said | {"Question": question} | {method: _sent(method) for method in METHODS}


def _said(shape: type[WireSchema]) -> Json:
    name = shape.__name__
    return {
        "name": name,
        "summary": _summary(shape),
        "payload": _ref(f"components/schemas/{name}"),
        "examples": [{"payload": SAID[name]}],
    }


def _sent(method: str) -> Json:
    return {
        "name": method,
        "summary": METHOD_TEXT[method],
        "payload": _ref(f"components/schemas/{method}"),
        "examples": [{"payload": command} for command in COMMANDS[method]],
    }


def schemas() -> Json:
    """Return the schema of every shape and every command by its name."""
    roots = [*FRAMES, *ANSWERS, *BODIES, *METHODS.values(), CommandId]
    roots += [
        BarEntry,
        NoBar,
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
    for method, shape in METHODS.items():
        schema = found[shape.__name__]
        properties = {
            name: {"description": PARAMETER_TEXT[method][name], **one}
            for name, one in schema["properties"].items()
        }
        explained[shape.__name__] = schema | {"properties": properties}
    return explained


def _command_schema(method: str) -> Json:
    shape = METHODS[method]
    needs_params = any(one.required for one in msgspec.structs.fields(shape))
    return {
        "type": "object",
        "title": method,
        "description": METHOD_TEXT[method],
        "properties": {
            "method": {"const": method},
            "params": _ref(f"components/schemas/{shape.__name__}"),
            "id": {
                "description": "comes back with the answer",
                "anyOf": msgspec.json.schema(CommandId)["anyOf"],
            },
        },
        "required": ["method", "params"] if needs_params else ["method"],
    }


def _open(schema: Json) -> Json:
    """Let a schema hold fields that a later version adds; the tests are strict, readers are not."""
    return {
        key: value
        for key, value in schema.items()
        if not (key == "additionalProperties" and value is False)
    }


def _summary(shape: type[WireSchema]) -> str:
    return (shape.__doc__ or "").strip()


def _names(kinds: tuple[type[WireSchema], ...]) -> list[str]:
    return [shape.__name__ for shape in kinds]


def _plain(text: msgspec.Struct) -> Json:
    return msgspec.structs.asdict(text)


def _ref(path: str) -> Json:
    return {"$ref": f"#/{path}"}
