"""Codes of authenticator apps, as a phone would show them."""

import time

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

PERIOD_S = 30


def code_of(key: str) -> str:
    """Return the present code of a key."""
    return format_hotp_value(hotp_value(key, int(time.time()) // PERIOD_S))
