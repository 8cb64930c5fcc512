"""The document names everything, refers to nothing that is missing, and its examples are true."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
import pytest
from django.conf import settings

from dashboard.protocol.asyncapi import ANSWER_OF, COOKIE, LIMITS, document
from dashboard.protocol.examples import SAID
from dashboard.protocol.tables import kind_of, reference_tables, words_of
from dashboard.protocol.texts import CHANNEL_TEXT, METHOD_TEXT, PARAMETER_TEXT, QUERY_TEXT
from dashboard.wire import registry
from dashboard.wire.commands import METHODS, decode_command
from dashboard.wire.query import NAMES
from dashboard.wire.registry import CLOSE_TEXT, ERROR_TEXT, Channel, Close, Error, Transport
from dashboard.wire.schemas.replies import ANSWERS, BODIES, FRAMES
from tests.support.schemas import fits, schemas_of

SCHEMA_OF = {schema.__name__: schema for schema in (*FRAMES, *ANSWERS, *BODIES)}


def refs(node: Any) -> Iterator[str]:
    """Go through every reference of a document."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from refs(value)
    elif isinstance(node, list):
        for value in node:
            yield from refs(value)


@cache
def the_document() -> Any:
    return document(host="market.example", is_secure=True)


def resolve(ref: str) -> Any:
    whole = the_document()
    for part in ref.removeprefix("#/").split("/"):
        whole = whole[part]
    return whole


def test_every_reference_leads_somewhere() -> None:
    found = set(refs(the_document()))
    assert len(found) > 60
    for ref in found:
        assert resolve(ref), ref


def test_a_reference_that_leads_nowhere_is_found() -> None:
    with pytest.raises(KeyError):
        resolve("#/components/schemas/Missing")


def test_the_document_has_the_parts_of_asyncapi_3() -> None:
    assert the_document()["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= the_document()["info"].keys()
    allowed = {
        "asyncapi",
        "info",
        "defaultContentType",
        "servers",
        "channels",
        "operations",
        "components",
    }
    assert {key for key in the_document() if not key.startswith("x-")} == allowed
    for server in the_document()["servers"].values():
        assert server["host"] == "market.example"
        assert server["protocol"] in ("wss", "https")


def test_operations_use_messages_of_their_channel() -> None:
    """AsyncAPI wants references to the channel's messages, and to no other's."""
    for operation in the_document()["operations"].values():
        assert operation["action"] in ("send", "receive")
        assert (operation["action"] == "receive") is bool(operation.get("reply"))
        for part in filter(None, (operation, operation.get("reply"))):
            channel = part["channel"]["$ref"]
            for message in part["messages"]:
                assert message["$ref"].startswith(f"{channel}/messages/")


def test_every_type_is_a_message_with_its_schema() -> None:
    messages, schemas = (
        the_document()["components"]["messages"],
        the_document()["components"]["schemas"],
    )
    assert messages.keys() == SCHEMA_OF.keys() | METHODS.keys() | {"Question"}
    assert SCHEMA_OF.keys() | METHODS.keys() <= schemas.keys()
    assert SAID.keys() == SCHEMA_OF.keys()
    assert all(message["summary"] for message in messages.values())


@pytest.mark.parametrize("name", SCHEMA_OF)
def test_an_example_has_the_schema_it_is_an_example_of(name: str) -> None:
    text = json.dumps(the_document()["components"]["messages"][name]["examples"][0]["payload"])
    assert fits(text, SCHEMA_OF[name])
    assert schemas_of(text, list(SCHEMA_OF.values())) == [name]


def test_every_example_of_a_command_is_read() -> None:
    for method in METHODS:
        examples = the_document()["components"]["messages"][method]["examples"]
        assert examples
        for example in examples:
            assert decode_command(json.dumps(example["payload"])).method == method


def test_readers_may_not_insist_on_the_fields_of_today() -> None:
    """The tests refuse what is not described; a program must not, or nothing could be added."""
    assert '"additionalProperties":false' not in msgspec.json.encode(the_document()).decode()


def test_every_method_is_explained_with_every_parameter() -> None:
    assert METHODS.keys() == METHOD_TEXT.keys() == PARAMETER_TEXT.keys() == ANSWER_OF.keys()
    assert METHODS.keys() <= the_document()["operations"].keys()
    for method, schema in METHODS.items():
        names = [field.encode_name for field in msgspec.structs.fields(schema)]
        assert (
            names
            == list(PARAMETER_TEXT[method])
            == list(the_document()["components"]["schemas"][schema.__name__]["properties"])
        )
    assert [method["name"] for method in reference_tables()["methods"]] == list(METHODS)


def test_every_channel_transport_error_and_close_code_is_there() -> None:
    assert (
        list(CHANNEL_TEXT)
        == list(Channel)
        == [channel["name"] for channel in the_document()["x-channels"]]
    )
    assert [transport["name"] for transport in the_document()["x-transports"]] == list(Transport)
    errors = {
        error["code"]: (error["description"], error["retry"])
        for error in the_document()["x-errors"]
    }
    assert errors == {int(code): ERROR_TEXT[code] for code in Error}
    closes = {
        close["code"]: (close["description"], close["retry"])
        for close in the_document()["x-close-codes"]
    }
    assert closes == {int(code): CLOSE_TEXT[code] for code in Close}
    for code in Close:
        assert str(int(code)) in the_document()["channels"]["websocket"]["description"]


def test_every_parameter_of_a_query_is_explained() -> None:
    assert QUERY_TEXT.keys() == NAMES
    for name in ("stream", "poll"):
        query = the_document()["operations"][name]["bindings"]["http"]["query"]["properties"]
        assert query.keys() == NAMES


def test_every_number_of_the_registry_is_a_limit() -> None:
    numbers = {
        name: value
        for name, value in vars(registry).items()
        if name.isupper() and isinstance(value, int | float)
    }
    limits = {name: value for name, (value, _) in LIMITS.items()}
    assert limits | {"VERSION": registry.VERSION, "RESTART_MS": registry.RESTART_MS} == numbers


def test_the_session_is_the_one_of_this_project() -> None:
    assert settings.SESSION_COOKIE_NAME == COOKIE


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"$ref": "#/components/schemas/Phase"}, "Phase"),
        ({"const": True, "type": "boolean"}, "true"),
        ({"enum": ["a", "b"]}, '"a" or "b"'),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "number or null"),
        ({"type": "array", "items": {"type": "string"}}, "list of string"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "object of string"),
        ({}, "anything"),
    ],
)
def test_a_type_is_said_in_words(schema: dict[str, Any], words: str) -> None:
    assert kind_of(schema) == words


def test_a_text_is_cut_into_words_and_code() -> None:
    assert words_of("up to `seq`, not") == [("up to ", False), ("seq", True), (", not", False)]
    assert words_of("`a`") == [("a", True)]
    assert words_of("") == []


def test_no_text_of_the_page_has_an_open_backtick() -> None:
    texts = [message["summary"] for message in the_document()["components"]["messages"].values()]
    texts += [*QUERY_TEXT.values(), *METHOD_TEXT.values()]
    assert all(text.count("`") % 2 == 0 for text in texts)


@pytest.mark.parametrize("name", ["NotificationsSnapshot", "NotificationsUpdate"])
def test_the_examples_of_notifications_count_what_is_unread(name: str) -> None:
    said = SAID[name]
    assert said["unread"] == sum(not notice["read"] for notice in said["data"]) > 0


@pytest.mark.parametrize(
    ("method", "required"),
    [
        ("subscribe", ["method", "params"]), ("unsubscribe", ["method", "params"]),
        ("ack", ["method", "params"]), ("set", ["method"]), ("ping", ["method"]),
    ],
)  # fmt: skip
def test_a_command_needs_its_parameters_only_if_one_of_them_is_needed(
    method: str, required: list[str]
) -> None:
    assert the_document()["components"]["schemas"][method]["required"] == required


def test_only_channels_over_http_carry_a_question() -> None:
    asked = {
        name: "Question" in each["messages"] for name, each in the_document()["channels"].items()
    }
    assert asked == {"websocket": False, "events": True, "poll": True}


def test_tables_have_the_fields_of_their_schemas() -> None:
    tables = reference_tables()
    (ping,) = (each for each in tables["frames"] if each["name"] == "Heartbeat")
    (limits,) = (each for each in tables["parts"] if each["name"] == "Limits")
    schemas = the_document()["components"]["schemas"]
    for table in (ping, limits):
        rows = {row["name"]: row["is_required"] for row in table["rows"]}
        needed = schemas[table["name"]]["required"]
        assert rows == {name: name in needed for name in schemas[table["name"]]["properties"]}
        assert table["summary"]
    assert json.loads(ping["example"])["channel"] == "heartbeat"


def test_the_examples_of_bars_show_an_open_bar_and_the_same_bar_closed() -> None:
    (before,), (after,) = (SAID[name]["data"] for name in ("BarsSnapshot", "BarsUpdate"))
    assert after == before | {"closed": True}
    assert "closed" not in before
