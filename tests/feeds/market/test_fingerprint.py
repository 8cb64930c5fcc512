"""Equal tapes have equal fingerprints, and no others."""

from itertools import permutations

from feeds.market.events import Event, Quote, Side, Trade
from feeds.market.fingerprint import Fingerprint

EVENTS: tuple[Event, ...] = (
    Quote("NVX", 100, 102, 300, 400, 1_000),
    Trade("NVX", 102, 300, Side.BUY, 1_001),
    Trade("NVX", 102, 300, Side.SELL, 1_001),
)


def fingerprint_of(*batches: tuple[Event, ...]) -> str:
    """Return the fingerprint of batches in their order."""
    fingerprint = Fingerprint()
    for events in batches:
        fingerprint.add(events)
    return fingerprint.hex()


def test_how_events_are_cut_into_batches_makes_no_difference() -> None:
    whole = fingerprint_of(EVENTS)
    assert whole == fingerprint_of(EVENTS[:1], (), EVENTS[1:])
    assert whole == fingerprint_of(*((event,) for event in EVENTS))


def test_every_order_has_its_own() -> None:
    found = {fingerprint_of(order) for order in permutations(EVENTS)}
    assert len(found) == 6


def test_a_prefix_has_another() -> None:
    found = {fingerprint_of(EVENTS[:end]) for end in range(len(EVENTS) + 1)}
    assert len(found) == len(EVENTS) + 1


def test_events_are_counted() -> None:
    fingerprint = Fingerprint()
    fingerprint.add(EVENTS)
    fingerprint.add(EVENTS[:1])
    assert fingerprint.count == 4
