"""Codes of authenticator apps, as a phone would show them."""

import time

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from tests.support.waiting import wait_until

PERIOD_S = 30
TYPING_S = 10
"""A code that is shown so long before its end is still valid when a browser has sent it."""


def code_of(key: str) -> str:
    """Return the present code of a key."""
    return format_hotp_value(hotp_value(key, int(time.time()) // PERIOD_S))


def lasting_code_of(key: str) -> str:
    """Return a code that does not end while it is typed: the site takes only the present one."""
    wait_until(lambda: time.time() % PERIOD_S < PERIOD_S - TYPING_S)
    return code_of(key)
