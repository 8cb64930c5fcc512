"""Whatever is sent, the sender gets a documented error or close code, and nobody else notices."""

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from dashboard.delivery.subscriber import BAD_MESSAGES, COMMAND_BURST
from dashboard.loadtest.reader import Reader
from dashboard.wire.registry import MESSAGE_BYTES, Close
from tests.support.log_lines import lines_beside_market
from tests.support.raw import open_tcp
from tests.support.served import Served
from tests.support.waiting import PATIENCE_S, until

pytestmark = pytest.mark.slow


async def receive(socket: ClientConnection) -> dict:
    return json.loads(await asyncio.wait_for(socket.recv(), 10))


async def answer(socket: ClientConnection) -> dict:
    """Return the next answer to a command."""
    while True:
        frame = await receive(socket)
        if "success" in frame:
            return frame


async def close_code(socket: ClientConnection) -> int:
    """Read until the server ends the connection."""
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            await asyncio.wait_for(socket.recv(), 10)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


@pytest.fixture
async def socket(served: Served) -> AsyncIterator[ClientConnection]:
    async with connect(served.socket_url, compression=None) as socket:
        assert (await receive(socket))["type"] == "welcome"
        yield socket


@pytest.fixture
async def witness(served: Served) -> AsyncIterator[Reader]:
    """Another reader, who must not notice anything meanwhile."""
    reader = Reader()

    async def read(socket: ClientConnection) -> None:
        async for text in socket:
            reader.apply(json.loads(text))

    async with connect(served.socket_url) as socket:
        await socket.send(
            '{"method":"subscribe","params":{"channel":"ticker","symbols":["*"]},"id":1}'
        )
        reading = asyncio.ensure_future(read(socket))
        yield reader
        assert not reading.done(), "the witness was cut"
        before = sum(reader.ticks.values())
        await until(lambda: sum(reader.ticks.values()) > before)
        reading.cancel()


BAD = [
    ("{", "bad_frame"),
    (b"\x00\xff", "bad_frame"),
    ("", "bad_frame"),
    ("[1,2]", "bad_parameters"),
    ("null", "bad_parameters"),
    ('{"method":"dance","id":1}', "unknown_method"),
    ('{"method":"subscribe","params":{"channel":"gossip"}}', "unknown_channel"),
    ('{"method":"subscribe","params":{"channel":"ticker","symbols":{"a":1}}}', "bad_parameters"),
    ('{"method":"subscribe","params":{"channel":["ticker"]}}', "bad_parameters"),
    ('{"method":"set","params":{"max_rate":"fast"}}', "bad_parameters"),
    ('{"method":"ping","params":' + "[" * 60_000, "bad_frame"),
]


@pytest.mark.parametrize(("message", "name"), BAD)
async def test_a_bad_message_gets_its_error_and_the_socket_stays(
    socket: ClientConnection, witness: Reader, message: str | bytes, name: str
) -> None:
    await socket.send(message)
    assert (await answer(socket))["error"]["name"] == name
    await socket.send('{"method":"ping","id":"still here"}')
    assert (await answer(socket))["id"] == "still here"


async def test_unknown_symbols_are_rejected_one_by_one(socket: ClientConnection) -> None:
    symbols = ["", "nvx~", "'; drop table", "\u202e", "X" * 300, "*" * 2]
    params = {"channel": "ticker", "symbols": symbols}
    await socket.send(json.dumps({"method": "subscribe", "params": params, "id": 1}))
    result = (await answer(socket))["result"]
    assert result["symbols"] == []
    assert set(result["rejected"]) == set(symbols)


async def test_too_many_symbols_are_refused(socket: ClientConnection) -> None:
    params = {"channel": "ticker", "symbols": [f"S{number}" for number in range(812)]}
    await socket.send(json.dumps({"method": "subscribe", "params": params, "id": 1}))
    error = (await answer(socket))["error"]
    assert error == {
        "code": 405, "name": "too_many_symbols",
        "message": "limit is 500 symbols, was 812", "retry": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    "message",
    [
        json.dumps({"method": "subscribe", "params": {"symbols": ["ABCDEF"] * 100_000}}),
        "x" * 1_000_000,
        b"x" * 1_000_000,
        "x" * (MESSAGE_BYTES + 1),
    ],
    ids=["100,000 symbols", "1 MB of text", "1 MB of bytes", "one byte too many"],
)
async def test_a_message_too_big_ends_the_socket_with_its_code(
    socket: ClientConnection, witness: Reader, message: str | bytes
) -> None:
    await socket.send(message)
    assert await close_code(socket) == Close.TOO_BIG


def of_size(size: int) -> str:
    """Return a ping of so many bytes, with a third as many characters."""
    head, tail = '{"method":"ping","id":1,"params":{"x":"', '"}}'
    count, rest = divmod(size - len(head) - len(tail), len("€".encode()))
    return head + "€" * count + "x" * rest + tail


@pytest.mark.parametrize("parts", [1, 5])
async def test_the_limit_of_a_message_counts_the_bytes_of_its_letters(
    socket: ClientConnection, parts: int
) -> None:
    def cut(text: str) -> str | list[str]:
        size = -(-len(text) // parts)
        return text if parts == 1 else [text[i : i + size] for i in range(0, len(text), size)]

    await socket.send(cut(of_size(MESSAGE_BYTES)))
    assert (await answer(socket))["method"] == "pong"
    await socket.send(cut(of_size(MESSAGE_BYTES + 1)))
    assert await close_code(socket) == Close.TOO_BIG


async def test_a_message_too_big_in_fragments_is_refused(socket: ClientConnection) -> None:
    """Daphne's limit is one of frames, so that the application answers; uvicorn counts messages,
    and its goodbye is lost with the line when more fragments come after it."""
    await socket.send("x" * 1000 for _ in range(MESSAGE_BYTES // 1000 + 2))
    try:
        reply = (await answer(socket))["error"]["name"]
    except ConnectionClosed as closed:
        reply = closed.rcvd and closed.rcvd.code
    assert reply in ("bad_frame", Close.TOO_BIG, None)


async def test_invalid_utf8_ends_the_socket_with_the_code_of_the_protocol(
    socket: ClientConnection,
) -> None:
    await socket.send(b"\xff\xfe", text=True)
    assert await close_code(socket) == 1007


async def test_too_many_bad_messages_end_the_socket(
    socket: ClientConnection, witness: Reader
) -> None:
    for _ in range(BAD_MESSAGES):
        await socket.send("{")
    assert await close_code(socket) == Close.BAD_FRAME


async def test_a_flood_ends_the_socket(socket: ClientConnection, witness: Reader) -> None:
    for _ in range(20 * COMMAND_BURST):
        await socket.send('{"method":"ping"}')
    assert await close_code(socket) == Close.TOO_MANY


@pytest.mark.parametrize("since", ["junk", "ffffffff:1", "x:99999999999999999999", "", "0:0"])
async def test_a_junk_position_gets_a_snapshot(socket: ClientConnection, since: str) -> None:
    params = {"channel": "ticker", "symbols": ["*"], "since": since}
    await socket.send(json.dumps({"method": "subscribe", "params": params, "id": 1}))
    assert (await answer(socket))["result"]["resumed"] is False
    snapshot = await receive(socket)
    assert (snapshot["type"], snapshot["gap"]) == ("snapshot", True)


async def refused_with(url: str, **options: object) -> int:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(url, **options):
            pass
    return refused.value.response.status_code


@pytest.mark.parametrize("path", ["/", "/ws/", "/ws/v1", "/ws/v2/", "/nope"])
async def test_an_address_without_a_socket_is_refused(served: Served, path: str) -> None:
    assert await refused_with(f"ws://{served.host}{path}") == 403


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "https://{host}", "http://{host}.evil.example", "http://{name}",
     "http://{name}:1", "null", "http://evil.example/{host}", "http://user@{host}", "{host}", ""],
)  # fmt: skip
async def test_a_foreign_origin_gets_nothing(served: Served, origin: str) -> None:
    own = origin.format(host=served.host, name=served.host.partition(":")[0])
    assert await refused_with(f"ws://{served.host}/ws/v1/", origin=own) in (400, 403)


async def test_no_origin_and_no_token_gets_nothing(served: Served) -> None:
    assert await refused_with(f"ws://{served.host}/ws/v1/") == 403


async def test_our_page_signed_out_hears_so_and_gets_nothing(served: Served) -> None:
    async with connect(f"ws://{served.host}/ws/v1/", origin=f"http://{served.host}") as socket:
        assert await close_code(socket) == Close.SIGNED_OUT


@pytest.mark.parametrize("token", ["", "x", "a:b:c", "\u00ff"])
async def test_a_wrong_token_gets_nothing(served: Served, token: str) -> None:
    url = f"ws://{served.host}/ws/v1/"
    headers = {"Authorization": "Basic " + _basic("viewer", token)}
    async with connect(url, additional_headers=headers) as socket:
        assert await close_code(socket) == Close.SIGNED_OUT


def _basic(user: str, token: str) -> str:
    import base64

    return base64.b64encode(f"{user}:{token}".encode()).decode()


async def test_a_token_opens_only_its_own_account(served: Served) -> None:
    headers = {"Authorization": "Basic " + _basic("admin", served.token)}
    async with connect(f"ws://{served.host}/ws/v1/", additional_headers=headers) as socket:
        assert await close_code(socket) == Close.SIGNED_OUT


def poll(served: Served, query: str, **headers: str) -> tuple[int, bytes]:
    authorization = {"Authorization": "Basic " + _basic("viewer", served.token)}
    request = Request(f"{served.url}poll/v1/{query}", headers=headers or authorization)
    try:
        with urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, error.read()


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("?symbols=" + "A," * 501 + "B", None),
        ("?symbols=" + ",".join(f"S{n}" for n in range(501)), "too_many_symbols"),
        ("?" + "a=1&" * 100, "bad_parameters"),
    ],
)
def test_a_bad_poll_gets_its_error(served: Served, query: str, name: str | None) -> None:
    status, body = poll(served, query)
    if name is None:
        assert status == 200
    else:
        assert (status, json.loads(body)["error"]["name"]) == (400, name)


@pytest.mark.parametrize("since", ["junk", "%00", "ffffffff:1", "x" * 5000, "", ":5", "e:5%20"])
def test_a_poll_from_a_junk_position_gets_a_snapshot(served: Served, since: str) -> None:
    named = "channels=ticker,trades,bars,depth,status&symbols=*&bars=NVX&depth=NVX"
    status, body = poll(served, f"?{named}&since={since}")
    kinds = [(f["channel"], f.get("type"), f.get("gap")) for f in json.loads(body)["frames"]]
    assert status == 200
    snapshots = {kind for kind in kinds if kind[1] == "snapshot"}
    assert snapshots == {
        (channel, "snapshot", True) for channel in ("ticker", "trades", "bars", "depth", "status")
    }


def test_a_poll_of_nobody_is_refused(served: Served) -> None:
    assert poll(served, "", Accept="*/*")[0] == 403
    assert poll(served, "", **{"Sec-Fetch-Site": "same-origin"})[0] == 401
    assert poll(served, "", **{"Sec-Fetch-Site": "cross-site"})[0] == 403
    assert poll(served, "", Authorization="Basic x")[0] == 401


def test_only_get_polls(served: Served) -> None:
    request = Request(f"{served.url}poll/v1/", data=b"x", method="POST")
    with pytest.raises(HTTPError) as refused:
        urlopen(request, timeout=PATIENCE_S)
    assert refused.value.code == 405


@pytest.mark.parametrize(
    "path", ["/", "/accounts/login/", "/admin/", "/api/v1/quotes", "/static/x.js", "/no/page"]
)
def test_a_foreign_host_is_one_line_of_the_log(served: Served, path: str) -> None:
    before = served.log()
    with open_tcp(served) as tcp:
        tcp.sendall(f"GET {path} HTTP/1.1\r\nHost: evil.example\r\n\r\n".encode())
        answer = tcp.recv(65_536)
    said = served.log().removeprefix(before)
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 403 ", b"HTTP/1.1 404 "))
    assert len(lines_beside_market(said)) <= 1
    assert "Traceback" not in said
