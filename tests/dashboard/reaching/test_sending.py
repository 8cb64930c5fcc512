"""What a parcel is sent as, with which time it is signed, and what an answer means."""

from pathlib import Path

import pytest

from dashboard.reaching.claims import Parcel, SendOutcome
from dashboard.reaching.outgoing import Reply
from dashboard.reaching.sending import Sender
from dashboard.reaching.vapid import VapidKey
from feeds.clock import SystemClock
from tests.support.push_browser import PushBrowser, claims_of
from tests.support.receiver import Arrival

ADDRESS = "https://push.example:8443/a"


class SetClock(SystemClock):
    """A clock that stands, late in a second."""

    def now_ms(self) -> int:
        return 1_790_000_000_999


class Line:
    """Takes what is posted, and answers it."""

    def __init__(self, status: int, wait_s: float = 0.0) -> None:
        self.posts: list[tuple[str, bytes, dict[str, str]]] = []
        self.reply = Reply(status, wait_s)

    async def post(self, address: str, body: bytes, headers: dict[str, str]) -> Reply:
        self.posts.append((address, body, headers))
        return self.reply


@pytest.fixture
def vapid(tmp_path: Path) -> VapidKey:
    return VapidKey(tmp_path / "vapid_key.pem", subject="mailto:market@m.example")


def parcel(kind: str, **more: object) -> Parcel:
    facts = {
        "dispatch_id": 1, "destination_id": 2, "user_id": 3, "attempt": 1, "kind": kind,
        "address": ADDRESS, "message_id": "test_1", "body": b"{}",
    }  # fmt: skip
    return Parcel(**(facts | more))


async def test_a_push_says_when_its_token_ends_and_how_urgent_it_is(vapid) -> None:
    line, browser = Line(201), PushBrowser()
    sender = Sender(line, vapid, clock=SetClock())
    for level in ("warning", "critical"):
        sent = parcel("push", level=level, **browser.fields(ADDRESS))
        assert await sender.send(sent) == SendOutcome(status=201)
    arrivals = [
        Arrival("/a", {name.lower(): value for name, value in headers.items()}, body)
        for _, body, headers in line.posts
    ]
    assert [browser.read(arrival) for arrival in arrivals] == [{}, {}]
    assert [arrival.headers["urgency"] for arrival in arrivals] == ["normal", "high"]
    assert arrivals[0].headers["content-type"] == "application/octet-stream"
    assert claims_of(arrivals[0], vapid.public) == {
        "aud": "https://push.example:8443",
        "exp": 1_790_000_000 + 12 * 3600,
        "sub": "mailto:market@m.example",
    }


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (199, "The answer was 199."),
        (200, ""),
        (299, ""),
        (300, "The answer was 300, a redirect, which is not followed."),
        (399, "The answer was 399, a redirect, which is not followed."),
        (400, "The answer was 400."),
    ],
)
async def test_a_webhook_is_signed_with_the_second_and_its_answer_is_judged(
    vapid, status: int, error: str
) -> None:
    line = Line(status, 7.5)
    sender = Sender(line, vapid, clock=SetClock())
    outcome = await sender.send(parcel("webhook", keys=("whsec_AAAA",)))
    assert outcome == SendOutcome(status=status, error=error, asked_s=7.5)
    assert outcome.is_good is (error == "")
    [(address, body, headers)] = line.posts
    assert (address, body) == (ADDRESS, b"{}")
    assert headers["Content-Type"] == "application/json"
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("test_1", "1790000000")
