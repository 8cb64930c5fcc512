"""The metrics say what happened, and each of them is in the table of docs/operations.md."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from prometheus_client.registry import Collector

from dashboard.exceptions import HubClosing, HubFull
from dashboard.operations.alarm import Alarm
from dashboard.operations.memory_watch import MemoryWatch
from dashboard.operations.metrics import (
    AlarmCollector,
    FeedCollector,
    FeedFigures,
    HubCollector,
    MemoryCollector,
)
from dashboard.process.histogram import Histogram
from dashboard.process.refusal_reasons import RefusalReason
from dashboard.wire.registry import Close, Transport
from feeds.market.events import FeedState, FeedStatus
from tests.support.documents import document, table
from tests.support.exchange import Exchange, quote, subscribe
from tests.support.market_script import NOW
from tests.support.metrics import samples

DROPPED = {"unknown": 1, "bad": 2, "merged": 3, "lost": 4}


def named(*collectors: Collector) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the names that queries use, each with its labels."""
    for collector in collectors:
        for family in collector.collect():
            endings = {"counter": "_total"}
            labels = frozenset(label for sample in family.samples for label in sample.labels)
            yield family.name + endings.get(family.type, ""), labels


async def test_every_metric_is_in_the_table_of_the_docs(exchange: Exchange) -> None:
    await exchange.happen(FeedStatus("demo", "Demo", FeedState.RUNNING, 5.0, "", NOW), quote(10))
    await exchange.settle()
    feed = FeedCollector(lambda: FeedFigures(upstream_dropped=DROPPED))
    troubles = AlarmCollector(Alarm(list, print))
    memory = MemoryCollector(MemoryWatch(lambda: None, save=print, report=print))
    rows = table(document("operations.md"), "metric")
    listed = {row[0]: frozenset(filter(None, row[1].split(", "))) for row in rows}
    readers = HubCollector(exchange.hub, exchange.costs)
    assert dict(named(readers, feed, troubles, memory)) == listed


async def test_the_reasons_in_the_table_are_those_of_the_code() -> None:
    [text] = [row[2] for row in table(document("operations.md"), "metric") if "refusals" in row[0]]
    assert text.partition(": ")[2].split(", ") == list(RefusalReason)


async def test_what_readers_got_is_counted(exchange: Exchange) -> None:
    await exchange.happen(FeedStatus("demo", "Demo", FeedState.RUNNING, 5.0, "", NOW))
    await exchange.settle()
    before = exchange.hub.traffic.batches
    connection = exchange.join()
    subscribe(connection, symbols=["NVX"])
    connection.take()
    for bid in range(10, 13):
        await exchange.happen(quote(bid))
    await exchange.settle()
    connection.take()
    read = samples(HubCollector(exchange.hub, exchange.costs))
    assert read["market_batches_total"] == before + 3
    assert read["market_ticks_total demo"] == 3
    assert read["market_readers websocket"] == 1
    assert read["market_handshakes_total websocket"] == 1
    assert read["market_handshakes_total poll"] == 0
    assert read["market_frames_total"] >= 2
    assert read["market_updates_total websocket"] == read["market_price_changes_total"] == 1
    assert read["market_receipts_total"] == 3
    exchange.hub.leave(connection)
    after = samples(HubCollector(exchange.hub, exchange.costs))
    assert after["market_readers websocket"] == 0
    assert after["market_updates_total websocket"] == 1
    assert after["market_receipts_total"] == 3


async def test_a_feed_shows_its_state_and_the_age_of_its_newest_tick(exchange: Exchange) -> None:
    await exchange.happen(FeedStatus("demo", "Demo", FeedState.PAUSED, 5.0, "", NOW), quote(10))
    await exchange.settle()
    read = samples(HubCollector(exchange.hub, exchange.costs))
    assert read["market_feed_state demo paused"] == 1
    assert read["market_feed_state demo running"] == 0
    assert read["market_feed_target_rate demo"] == 5
    now_ms = exchange.hub.clock.now_ms()
    assert read["market_feed_tick_age_seconds demo"] == pytest.approx((now_ms - NOW) / 1000, abs=60)


async def test_refusals_and_ends_have_their_reasons(exchange: Exchange) -> None:
    connections = [exchange.join() for _ in range(10)]
    with pytest.raises(HubFull):
        exchange.join()
    connections[0].close(Close.DISCONNECTED)
    exchange.hub.leave(connections[0])
    exchange.hub.leave(connections[1])
    read = samples(HubCollector(exchange.hub, exchange.costs))
    assert read["market_refusals_total full"] == 1
    assert read["market_refusals_total stopping"] == 0
    assert read["market_ends_total disconnected"] == 1
    assert sum(value for name, value in read.items() if name.startswith("market_ends")) == 1
    assert exchange.hub.traffic.refused == 1


async def test_newcomers_to_a_stopping_server_are_refused_for_that(exchange: Exchange) -> None:
    await exchange.hub.close_all(Close.RESTART, within_s=1)
    with pytest.raises(HubClosing):
        exchange.join()
    read = samples(HubCollector(exchange.hub, exchange.costs))
    assert read["market_refusals_total stopping"] == 1
    assert read["market_refusals_total full"] == 0


async def test_the_age_of_a_tick_counts_once_for_each_frame_with_it(exchange: Exchange) -> None:
    """A batch without ticks has no age, and neither has one that no reader was sent."""
    await exchange.settle()
    ages = exchange.hub.traffic.ages
    await exchange.happen(quote(10))
    await exchange.settle()
    assert ages.count == 0
    for user_id in (1, 2):
        connection = exchange.join(user_id)
        subscribe(connection, symbols=["NVX"])
        start_reading(connection)
    await exchange.happen(replace(quote(11), ts_event=exchange.hub.clock.now_ms()))
    await exchange.settle()
    assert ages.count == 2
    assert ages.sum < 5_000
    await exchange.happen(FeedStatus("demo", "Demo", FeedState.PAUSED, 5.0, "", NOW))
    await exchange.settle()
    assert ages.count == 2


def start_reading(connection) -> None:
    async def write() -> None:
        while connection.take():
            pass

    connection.start_writing(write)


async def test_the_feed_shows_what_it_did() -> None:
    figures = FeedFigures(7, 6, 5, 0.25, 0.5, 4, DROPPED)
    read = samples(FeedCollector(lambda: figures))
    assert read == {
        "market_engine_events_total": 7,
        "market_engine_batches_total": 6,
        "market_engine_late_total": 5,
        "market_engine_lag_seconds": 0.25,
        "market_engine_share": 0.5,
        "market_upstream_connections_total": 4,
        "market_upstream_dropped_total unknown": 1,
        "market_upstream_dropped_total bad": 2,
        "market_upstream_dropped_total merged": 3,
        "market_upstream_dropped_total lost": 4,
    }


def test_a_histogram_counts_up_to_and_with_its_bounds() -> None:
    histogram = Histogram((1, 10))
    for value in (0, 1, 2, 10):
        histogram.observe(value)
    histogram.observe(11, times=3)
    assert histogram.up_to_bounds() == [(1, 2), (10, 4)]
    assert histogram.count == 7
    assert histogram.sum == 46


async def test_a_histogram_is_read_in_seconds(exchange: Exchange) -> None:
    exchange.hub.traffic.ages.observe(20, times=2)
    read = samples(HubCollector(exchange.hub, exchange.costs))
    assert read["market_age_seconds_bucket 0.01"] == 0
    assert read["market_age_seconds_bucket 0.02"] == 2
    assert read["market_age_seconds_bucket +Inf"] == read["market_age_seconds_count"] == 2
    assert read["market_age_seconds_sum"] == pytest.approx(0.04)


AGES = "0.005 0.01 0.02 0.04 0.06 0.08 0.1 0.15 0.25 0.5 1.0 2.5 5.0 10.0 +Inf"
LAGS = "0.001 0.002 0.005 0.01 0.02 0.05 0.1 0.25 0.5 1.0 2.5 5.0 +Inf"


@pytest.mark.parametrize(
    ("name", "bounds"), [("market_age_seconds", AGES), ("market_loop_lag_seconds", LAGS)]
)
async def test_a_histogram_has_the_bounds_that_stored_figures_have(
    exchange: Exchange, name: str, bounds: str
) -> None:
    """Figures of other bounds cannot be added to those of before an upgrade."""
    prefix = f"{name}_bucket "
    read = samples(HubCollector(exchange.hub, exchange.costs))
    assert [key.removeprefix(prefix) for key in read if key.startswith(prefix)] == bounds.split()


def test_every_transport_has_its_cpu_time() -> None:
    read = samples(HubCollector(Exchange().hub, Exchange().costs))
    for transport in Transport:
        assert read[f"market_transport_cpu_seconds_total {transport}"] == 0
