"""Signatures of webhooks, and when what failed is sent again."""

from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.reaching.retries import ATTEMPTS, LONGEST_WAIT_S, wait_s
from dashboard.reaching.signing import PREFIX, make_webhook_secret, signed_headers


def test_the_example_of_the_specification_has_this_signature() -> None:
    """The example of standardwebhooks.com, in the README of its libraries."""
    headers = signed_headers(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        body=b'{"test": 2432232314}',
        at_s=1614265330,
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_two_secrets_make_two_signatures() -> None:
    keys = [make_webhook_secret(), make_webhook_secret()]
    assert keys[0] != keys[1]
    assert all(key.startswith(PREFIX) for key in keys)
    assert [len(b64decode(key.removeprefix("whsec_"))) for key in keys] == [32, 32]
    both = signed_headers(keys, message_id="a", body=b"", at_s=1)["webhook-signature"]
    apart = [signed_headers([key], message_id="a", body=b"", at_s=1) for key in keys]
    assert both.split(" ") == [headers["webhook-signature"] for headers in apart]


@given(st.integers(1, ATTEMPTS - 1), st.floats(0, 1), st.floats(0, 10**9))
def test_waits_grow_are_bounded_and_never_shorter_than_asked(attempt, chance, asked_s) -> None:
    waits = wait_s(attempt, asked_s=asked_s, chance=chance)
    assert 2.5 <= waits <= LONGEST_WAIT_S
    assert waits >= min(asked_s, LONGEST_WAIT_S)
    later = wait_s(attempt + 1, asked_s=0, chance=0)
    assert later is None or later >= wait_s(attempt, asked_s=0, chance=chance)


@pytest.mark.parametrize(
    ("attempt", "asked_s", "chance", "expected"),
    [
        (1, 0, 0, 5),
        (1, 0, 1, 2.5),
        (1, 0, 0.5, 3.75),
        (2, 0, 0, 10),
        (1, 7, 0, 7),
        (10, 0, 0, 2560),
        (11, 0, 0, 3600),
        (11, 0, 1, 1800),
        (1, 3600, 0, 3600),
        (1, 3601, 0, 3600),
        (12, 0, 0, None),
    ],
)
def test_a_wait_doubles_up_to_an_hour(attempt, asked_s, chance, expected) -> None:
    assert wait_s(attempt, asked_s=asked_s, chance=chance) == expected


@pytest.mark.parametrize("attempt", [ATTEMPTS, ATTEMPTS + 1])
def test_the_last_attempt_is_the_last(attempt: int) -> None:
    assert wait_s(attempt, asked_s=5, chance=0) is None
    assert 3600 < sum(wait_s(each, asked_s=0, chance=0) for each in range(1, ATTEMPTS)) < 10_800
