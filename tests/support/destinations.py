"""Webhooks of people, and what became of what was sent to them."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from dashboard.models import Destination, Dispatch
from dashboard.reaching.claims import Parcel, claim_parcels
from dashboard.reaching.destinations import add_webhook


def hook(user: User, address: str = "https://hook.example/", name: str = "chat") -> Destination:
    """Make a webhook."""
    return add_webhook(user, name=name, address=address)


def claim_all(**options: object) -> list[Parcel]:
    """Claim what is due, as if the pace of each destination allowed it."""
    Destination.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    return claim_parcels(**{"origin": "https://market.example", "limit": 10, **options})


def make_due() -> None:
    """Let all waits be over, also those of claims."""
    a_second_ago = timezone.now() - timedelta(seconds=1)
    Dispatch.objects.update(next_at=a_second_ago)
    Destination.objects.update(next_at=a_second_ago)


def states() -> list[str]:
    """Return the state of each dispatch, the oldest first."""
    return list(Dispatch.objects.order_by("pk").values_list("state", flat=True))
