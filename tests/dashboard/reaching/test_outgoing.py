"""Requests to addresses of people: over real sockets, checked, pinned, bounded."""

import asyncio
import datetime
import ssl
from ipaddress import ip_network

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from dashboard.exceptions import SendFailed
from dashboard.reaching import outgoing as outgoing_module
from dashboard.reaching.endpoints import ReachRules
from dashboard.reaching.outgoing import Outgoing, Reply
from feeds.clock import SystemClock
from tests.support.receiver import HANG, receiving

LOOPBACK = ReachRules(http=True, networks=(ip_network("127.0.0.0/8"),))


def outgoing(rules: ReachRules = LOOPBACK, names: dict[str, list[str]] | None = None) -> Outgoing:
    def resolve(host: str, port: int) -> list[str]:
        found = (names or {}).get(host)
        if found is None:
            raise OSError("unknown")
        return found

    return Outgoing(rules, clock=SystemClock(), resolve=resolve)


async def test_a_post_arrives_as_it_was_sent() -> None:
    async with receiving() as receiver:
        reply = await outgoing().post(receiver.url, b"{}", {"Content-Type": "application/json"})
    assert reply == Reply(204)
    (arrival,) = receiver.arrivals
    assert (arrival.target, arrival.body) == ("/hook?a=1", b"{}")
    assert arrival.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert arrival.headers["content-type"] == "application/json"


async def test_a_name_goes_to_the_address_that_was_checked() -> None:
    """The name is looked up once: a second answer could lead elsewhere."""
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    async with receiving() as receiver:
        sender = Outgoing(LOOPBACK, clock=SystemClock(), resolve=resolve)
        url = f"http://hook.example:{receiver.port}/"
        assert (await sender.post(url, b"", {})).status == 204
        assert receiver.arrivals[0].headers["host"] == f"hook.example:{receiver.port}"
        with pytest.raises(SendFailed, match="private or reserved"):
            await sender.post(url, b"", {})
    assert asked == ["hook.example", "hook.example"]
    assert len(receiver.arrivals) == 1


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["8.8.8.8", "::1"], ["2606:4700::1", "10.0.0.1"],
     ["::ffff:127.0.0.1"], ["fe80::1%2"], ["169.254.169.254"]],
)  # fmt: skip
async def test_a_name_with_one_private_address_is_refused(addresses, monkeypatch) -> None:
    connected = []
    monkeypatch.setattr(asyncio, "open_connection", lambda *args, **_: connected.append(args))
    with pytest.raises(SendFailed, match="private or reserved"):
        await outgoing(ReachRules(), {"a.example": addresses}).post("https://a.example/", b"", {})
    assert connected == []


async def test_the_system_resolver_is_checked_as_well() -> None:
    """What libraries take for an address without being one: `localhost` and old forms."""
    sender = Outgoing(ReachRules(http=True), clock=SystemClock())
    for host in ("localhost", "127.1", "2130706433", "[::ffff:127.0.0.1]"):
        with pytest.raises(SendFailed, match="private or reserved"):
            await sender.post(f"http://{host}:8080/", b"", {})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_answer_and_is_not_followed(status: int) -> None:
    async with receiving() as private, receiving() as receiver:
        receiver.answers = [f"HTTP/1.1 {status} Moved\r\nLocation: {private.url}\r\n\r\n"]
        assert (await outgoing().post(receiver.url, b"", {})).status == status
        assert private.arrivals == []


async def test_the_receiver_may_ask_for_a_wait() -> None:
    async with receiving() as receiver:
        receiver.answers = [
            "HTTP/1.1 429 Busy\r\nRetry-After: 7\r\n\r\n",
            "HTTP/1.1 503 Away\r\nRetry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n\r\n",
            "HTTP/1.1 503 Away\r\nRetry-After: soon\r\n\r\n",
        ]
        replies = [await outgoing().post(receiver.url, b"", {}) for _ in range(3)]
    assert replies == [Reply(429, 7.0), Reply(503, 0.0), Reply(503, 0.0)]


@pytest.mark.parametrize(
    ("asked", "wait_s"),
    [
        ("0", 0),
        ("1234567890", 123_456_789),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 90),
        ("Wed, 21 Oct 2015 07:26:29 GMT", 0),
        ("", 0),
        ("-5", 0),
        ("1.5", 0),
        ("٣", 0),
    ],
)
def test_a_wait_is_a_number_of_seconds_or_a_date(monkeypatch, asked: str, wait_s: float) -> None:
    monkeypatch.setattr(SystemClock, "now_ms", lambda _: 1_445_412_390_000)
    assert outgoing()._wait_of(asked) == wait_s


async def test_a_receiver_that_speaks_no_tls_is_a_failure_that_says_so(monkeypatch) -> None:
    async def serve(self, reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    monkeypatch.setattr("tests.support.receiver.Receiver.serve", serve)
    async with receiving() as receiver:
        with pytest.raises(SendFailed) as failure:
            await outgoing().post(receiver.url.replace("http", "https", 1), b"", {})
    assert str(failure.value) == "TLS failed: there is no common protocol."


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("SSH-2.0-x\r\n", "no HTTP"),
        ("HTTP/1.1 20", "no HTTP"),
        ("\r\n", "no HTTP"),
        ("HTTP/1.1 100 Continue\r\n\r\n", "no HTTP"),
        ("HTTP/1.1 200 OK\r\nX: " + "y" * 70_000 + "\r\n\r\n", "no HTTP"),
    ],
)
async def test_what_is_no_answer_is_a_failure(answer: str, why: str) -> None:
    async with receiving() as receiver:
        receiver.answers = [answer]
        with pytest.raises(SendFailed, match=why):
            await outgoing().post(receiver.url, b"", {})


@pytest.mark.parametrize("answer", [HANG, "HTTP/1.1 100 Continue\r\n\r\n" * 3])
async def test_a_receiver_that_hangs_is_left_in_time(answer: str, monkeypatch) -> None:
    monkeypatch.setattr(outgoing_module, "TOTAL_S", 0.05)

    async def drip(self, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer.encode())
        await reader.read()
        writer.close()

    monkeypatch.setattr("tests.support.receiver.Receiver.serve", drip)
    async with receiving() as receiver:
        with pytest.raises(SendFailed, match="No answer within"):
            await outgoing().post(receiver.url, b"", {})


async def test_a_name_that_takes_for_ever_holds_nobody_up(monkeypatch) -> None:
    monkeypatch.setattr(outgoing_module, "LOOKUPS", 1)
    end = asyncio.Event()
    loop = asyncio.get_running_loop()

    def resolve(host: str, port: int) -> list[str]:
        asyncio.run_coroutine_threadsafe(end.wait(), loop).result()
        return []

    sender = Outgoing(LOOPBACK, clock=SystemClock(), resolve=resolve)
    with monkeypatch.context() as patch:
        patch.setattr(outgoing_module, "TOTAL_S", 0.05)
        with pytest.raises(SendFailed, match="No answer within"):
            await sender.post("http://slow.example/", b"", {})
    with pytest.raises(SendFailed, match="Too many names"):
        await sender.post("http://other.example/", b"", {})
    end.set()
    while sender._lookups:
        await asyncio.sleep(0)
    with pytest.raises(SendFailed, match="no address"):
        await sender.post("http://other.example/", b"", {})


async def test_nobody_listens_and_nobody_is_known() -> None:
    async with receiving() as receiver:
        url = receiver.url
    with pytest.raises(SendFailed, match="connection failed"):
        await outgoing().post(url, b"", {})
    with pytest.raises(SendFailed, match="no address"):
        await outgoing().post("https://nobody.example/", b"", {})


def certificate(tmp_path, name: str):
    """Make a certificate for a name that only those trust who are told to."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
        .public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = tmp_path / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


async def test_tls_is_for_the_name_and_not_for_the_address(tmp_path, monkeypatch) -> None:
    file = certificate(tmp_path, "hook.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    names = {"hook.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]}
    with pytest.raises(SendFailed, match="certificate is not good"):
        await outgoing(names=names).post(f"https://hook.example:{port}/", b"", {})
    trusting = outgoing(names=names)
    trusting._tls = ssl.create_default_context(cafile=str(file))
    assert (await trusting.post(f"https://hook.example:{port}/", b"", {})).status == 200
    with pytest.raises(SendFailed, match="certificate is not good"):
        await trusting.post(f"https://other.example:{port}/", b"", {})
    server.close()
