"""Makes a row of every kind that pages show, and prints what fills in the addresses of the site.

A program of its own, with the settings of a server: `python -m tests.support.site_rows`.
"""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import django
from cryptography.hazmat.primitives.asymmetric import ec


def main() -> None:
    """Make the rows, and print the arguments of addresses by name as JSON."""
    django.setup()
    from django.contrib.auth.models import User

    admin = User.objects.get(username="admin")
    arguments = make_market_rows(admin) | make_own_rows(admin) | make_factors(admin)
    print(json.dumps({name: str(value) for name, value in (first_keys() | arguments).items()}))


def make_market_rows(admin: Any) -> dict[str, Any]:
    """Make what the admin's pages of the market show. None of it changes a price."""
    from django.contrib.auth.models import Group
    from django.utils import timezone

    from feeds.models import (
        AuditEntry,
        Entitlement,
        Feed,
        Halt,
        Instrument,
        Intervention,
        Recording,
    )

    now, feed = timezone.now(), Feed.objects.get()
    first, second = Instrument.objects.order_by("symbol")[:2]
    Entitlement.objects.create(feed=feed, group=Group.objects.create(name="Traders"))
    recording = Recording.objects.create(
        name="Friday", path="friday.parquet", origin="recorded", events=12_000, ticks=11_000,
        first_at=now - timedelta(hours=1), last_at=now, fingerprint="0" * 64,
    )  # fmt: skip
    Feed.objects.create(
        slug="again", name="Friday again", state="CLOSED", kind="replay", recording=recording
    )
    Halt.objects.create(instrument=second, reason="news", started_by=admin)
    Intervention.objects.create(
        feed=feed, kind="shock", size=-4, duration_s=60, symbol=first.symbol, reason="drill",
        starts_at=now + timedelta(hours=1), ends_at=now + timedelta(hours=2), made_by=admin,
    )  # fmt: skip
    AuditEntry.objects.create(
        actor=admin, actor_name="admin", action="pause", target=f"feed {feed.slug}",
        before={"state": "RUNNING"}, after={"state": "PAUSED"}, reason="lunch",
    )  # fmt: skip
    return {"symbol": first.symbol, "slug": feed.slug}


def make_own_rows(admin: Any) -> dict[str, Any]:
    """Make what belongs to the admin: an alert, notifications, a shared list and a token."""
    from django.contrib.auth.models import User
    from django.contrib.sessions.models import Session

    from dashboard.alerts.rules import Condition, Kind
    from dashboard.alerts.services import AlertFacts, make_alert
    from dashboard.people.token_service import create_token
    from dashboard.personal.list_text import read_list
    from dashboard.personal.notifications import send_notification
    from dashboard.personal.watchlists import create_watchlist, share_watchlist
    from dashboard.reaching.destinations import add_webhook
    from dashboard.reaching.devices import add_device
    from feeds.models import Instrument
    from tests.support.push_browser import PushBrowser

    admin.email = "admin@market.example"
    admin.save(update_fields=["email"])
    symbols = list(Instrument.objects.order_by("symbol").values_list("symbol", flat=True)[:4])
    above = Condition(Kind.ABOVE, Decimal(1_000_000))
    alert = make_alert(admin, AlertFacts(symbol=symbols[0], conditions=(above,), name="High"))
    for level in ("info", "warning", "critical"):
        send_notification(
            title="Maintenance", body="Ten minutes.", level=level, actor=admin,
            recipients=User.objects.filter(pk=admin.pk),
        )  # fmt: skip
    text = read_list(f"###Mine,{symbols[0]},###Others,{','.join(symbols[1:])}")
    list_id, _ = create_watchlist(admin, "Shared", text)
    token, _ = create_token(admin, actor=admin, name="Robot")
    webhook = add_webhook(admin, name="Robot", address="https://hooks.example/market")
    session = Session.objects.latest("expire_date")
    facts = PushBrowser().fields("https://push.example/1")
    device = add_device(admin, session_key=session.pk, name="Chromium", facts=facts)
    return {
        "device_id": device.pk,
        "webhook_id": webhook.pk,
        "alert_id": alert.pk,
        "list_id": list_id,
        "key": share_watchlist(admin, list_id),
        "token_id": token.pk,
    }


def make_factors(admin: Any) -> dict[str, Any]:
    """Give the admin an app, spare codes and a passkey; who is signed in already stays so."""
    from allauth.account.app_settings import PASSWORD_RESET_TOKEN_GENERATOR
    from allauth.account.utils import user_pk_to_url_str
    from allauth.mfa.models import Authenticator

    seed = {"seed": "0" * 32, "used_mask": 0}
    key = {"name": "Key", "passwordless": True, "credential": make_credential()}
    for kind, data in (("totp", {"secret": "A" * 32}), ("recovery_codes", seed), ("webauthn", key)):
        made = Authenticator.objects.create(user=admin, type=kind, data=data)
    return {
        "passkey": made.pk,
        "uidb36": user_pk_to_url_str(admin),
        "reset": PASSWORD_RESET_TOKEN_GENERATOR().make_token(admin),
    }


def make_credential() -> dict[str, Any]:
    """Return what a browser sends of a new passkey, as allauth keeps it."""
    from fido2.cose import ES256
    from fido2.webauthn import (
        AttestationObject,
        AttestedCredentialData,
        AuthenticatorAttestationResponse,
        AuthenticatorData,
        CollectedClientData,
        RegistrationResponse,
    )

    id, public = (
        b"key",
        ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key()),
    )
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
    data = AuthenticatorData.create(
        bytes(32), flags, 0, AttestedCredentialData.create(bytes(16), id, public)
    )
    client = CollectedClientData.create("webauthn.create", bytes(32), "http://127.0.0.1")
    response = AuthenticatorAttestationResponse(
        client_data=client, attestation_object=AttestationObject.create("none", data, {})
    )
    return dict(RegistrationResponse(raw_id=id, response=response))


def first_keys() -> dict[str, Any]:
    """Return the key of a row of each model, as `feeds_instrument`."""
    from django.apps import apps

    rows = {model: model._default_manager.order_by("pk").first() for model in apps.get_models()}
    return {model._meta.label_lower.replace(".", "_"): row.pk for model, row in rows.items() if row}


if __name__ == "__main__":
    main()
