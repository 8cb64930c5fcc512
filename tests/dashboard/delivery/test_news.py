"""News: what the readers at one position share, and what each of them picks of it."""

import json

import pytest

from dashboard.delivery import news
from dashboard.delivery.market_view import FEW_SYMBOLS, view_of
from dashboard.delivery.news import Catalogue
from dashboard.delivery.replica import Replica
from dashboard.wire.frames import Fields, fields_of
from feeds.market.board import Board
from feeds.market.events import Batch, Delisting, Event, Quote
from tests.support.market_script import NOW, listing

SYMBOLS = tuple(f"S{number}" for number in range(2 * FEW_SYMBOLS))


def quote(symbol: str, bid: int) -> Quote:
    return Quote(symbol, bid, bid + 1, 100, 100, NOW)


def replica_with(*events: Event) -> Replica:
    replica = Replica("e1", Board(), capacity=1000, ts=NOW)
    move(replica, *events)
    return replica


def move(replica: Replica, *events: Event) -> int:
    """Apply events; return where the replica stood before them."""
    before = replica.sequence
    replica.receive(Batch("e1", before + 1, events), ts=NOW)
    return before


def shown(replica: Replica, symbols: tuple[str, ...] | None, since: int) -> dict[str, int]:
    """Return the symbols of an update, each with the ticks that it stands for."""
    frame, count, ticks = replica.update(view_of(symbols), since, since)
    entries = json.loads(frame)["data"] if frame else {}
    found = {symbol: entry.get("n", 1) for symbol, entry in entries.items()}
    assert (count, ticks) == (len(found), sum(found.values()))
    return found


def test_each_reader_picks_its_own_symbols_whoever_asked_before() -> None:
    replica = replica_with(*map(listing, SYMBOLS))
    since = move(replica, quote("S1", 10), quote("S2", 11), quote("S2", 12), quote("S3", 13))
    assert shown(replica, ("S1",), since) == {"S1": 1}
    assert shown(replica, ("S1", "S2", "S9"), since) == {"S1": 1, "S2": 2}
    assert shown(replica, ("S8", "S9"), since) == {}
    assert shown(replica, ("S9",), since) == {}
    assert shown(replica, SYMBOLS, since) == {"S1": 1, "S2": 2, "S3": 1}
    assert shown(replica, None, since) == {"S1": 1, "S2": 2, "S3": 1}


def test_what_nobody_wants_is_not_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    replica = replica_with(*map(listing, SYMBOLS))
    encoded: list[str] = []
    encode = replica.counted_entry

    def noted(symbol: str, *, since: int, fields: Fields) -> tuple[str, int]:
        encoded.append(symbol)
        return encode(symbol, since=since, fields=fields)

    monkeypatch.setattr(replica, "counted_entry", noted)
    since = move(replica, *(quote(symbol, 10) for symbol in SYMBOLS))
    for _ in range(2):
        replica.update(view_of(("S1", "S2")), since, since)
        replica.update(view_of(("S2", "S4")), since, since)
    assert encoded == ["S1", "S2", "S4"]
    replica.update(view_of(("S1",), fields_of(["b"])), since, since)
    assert encoded == ["S1", "S2", "S4", "S1"]


def test_readers_of_one_shared_view_get_the_very_same_frame() -> None:
    replica = replica_with(*map(listing, SYMBOLS))
    since = move(replica, quote("S1", 10))
    news = replica.news_since(since)
    views = [view_of(None), view_of(None)]
    first, second = [news.update(view, since) for view in views]
    assert first[0]
    assert second is first


def test_symbols_that_come_and_go_keep_their_places() -> None:
    replica = replica_with(listing("S1"), listing("S2"))
    wanted = ("S1", "S2", "S3")
    since = move(replica, quote("S2", 10))
    assert shown(replica, wanted, since) == {"S2": 1}
    since = move(replica, listing("S3"), quote("S3", 10), Delisting("S1", NOW))
    assert shown(replica, wanted, since) == {"S1": 0, "S3": 1}
    since = move(replica, listing("S1"), quote("S1", 10), quote("S3", 11), quote("S3", 12))
    assert shown(replica, wanted, since) == {"S1": 1, "S3": 2}


def test_a_shared_view_serves_each_market_of_its_own() -> None:
    first = replica_with(listing("S1"), listing("S2"))
    second = replica_with(listing("S2"), listing("S3"), listing("S1"))
    wanted = ("S1", "S3")
    for replica in (first, second, first):
        since = move(replica, quote("S1", 10 + replica.sequence))
        assert shown(replica, wanted, since) == {"S1": 1}


def test_a_symbol_that_is_known_keeps_its_place() -> None:
    catalogue = Catalogue(["S1", "S2"])
    for symbol in ("S1", "S3", "S3", "S2"):
        catalogue.add(symbol)
    assert catalogue.symbols == ["S1", "S2", "S3"]
    assert catalogue.places == {"S1": 0, "S2": 1, "S3": 2}


def test_so_many_frames_are_shared_and_the_others_are_made_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(news, "SHARED_ANSWERS", 2)
    replica = replica_with(*map(listing, SYMBOLS[:3]))
    since = move(replica, *(quote(symbol, 10) for symbol in SYMBOLS[:3]))
    views = [view_of((symbol,)) for symbol in SYMBOLS[:3]]
    assert [view_of((symbol,)) for symbol in SYMBOLS[:3]] == views
    first = [replica.update(view, since, since) for view in views]
    again = [replica.update(view, since, since) for view in views]
    assert again == first
    assert [frame is same for frame, same in zip(first, again, strict=True)] == [True, True, False]
