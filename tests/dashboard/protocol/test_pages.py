"""The reference needs a sign-in; its tables are the registry, its file is cached by its tag."""

import json
import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.protocol.asyncapi import LIMITS
from dashboard.protocol.texts import PARAMETER_TEXT, QUERY_TEXT, STATUS_TEXT
from dashboard.wire.commands import METHODS
from dashboard.wire.registry import CLOSE_TEXT, ERROR_TEXT, Channel, Transport
from dashboard.wire.schemas.replies import ANSWERS, BODIES, FRAMES

pytestmark = pytest.mark.django_db
FILE = "/developers/asyncapi.json"


@pytest.fixture
def browser() -> Client:
    client = Client()
    client.force_login(User.objects.create_user("ada@home"))
    return client


@pytest.fixture
def page(browser: Client) -> str:
    return browser.get("/developers/", headers={"host": "localhost:8000"}).content.decode()


def first_cells(page: str, table: str) -> list[str]:
    """Return the heads of the lines of a table."""
    body = re.search(rf'data-table="{table}">.*?<tbody>(.*?)</tbody>', page, re.S)
    assert body, table
    return [unescape(cell) for cell in re.findall(r"<th[^>]*><code>(.*?)</code>", body[1])]


@pytest.mark.parametrize("address", ["/developers/", FILE])
def test_nobody_reads_it_without_signing_in(address: str) -> None:
    answer = Client().get(address)
    assert (answer.status_code, answer.url) == (302, f"/accounts/login/?next={address}")


@pytest.mark.parametrize("address", ["/developers/", FILE])
def test_it_is_only_read(browser: Client, address: str) -> None:
    assert browser.post(address).status_code == 405
    assert browser.head(address).status_code == 200


def test_every_table_lists_what_the_registry_has(page: str) -> None:
    tables = {
        "channels": list(Channel),
        "transports": list(Transport),
        "query": list(QUERY_TEXT),
        "statuses": list(map(str, STATUS_TEXT)),
        "limits": list(LIMITS),
        "errors": [str(int(code)) for code in sorted(ERROR_TEXT)],
        "close_codes": [str(int(code)) for code in CLOSE_TEXT],
        **{method: list(texts) for method, texts in PARAMETER_TEXT.items() if texts},
    }
    assert {name: first_cells(page, name) for name in tables} == tables
    assert set(re.findall(r'data-table="(\w+)"', page)) == set(tables)


def test_every_schema_and_every_method_can_be_linked_to(page: str) -> None:
    ids = re.findall(r'\bid="([\w-]+)"', page)
    assert len(ids) == len(set(ids))
    schemas = {schema.__name__ for schema in (*FRAMES, *ANSWERS, *BODIES)}
    assert {*schemas, *(f"method-{name}" for name in METHODS)} <= set(ids)
    assert set(re.findall(r'href="#([\w-]+)"', page)) <= set(ids)


def test_examples_name_this_server_and_this_user(page: str) -> None:
    assert "ws://ada%40home:TOKEN@localhost:8000/ws/v1/" in page
    assert "http://localhost:8000/poll/v1/" in page
    assert "ada@home:$TOKEN" in page


def test_over_https_examples_are_secure(browser: Client) -> None:
    answer = browser.get("/developers/", secure=True, headers={"host": "localhost:8000"})
    page = answer.content.decode()
    assert "wss://ada%40home:TOKEN@localhost:8000/ws/v1/" in page
    assert "https://localhost:8000/poll/v1/" in page
    assert "http://localhost" not in page


def test_the_page_says_which_page_it_is(page: str) -> None:
    assert '<a href="/developers/" aria-current="page">Developers</a>' in page


def test_the_file_is_the_document_of_this_server(browser: Client) -> None:
    answer = browser.get(FILE, headers={"host": "localhost:8000"})
    assert answer["Content-Type"] == "application/json"
    document = json.loads(answer.content)
    assert document["servers"]["socket"] == document["servers"]["server"] | {"protocol": "ws"}
    assert document["servers"]["socket"]["host"] == "localhost:8000"


def test_a_file_that_a_client_has_is_not_sent_again(browser: Client) -> None:
    first = browser.get(FILE)
    again = browser.get(FILE, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "private" in first["Cache-Control"]
    assert browser.get(FILE, headers={"if-none-match": '"other"'}).status_code == 200


def test_another_host_has_another_file(browser: Client) -> None:
    hosts = ("localhost", "127.0.0.1")
    assert len({browser.get(FILE, headers={"host": host})["ETag"] for host in hosts}) == 2
    assert browser.get(FILE, headers={"host": "evil.example"}).status_code == 400
