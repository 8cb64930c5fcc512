"""Sign-ins, guesses, and how soon a right that is taken away ends what it opened."""

import json
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http import HTTPStatus
from statistics import median
from typing import Final
from urllib.parse import urlencode

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from dashboard.wire.registry import Close
from tests.attacks.changes import change, seconds_since
from tests.attacks.figures import Stopwatch, as_s, counted, status_of
from tests.attacks.registry import Outcome, attack
from tests.support.distant_visitor import LOGIN, DistantVisitor
from tests.support.raw import handshake, open_tcp
from tests.support.served import Served
from tests.support.visitor import Visitor
from tests.support.waiting import PATIENCE_S, wait_until

HIJACK: Final = "attack goals: cross-site WebSocket hijack"
GUESSES: Final = "attack goals: login brute force"
REVOKED: Final = "fault: rights taken away while connected"
ENDED_S: Final = 1.0
TRIES: Final = 12
TIMED: Final = 9
ORIGINS: Final = (
    "http://evil.example", "https://{host}", "http://{host}.evil.example", "http://{name}",
    "http://{name}:1", "null", "http://evil.example/{host}", "http://user@{host}", "{host}",
    "", "HTTP://EVIL.EXAMPLE", "http://xn--e1afmkfd.example", "file://", "http://localhost.evil",
)  # fmt: skip


@attack(
    f"WebSockets of foreign pages with a reader's cookie ({len(ORIGINS)} origins; two at once)",
    expected="403 or 400 to each",
    source=HIJACK,
)
def foreign_origins(served: Served) -> Outcome:
    cookie = f"Cookie: {Visitor(served, 'viewer').cookies()}\r\n"
    name = served.host.partition(":")[0]
    values = [origin.format(host=served.host, name=name) for origin in ORIGINS]
    lines = [f"Origin: {value}\r\n" for value in values]
    lines.append(f"Origin: http://{served.host}\r\nOrigin: http://evil.example\r\n")
    answers = [_shake(served, cookie + line) for line in lines]
    return Outcome(counted(answers), set(answers) <= {400, 403})


def _shake(served: Served, lines: str) -> int:
    request = handshake(served).replace(b"Authorization", b"X-Nothing").removesuffix(b"\r\n")
    with open_tcp(served) as tcp:
        tcp.sendall(request + lines.encode() + b"\r\n")
        return status_of(tcp.recv(4096))


@attack(
    "streams, polls and REST of foreign pages with the reader's cookie",
    expected="403 to each, without a price",
    source="attack goals: SSE and poll cross-site read",
)
def foreign_reads(served: Served) -> Outcome:
    visitor = DistantVisitor(served, "127.0.0.41")
    visitor.sign_in(served.passwords["viewer"])
    claims: list[dict[str, str]] = [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example"},
    ]
    paths = ("/sse/v1/?symbols=*", "/poll/v1/?symbols=*", "/api/v1/quotes", "/udf/config")
    answers = [visitor.ask("GET", path, **claim) for path in paths for claim in claims]
    leaks = sum('"p"' in text or '"price"' in text for _, text in answers)
    statuses = [status for status, _ in answers]
    is_met = set(statuses) == {403} and not leaks
    return Outcome(f"{counted(statuses)}; {leaks} with prices", is_met)


@attack(
    "forms without a token, and of a foreign origin",
    expected="403 to each",
    source="attack goals: CSRF",
)
def forged_forms(served: Served) -> Outcome:
    visitor = DistantVisitor(served, "127.0.0.42")
    visitor.sign_in(served.passwords["viewer"])
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    paths = ("/watchlist/add/", "/notifications/read/", "/accounts/tokens/", "/accounts/logout/")
    form = urlencode({"symbol": next(iter(served.board()["rows"])), "name": "x"})
    answers = [visitor.ask("POST", path, form, **kind)[0] for path in paths]
    stranger = DistantVisitor(served, "127.0.0.44")
    answers.append(stranger.send(LOGIN, "http://evil.example", login="x", password="x")[0])
    return Outcome(counted(answers), set(answers) == {403})


@attack(
    "wrong tokens: empty, none, of another account",
    expected="4401 to each",
    source="attack goals: privilege",
)
def wrong_tokens(served: Served) -> Outcome:
    wrong = [("viewer", token) for token in ("", "x", "a:b:c", "\u00ff", "9" * 8_000)]
    codes = [_code_of(served, *account) for account in (*wrong, ("admin", served.token))]
    return Outcome(counted(codes), set(codes) == {int(Close.SIGNED_OUT)})


def _code_of(served: Served, user: str, token: str) -> int | None:
    credentials = b64encode(f"{user}:{token}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}"}
    url = f"ws://{served.host}/ws/v1/"
    with connect(url, additional_headers=headers, open_timeout=PATIENCE_S) as socket:
        return _read_to_the_end(socket)[0]


def _read_to_the_end(socket: ClientConnection) -> tuple[int | None, float]:
    """Read until the socket is closed; return the code, and when that was (epoch seconds)."""
    end_s = time.monotonic() + PATIENCE_S
    try:
        while time.monotonic() < end_s:
            socket.recv(timeout=PATIENCE_S)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None, time.time()
    return None, time.time()


@attack(
    f"{TRIES} wrong passwords of one account from one address",
    expected="after 5 not even the right one opens from there; from elsewhere it does",
    source=GUESSES,
)
def wrong_passwords(served: Served) -> Outcome:
    right = served.passwords["viewer"]
    attacker = "127.0.0.66"
    checked = sum(_is_checked(served, attacker) for _ in range(TRIES))
    from_there = DistantVisitor(served, attacker).sign_in(right)[0]
    claim = DistantVisitor(served, attacker, X_Forwarded_For="192.0.2.1").sign_in(right)[0]
    elsewhere = DistantVisitor(served, "127.0.0.67").sign_in(right)[0]
    text = f"{checked} checked; right one from there {from_there}, with a forged address {claim}, "
    is_met = checked <= 5 and 302 not in (from_there, claim) and elsewhere == 302
    return Outcome(f"{text}from elsewhere {elsewhere}", is_met)


def _is_checked(served: Served, address: str) -> bool:
    return _was_checked(*DistantVisitor(served, address).sign_in("wrong"))


def _was_checked(status: int, page: str) -> bool:
    """Say whether an answer to a sign-in shows that its password was looked at."""
    return status == HTTPStatus.OK and "Too many failed login attempts" not in page


@attack(
    "wrong passwords of 60 accounts from one address",
    expected="no more than 50 are checked",
    source=GUESSES,
)
def many_accounts(served: Served) -> Outcome:
    answers = [
        DistantVisitor(served, "127.0.0.68").sign_in("wrong", user=f"nobody{number}")
        for number in range(60)
    ]
    checked = sum(_was_checked(*answer) for answer in answers)
    return Outcome(f"{checked} checked", checked <= 50)


@attack(
    "sign-in with an unknown name, and with a wrong password",
    expected="the same page, and median times within 10 %",
    source=GUESSES,
)
def unknown_names(served: Served) -> Outcome:
    times: dict[str, list[float]] = {"viewer": [], "nobody": []}
    pages = set()
    for number in range(TIMED):
        for user in times:
            visitor = DistantVisitor(served, f"127.0.1.{number + 1}")
            watch = Stopwatch()
            status, page = visitor.sign_in("wrong", user=user)
            times[user].append(watch.s)
            pages.add((status, len(page.replace(user, ""))))
    known, unknown = (median(taken) * 1000 for taken in times.values())
    text = f"{len(pages)} kinds of pages; known {known:.0f} ms, unknown {unknown:.0f} ms"
    return Outcome(text, len(pages) == 1 and abs(known - unknown) <= 0.1 * known)


@attack(
    "session id from before the sign-in",
    expected="another one afterwards",
    source="attack goals: session fixation",
)
def fixation(served: Served) -> Outcome:
    visitor = DistantVisitor(served, "127.0.0.43")
    visitor.cookies["sessionid"] = "a" * 32
    visitor.sign_in(served.passwords["viewer"])
    is_new = visitor.cookies["sessionid"] not in ("", "a" * 32)
    return Outcome("another one" if is_new else "the same", is_new)


# --- taken away while somebody reads ---


@attack(
    "token revoked: socket, stream, long-poll, and the next request",
    expected="4401, close event, 401 within 1 s; then 401",
    source=REVOKED,
)
def revoked_token(served: Served) -> Outcome:
    token = served.manage("token", "viewer", "--name", "attacked")
    rows = [row.split("\t") for row in served.manage("token", "viewer", "--list").splitlines()]
    number = next(row[0] for row in rows if row[2] == "attacked")
    viewer = Visitor(served, "viewer")

    def revoke() -> float:
        now_s = time.time()
        viewer.post("accounts/tokens/", to=f"accounts/tokens/{number}/revoke/")
        return now_s

    with _reading(served, token) as readers:
        return _taken(readers, revoke, {"socket": "4401", "stream": "4401", "long-poll": "401"})


@attack("account deactivated", expected="4401 within 1 s on all", source=REVOKED)
def deactivated(served: Served) -> Outcome:
    try:
        with _reading(served, served.token) as readers:
            expected = {"socket": "4401", "stream": "4401", "long-poll": "401"}
            code = "User.objects.filter(username='viewer').update(is_active=False)"
            return _taken(readers, lambda: change(served, code), expected)
    finally:
        change(served, "User.objects.filter(username='viewer').update(is_active=True)")


@attack("password changed", expected="4401 within 1 s on all", source=REVOKED)
def password_changed(served: Served) -> Outcome:
    """On an account of its own: the tokens of an account end with its password."""
    change(served, "User.objects.create_user('attacked', password='only for this attack')")
    token = served.manage("token", "attacked")
    code = "u = User.objects.get(username='attacked'); u.set_password('another'); u.save()"
    with _reading(served, token, user="attacked") as readers:
        expected = {"socket": "4401", "stream": "4401", "long-poll": "401"}
        return _taken(readers, lambda: change(served, code), expected)


@attack("feed restricted", expected="4409 within 1 s on socket and stream", source=REVOKED)
def feed_restricted(served: Served) -> Outcome:
    code = "from feeds.models import Feed; Feed.objects.update(is_restricted={})"
    try:
        with _reading(served, served.token) as readers:
            expected = {"socket": "4409", "stream": "4409"}
            return _taken(readers, lambda: change(served, code.format(True)), expected)
    finally:
        change(served, code.format(False))


@attack("session deleted, and session expired", expected="4401 within 1 s each", source=REVOKED)
def session_ended(served: Served) -> Outcome:
    endings = {
        "deleted": "Session.objects.all().delete()",
        "expired": "Session.objects.update(expire_date='2000-01-01T00:00:00Z')",
    }
    found = {name: _end_session(served, ending) for name, ending in endings.items()}
    text = ", ".join(f"{name}: {code} after {as_s(s)}" for name, (code, s) in found.items())
    is_met = all(code == Close.SIGNED_OUT and s <= ENDED_S for code, s in found.values())
    return Outcome(text, is_met)


def _end_session(served: Served, ending: str) -> tuple[int | None, float]:
    with Visitor(served, "viewer").open() as socket, ThreadPoolExecutor(1) as pool:
        socket.recv(timeout=PATIENCE_S)
        ended = pool.submit(_read_to_the_end, socket)
        done_s = change(served, "from django.contrib.sessions.models import Session; " + ending)
        code, ended_s = ended.result()
    return code, seconds_since(done_s, ended_s)


@attack("signed out in another tab", expected="4401 within 1 s", source=REVOKED)
def signed_out(served: Served) -> Outcome:
    viewer = Visitor(served, "viewer")
    with viewer.open() as socket, ThreadPoolExecutor(1) as pool:
        socket.recv(timeout=PATIENCE_S)
        ended = pool.submit(_read_to_the_end, socket)
        now_s = time.time()
        viewer.post("accounts/logout/", to="accounts/logout/")
        code, ended_s = ended.result()
    seconds = ended_s - now_s
    text = f"{code} after {as_s(seconds)}"
    return Outcome(text, code == Close.SIGNED_OUT and seconds <= ENDED_S)


Readers = dict[str, Future[tuple[str, float]]]


@contextmanager
def _reading(served: Served, token: str, *, user: str = "viewer") -> Iterator[Readers]:
    """Read over a socket, a stream and a long-poll; each says why it ended, and when."""
    before = served.census()["connections"]
    account = b64encode(f"{user}:{token}".encode()).decode()
    position = served.board()["position"]
    paths = {
        "stream": "/sse/v1/?channels=status",
        "long-poll": f"/poll/v1/?channels=status&since={position}&wait=30",
    }
    url = f"ws://{user}:{token}@{served.host}/ws/v1/"
    with (
        connect(url, compression=None, open_timeout=PATIENCE_S) as socket,
        ThreadPoolExecutor(3) as pool,
    ):
        readers: Readers = {"socket": pool.submit(_socket_end, socket)}
        for name, path in paths.items():
            readers[name] = pool.submit(_http_end, served, path, account)
        with suppress(AssertionError):  # the table then says what it was that did not begin
            wait_until(lambda: served.census()["connections"] >= before + 3, 10)
        yield readers


def _socket_end(socket: ClientConnection) -> tuple[str, float]:
    code, ended_s = _read_to_the_end(socket)
    return str(code), ended_s


def _http_end(served: Served, path: str, account: str) -> tuple[str, float]:
    """Ask, and read to the end; return the code of a close event, else the status."""
    request = f"GET {path} HTTP/1.1\r\nHost: {served.host}\r\nAuthorization: Basic {account}\r\n"
    received, code = b"", ""
    with open_tcp(served) as tcp:
        tcp.sendall((request + "Connection: close\r\n\r\n").encode())
        with suppress(TimeoutError):
            while piece := tcp.recv(65_536):
                received = received[-4096:] + piece if code else received + piece
                code = str(status_of(received) or code)
    event = received.rpartition(b"event: close\ndata: ")
    if event[1]:
        code = str(json.loads(event[2].partition(b"\n")[0])["code"])
    return code, time.time()


def _taken(readers: Readers, take: Callable[[], float], expected: dict[str, str]) -> Outcome:
    """Take a right away; `take` returns when that was done (epoch seconds)."""
    taken_s = take()
    ends = {name: readers[name].result() for name in expected}
    delays = {name: seconds_since(taken_s, ended_s) for name, (_, ended_s) in ends.items()}
    codes = {name: code for name, (code, _) in ends.items()}
    text = ", ".join(f"{name}: {code} after {as_s(delays[name])}" for name, code in codes.items())
    is_met = codes == expected and max(delays.values()) <= ENDED_S
    return Outcome(text, is_met)
