"""Bodies that are too large for anybody's memory."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from dashboard.servers.limits import MIB
from tests.attacks.figures import as_mib, status_of
from tests.attacks.registry import Outcome, attack
from tests.support.bodies import chunked, head, known, send
from tests.support.memory import GrowthWatch
from tests.support.raw import open_tcp
from tests.support.served import Served

LARGE_BYTES: Final = 100 * MIB
GROWTH_BYTES: Final = 4 * MIB
TOGETHER: Final = 10
GOAL: Final = "413, and 4 MiB more memory at most"
SOURCE: Final = "attack goals: body bomb"
Kind = Callable[[int], tuple[str, Iterator[bytes]]]


@attack("body of 100 MB of a known length, not signed in", expected=GOAL, source=SOURCE)
def known_length(served: Served) -> Outcome:
    return _measure(served, known)


@attack("body of 100 MB in chunks, not signed in", expected=GOAL, source=SOURCE)
def in_chunks(served: Served) -> Outcome:
    return _measure(served, chunked)


@attack("body of 100 MB, signed in with a token", expected=GOAL, source=SOURCE)
def signed_in(served: Served) -> Outcome:
    return _measure(served, known, signed_in=True)


@attack("body of 100 MB to an address that does not exist", expected=GOAL, source=SOURCE)
def to_nowhere(served: Served) -> Outcome:
    return _measure(served, chunked, path="/nowhere/")


@attack(
    f"{TOGETHER} bodies of 100 MB at once",
    expected="413 to each, and 4 MiB more memory for each at most",
    source=SOURCE,
)
def together(served: Served) -> Outcome:
    with GrowthWatch(served) as growth, ThreadPoolExecutor(TOGETHER) as pool:
        post = partial(_post, served, "/accounts/login/", signed_in=False)
        answers = list(pool.map(post, [known, chunked] * (TOGETHER // 2)))
    refused = sum(status_of(answer) == 413 for answer in answers)
    text = f"{refused} of {TOGETHER} got 413, +{as_mib(growth.bytes)} together"
    return Outcome(text, refused == TOGETHER and growth.bytes <= TOGETHER * GROWTH_BYTES)


@attack(
    "body of 1 TB that is only announced", expected="413 before any of it is sent", source=SOURCE
)
def announced(served: Served) -> Outcome:
    with open_tcp(served) as tcp:
        tcp.sendall(head(served, "/accounts/login/", f"Content-Length: {10**12}"))
        answer = tcp.recv(4096)
    return Outcome(f"{status_of(answer)}", status_of(answer) == 413)


def _measure(
    served: Served, kind: Kind, *, path: str = "/accounts/login/", signed_in: bool = False
) -> Outcome:
    with GrowthWatch(served) as growth:
        answer = _post(served, path, kind, signed_in=signed_in)
    is_met = status_of(answer) == 413 and growth.bytes <= GROWTH_BYTES
    return Outcome(f"{status_of(answer)}, +{as_mib(growth.bytes)}", is_met)


def _post(served: Served, path: str, kind: Kind, *, signed_in: bool) -> bytes:
    line, pieces = kind(LARGE_BYTES)
    with open_tcp(served) as tcp:
        return send(tcp, head(served, path, line, signed_in=signed_in), pieces)
