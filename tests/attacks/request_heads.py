"""Request lines and headers that are too long, ambiguous or not what they say."""

from collections.abc import Callable
from typing import Final

from dashboard.servers.limits import LIMITS, MIB
from tests.attacks.figures import as_mib, counted, status_of
from tests.attacks.registry import Outcome, attack
from tests.support.heads import HEADS, LARGE_MIB, send_endless
from tests.support.log_lines import lines_beside_market
from tests.support.memory import GrowthWatch
from tests.support.raw import open_tcp, read_to_the_end
from tests.support.scopes import CONTROLS, NAMES, over_a_socket, over_http, scope_of, values_of
from tests.support.served import Served

GROWTH_BYTES: Final = 4 * MIB
ASKS: Final = (over_http, over_a_socket)
HEADERS: Final = "issue: behind a proxy"
SMUGGLED: Final = {
    "two lengths": b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    "a length and chunks": b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
    "a length with a sign": b"Content-Length: +1\r\n\r\nx",
    "a negative length": b"Content-Length: -1\r\n\r\nx",
    "a length in hex": b"Content-Length: 0x1\r\n\r\nx",
    "an empty length": b"Content-Length: \r\n\r\n",
    "an unknown coding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks before another coding": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a vertical tab": b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a bare CR": b"X: a\rY: b\r\n\r\n",
    "a chunk size that is not a number": b"Transfer-Encoding: chunked\r\n\r\nzz\r\nx\r\n0\r\n\r\n",
}


@attack(
    f"request lines and headers without an end ({len(HEADS)} kinds, {LARGE_MIB} MiB each)",
    expected="431 or 400, closed, and 4 MiB more memory at most",
    source="issue: one endless header",
)
def endless_heads(served: Served) -> Outcome:
    answers, most = [], 0
    for kind in HEADS:
        with GrowthWatch(served) as growth:
            answers.append(status_of(send_endless(served, kind)))
        most = max(most, growth.bytes)
    is_met = set(answers) <= {400, 431} and most <= GROWTH_BYTES
    return Outcome(f"{counted(answers)}, +{as_mib(most)} at most", is_met)


@attack(
    f"{LIMITS.headers + 1} headers",
    expected="431, over HTTP and for a WebSocket",
    source="attack goals: smuggling and header injection",
)
def too_many_headers(served: Served) -> Outcome:
    lines = b"X: x\r\n" * (LIMITS.headers + 1)
    answers = [status_of(ask(served, lines)) for ask in ASKS]
    return Outcome(counted(answers), set(answers) == {431})


@attack(
    f"control bytes in a header's value ({len(CONTROLS)}, over HTTP and for a WebSocket)",
    expected="400, and a line of the log that names the header",
    source=HEADERS,
)
def control_bytes(served: Served) -> Outcome:
    tried = [(ask, control) for ask in ASKS for control in CONTROLS]
    refused = [_is_refused_by_name(served, ask, control) for ask, control in tried]
    return Outcome(f"{sum(refused)} of {len(tried)} refused and logged", all(refused))


def _is_refused_by_name(
    served: Served, ask: Callable[[Served, bytes], bytes], control: int
) -> bool:
    name = f"X-Attack-{ask.__name__}-{control}"
    answer = ask(served, name.encode() + b": a" + bytes([control]) + b"b\r\n")
    return status_of(answer) == 400 and name in served.log()


@attack(
    f"byte 0x85 and others of UTF-8 in a header's value ({len(NAMES)} names)",
    expected="they arrive unchanged, and 0x85 begins no header",
    source=HEADERS,
)
def utf_8(served: Served) -> Outcome:
    values = [name.encode() for name in NAMES] + [b"a\x85X-Forged: 1"]
    tried = [(ask, value) for ask in ASKS for value in values]
    right = [_arrives(ask(served, b"X-Name: " + value + b"\r\n"), value) for ask, value in tried]
    return Outcome(f"{sum(right)} of {len(tried)} unchanged", all(right))


def _arrives(answer: bytes, value: bytes) -> bool:
    if b'{"' not in answer:
        return False
    return values_of(answer, "x-name") == [value] and not values_of(answer, "x-forged")


@attack(
    "Daphne-Root-Path of a client",
    expected="no link of a page changes",
    source="attack goals: Daphne-Root-Path from client",
)
def root_path(served: Served) -> Outcome:
    line = b"Daphne-Root-Path: /evil\r\n"
    paths = [scope_of(ask(served, line))["root_path"] for ask in ASKS]
    own = f"GET /accounts/login/ HTTP/1.1\r\nHost: {served.host}\r\nConnection: close\r\n"
    with open_tcp(served) as tcp:
        tcp.sendall(own.encode() + line + b"\r\n")
        page = read_to_the_end(tcp)
    count = page.count(b"/evil")
    is_met = paths == ["", ""] and status_of(page) == 200 and count == 0
    return Outcome(f"root path {paths}, {count} links changed", is_met)


@attack(
    f"requests that two servers read differently ({len(SMUGGLED)} kinds)",
    expected="400 or 501, once, and the connection ends",
    source="attack goals: smuggling and header injection",
)
def smuggling(served: Served) -> Outcome:
    found = {kind: _answer_to(served, rest) for kind, rest in SMUGGLED.items()}
    wrong = {kind: answer for kind, answer in found.items() if answer not in ("400", "501")}
    text = counted(found.values())
    return Outcome(text, not wrong, ", ".join(f"{kind}: {got}" for kind, got in wrong.items()))


def _answer_to(served: Served, rest: bytes) -> str:
    """Return the status of each answer to a request with another one behind it."""
    start = f"POST /accounts/login/ HTTP/1.1\r\nHost: {served.host}\r\n".encode()
    second = f"GET /version/ HTTP/1.1\r\nHost: {served.host}\r\nConnection: close\r\n\r\n".encode()
    with open_tcp(served) as tcp:
        tcp.sendall(start + rest + second)
        answer = read_to_the_end(tcp)
    statuses = [part[1:4].decode() for part in answer.split(b"HTTP/1.1")[1:]]
    return " and ".join(statuses)


@attack(
    "a foreign Host",
    expected="400, 403 or 404, and one line of the log at most",
    source="issue: nobody can knock it over",
)
def foreign_host(served: Served) -> Outcome:
    before = len(served.log())
    with open_tcp(served) as tcp:
        tcp.sendall(b"GET /accounts/login/ HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        answer = tcp.recv(65_536)
    lines = lines_beside_market(served.log()[before:])
    is_met = status_of(answer) in (400, 403, 404) and len(lines) <= 1
    return Outcome(f"{status_of(answer)}, {len(lines)} lines", is_met)
