"""Makes a feed that plays a recording, with the instruments of the recording.

Writes feeds and instruments, with one audit entry. Must not know requests or files.
"""

from collections.abc import Iterable, Iterator
from itertools import count

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from feeds.market.events import FeedState
from feeds.market.instruments import Definition
from feeds.models import Feed, Instrument, Recording
from feeds.plan.plans import FeedKind
from feeds.services.audit import facts_of, target_of
from feeds.services.changes import record_market
from feeds.services.feeds import FEED_FACTS, instrument_of


def make_replay(
    recording: Recording,
    definitions: Iterable[Definition],
    *,
    name: str,
    prefix: str = "",
    actor: User | None,
) -> Feed:
    """Add a closed feed that plays a recording; each symbol has the prefix before it.

    Raises:
        ValidationError: a symbol is taken or too long; nothing is added.
    """
    with transaction.atomic():
        feed = Feed(
            slug=free_slug(name), name=name, kind=FeedKind.REPLAY.value, recording=recording,
            prefix=prefix, state=FeedState.CLOSED.value,
        )  # fmt: skip
        feed.full_clean()
        feed.save()
        rows = [instrument_of(feed, definition, prefix) for definition in definitions]
        check_symbols(rows)
        Instrument.objects.bulk_create(rows, batch_size=500)
        after = facts_of(feed, FEED_FACTS) | {"instruments": len(rows)}
        record_market("add", target_of(feed), after=after, actor=actor)
        return feed


def check_symbols(rows: Iterable[Instrument]) -> None:
    """Check that new instruments may be added.

    Raises:
        ValidationError: a symbol is taken or too long, or a price is out of its range.
    """
    rows = list(rows)
    for row in rows:
        row.clean_fields(exclude=["feed"])
        row.clean()
    wanted = [row.symbol for row in rows]
    others = Instrument.objects.filter(symbol__in=wanted).order_by("symbol")
    if taken := list(others.values_list("symbol", "feed__name")[:3]):
        said = ", ".join(f"{symbol} (on {feed})" for symbol, feed in taken)
        raise ValidationError(f"Symbols are taken: {said}. Choose a prefix for the new ones.")


def free_slug(name: str) -> str:
    """Return a short name for addresses that no feed has."""
    return next(slug for slug in _slugs(name) if not Feed.objects.filter(slug=slug).exists())


def _slugs(name: str) -> Iterator[str]:
    base = slugify(name)[:26].strip("-") or "replay"
    yield base
    yield from (f"{base}-{number}" for number in count(2))
