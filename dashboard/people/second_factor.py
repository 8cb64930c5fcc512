"""Second factors: which sessions have shown one, who must, and codes that count once.

Must not know pages or sockets. allauth keeps the factors. It marks the codes of a sign-in as used,
but not the code that adds an app, so the row of the app says which period's code was used.
"""

import struct
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar, cast

from allauth.account.authentication import get_authentication_records
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import forms as passkey_forms
from cryptography.exceptions import InvalidSignature
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, User
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from fido2.attestation.base import InvalidAttestation

from feeds.services.audit import record

Result = TypeVar("Result")
SPENT: Final = "spent_period"
"""In the data of an app's row: the last period of 30 s whose code was used."""
JUNK: Final = (
    *(ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error),
    *(InvalidSignature, InvalidAttestation),
)
"""Errors that junk from a browser causes in the code that reads passkeys. allauth expects a few."""


class _WithSession(NamedTuple):
    """What allauth reads of a request."""

    session: SessionBase


def must_show(user: AbstractBaseUser) -> bool:
    """Say whether the site asks a second factor of this account."""
    is_staff = isinstance(user, User) and (user.is_staff or user.is_superuser)
    return is_staff and bool(settings.MARKET_STAFF_SECOND_FACTOR)


def has_shown(session: SessionBase, user: AbstractBaseUser) -> bool:
    """Say whether a second factor was shown in this session."""
    records = get_authentication_records(cast(HttpRequest, _WithSession(session)), user)
    return any(entry.get("method") == "mfa" for entry in records)


def spend(authenticator: Authenticator) -> bool:
    """Mark the present code of an app as used; False if it was used before, in any process."""
    if authenticator.type != Authenticator.Type.TOTP:
        return True  # allauth marks recovery codes in their row
    period = int(time.time()) // app_settings.TOTP_PERIOD
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
        if row.data.get(SPENT, 0) >= period:
            return False
        row.data[SPENT] = period
        row.save(update_fields=["data"])
    return True


def remove_factors(factors: QuerySet[Authenticator], *, actor: User) -> int:
    """Take second factors away, as from somebody who lost the phone; return how many."""
    with transaction.atomic():
        found = list(factors.select_related("user"))
        for factor in found:
            target = f"user {factor.user.get_username()}"
            record("remove second factor", target, actor=actor, before={"type": factor.type})
        Authenticator.objects.filter(pk__in=[factor.pk for factor in found]).delete()
        _forget_codes({factor.user_id for factor in found})
    return len(found)


def _forget_codes(user_ids: set[int]) -> None:
    """Delete the recovery codes of accounts without another factor: there is nothing to recover."""
    codes = Authenticator.objects.filter(type=Authenticator.Type.RECOVERY_CODES)
    factors = Authenticator.objects.exclude(type=Authenticator.Type.RECOVERY_CODES)
    guarded = factors.filter(user_id__in=user_ids).values_list("user_id", flat=True)
    codes.filter(user_id__in=user_ids - set(guarded)).delete()


class CodeForm(AuthenticateForm):  # type: ignore[misc]
    """The code of a sign-in."""

    def clean_code(self) -> str:
        """Refuse a code that was used."""
        return _checked(self, super().clean_code())


class ConfirmForm(ReauthenticateForm):  # type: ignore[misc]
    """The code of somebody who is signed in."""

    def clean_code(self) -> str:
        """Refuse a code that was used."""
        return _checked(self, super().clean_code())


class PasskeyForm(passkey_forms.AuthenticateWebAuthnForm):  # type: ignore[misc]
    """The passkey of a sign-in."""

    def clean_credential(self) -> Authenticator:
        """Return the passkey that signed; refuse an answer that cannot be read."""
        return _unless_junk(super().clean_credential)


class PasskeyLoginForm(passkey_forms.LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey in place of name and password."""

    def clean_credential(self) -> Authenticator:
        """Return the passkey that signed; refuse an answer that cannot be read."""
        return _unless_junk(super().clean_credential)


class PasskeyConfirmForm(passkey_forms.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """The passkey of somebody who is signed in."""

    def clean_credential(self) -> Authenticator:
        """Return the passkey that signed; refuse an answer that cannot be read."""
        return _unless_junk(super().clean_credential)


class AddPasskeyForm(passkey_forms.AddWebAuthnForm):  # type: ignore[misc]
    """A passkey that somebody who is signed in adds to the account."""

    def clean(self) -> dict[str, Any]:
        """Check what the browser made; refuse an answer that cannot be read."""
        return _unless_junk(super().clean)


def _checked(form: Any, code: str) -> str:
    if not spend(form.authenticator):
        raise get_adapter().validation_error("incorrect_code")
    return code


def _unless_junk(read: Callable[[], Result]) -> Result:
    try:
        return read()
    except JUNK:
        raise get_adapter().validation_error("incorrect_code") from None
