"""What Prometheus reads: figures that the process keeps anyway, collected when they are asked for.

Must not know who may read them. Each process has its own; Prometheus adds them up.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final, NamedTuple, TypeVar

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from dashboard.delivery.hub import Hub
from dashboard.operations.alarm import Alarm
from dashboard.operations.memory_watch import MemoryWatch
from dashboard.process.cpu_meter import CostMeter
from dashboard.process.histogram import Histogram
from dashboard.process.refusal_reasons import RefusalReason
from dashboard.wire.registry import Close, Transport
from feeds.engine.feed_watch import TroubleKind
from feeds.market.board import TS_EVENT
from feeds.market.delayed_keys import delay_of
from feeds.market.events import FeedState

PREFIX: Final = "market_"
Name = TypeVar("Name", bound=StrEnum)
Values = Mapping[str, float]
"""Values by the one label that a metric has."""


class FeedFigures(NamedTuple):
    """What the process of the feed has done since it began; `lag_s` and `share` are of now."""

    events: int = 0
    batches: int = 0
    late: int = 0
    lag_s: float = 0.0
    share: float = 1.0
    upstream_connections: int = 0
    upstream_dropped: Values = {}


class HubCollector(Collector):
    """The figures of a web process: what it got from the bus, and what its readers got."""

    def __init__(self, hub: Hub, costs: CostMeter) -> None:
        self._hub = hub
        self._costs = costs

    def collect(self) -> Iterator[Metric]:
        """Return all figures as of now."""
        yield from self._market()
        yield from self._readers()
        yield from self._trouble()

    def _market(self) -> Iterator[Metric]:
        hub, feeds, counts = self._hub, self._hub.replica.board.feeds, self._hub.replica.ticks
        ticks = {feed: counts[feed] for feed in feeds if not delay_of(feed)}
        yield _counter("ticks", "Quotes and trades since the epoch began.", ticks, "feed")
        yield _counter("batches", "Batches that came over the bus.", hub.traffic.batches)
        yield _gauge("bus_age_seconds", "Time since the bus brought something.", hub.bus_age_s)
        yield _gauge(
            "stale", "Whether prices are marked as stale.", hub.replica.stale_ms is not None
        )
        state = GaugeMetricFamily(
            f"{PREFIX}feed_state", "Whether a feed is in this state.", labels=["feed", "state"]
        )
        for feed in ticks:
            for known in FeedState:
                state.add_metric([feed, known.lower()], feeds[feed].state is known)
        yield state
        rates = {feed: feeds[feed].rate for feed in ticks}
        yield _gauge("feed_target_rate", "Ticks per second that a feed should have.", rates, "feed")
        yield _gauge("feed_tick_age_seconds", "Age of the newest tick.", self._tick_ages(), "feed")

    def _tick_ages(self) -> dict[str, float]:
        newest: dict[str, int] = {}
        for row in self._hub.replica.board.rows.values():
            ms = row.values[TS_EVENT]
            if ms is not None and not delay_of(row.feed):
                newest[row.feed] = max(newest.get(row.feed, 0), int(ms))
        now_ms = self._hub.clock.now_ms()
        return {feed: max(0, now_ms - ms) / 1000 for feed, ms in newest.items()}

    def _readers(self) -> Iterator[Metric]:
        hub, traffic = self._hub, self._hub.traffic
        readers, handshakes = _each(Transport, hub.readers), _each(Transport, hub.handshakes)
        yield _gauge("readers", "Who is connected.", readers, "transport")
        yield _counter("handshakes", "Readers that were let in.", handshakes, "transport")
        yield _counter("frames", "Frames handed to sockets.", traffic.frames)
        yield _counter("frame_characters", "Characters of these frames.", traffic.characters)
        delivered = _each(Transport, hub.delivered)
        yield _counter("updates", "Changes handed to readers.", delivered, "transport")
        changes, merged = hub.conflation
        yield _counter("price_changes", "Changes of prices among the updates.", changes)
        yield _counter("receipts", "Ticks that these changes of prices stood for.", merged)
        costs = self._costs.seconds()
        yield _counter("transport_cpu_seconds", "CPU time of a transport.", costs, "transport")
        yield _histogram("age_seconds", "Age of the newest tick of a frame sent.", traffic.ages)
        yield _histogram("loop_lag_seconds", "How late the event loop was.", traffic.lags)

    def _trouble(self) -> Iterator[Metric]:
        traffic = self._hub.traffic
        refused = _each(RefusalReason, traffic.refusals)
        yield _counter("refusals", "Connections and requests refused, and why.", refused, "reason")
        ended = {code.name.lower(): float(traffic.ends[code]) for code in Close}
        yield _counter("ends", "Connections that the server ended, and why.", ended, "reason")
        yield _counter("overruns", "Times that the hub lost batches.", traffic.overruns)


class FeedCollector(Collector):
    """The figures of the process in which the feed runs."""

    def __init__(self, read: Callable[[], FeedFigures]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        """Return all figures as of now."""
        figures = self._read()
        yield _counter("engine_events", "Events that were numbered.", figures.events)
        yield _counter("engine_batches", "Batches that were published.", figures.batches)
        yield _counter("engine_late", "Steps that came more than a second late.", figures.late)
        yield _gauge("engine_lag_seconds", "How late the last step was.", figures.lag_s)
        yield _gauge("engine_share", "Share of its ticks that the market makes.", figures.share)
        connections = figures.upstream_connections
        yield _counter("upstream_connections", "Connections made to the upstream.", connections)
        dropped = figures.upstream_dropped
        yield _counter("upstream_dropped", "Messages that made no event.", dropped, "reason")


class AlarmCollector(Collector):
    """The troubles that operators were notified of."""

    def __init__(self, alarm: Alarm) -> None:
        self._alarm = alarm

    def collect(self) -> Iterator[Metric]:
        """Return how often there was each kind of trouble."""
        troubles = _each(TroubleKind, self._alarm.counts)
        yield _counter("troubles", "Troubles that operators were notified of.", troubles, "kind")


class MemoryCollector(Collector):
    """How much memory is in use, and what is given up for it."""

    def __init__(self, watch: MemoryWatch) -> None:
        self._watch = watch

    def collect(self) -> Iterator[Metric]:
        """Return both as of the last look."""
        yield _gauge("memory_share", "Share of the memory that is in use.", self._watch.share)
        saving = self._watch.saving
        yield _gauge("memory_saving", "What is given up: 1 rates, 2 new readers too.", saving)


def registry_of(collectors: Iterable[Collector]) -> CollectorRegistry:
    """Return what to read: these collectors, and memory, CPU and descriptors of the process."""
    # Describing would collect all figures at registration, only to learn their names.
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    for collector in collectors:
        registry.register(collector)
    return registry


def _each(names: Iterable[Name], counts: Mapping[Name, int]) -> dict[str, float]:
    """Return all counts by name, also those that are 0: a rate needs to see them begin."""
    return {str(name): float(counts.get(name, 0)) for name in names}


def _counter(name: str, text: str, value: float | Values, label: str = "") -> Metric:
    return _filled(CounterMetricFamily(PREFIX + name, text, labels=_labels(label)), value)


def _gauge(name: str, text: str, value: float | Values, label: str = "") -> Metric:
    return _filled(GaugeMetricFamily(PREFIX + name, text, labels=_labels(label)), value)


def _labels(label: str) -> list[str]:
    return [label] if label else []


def _filled(family: CounterMetricFamily | GaugeMetricFamily, value: float | Values) -> Metric:
    if isinstance(value, Mapping):
        for key, one in value.items():
            family.add_metric([key], one)
    else:
        family.add_metric([], value)
    return family


def _histogram(name: str, text: str, observed: Histogram) -> Metric:
    """Return a histogram in seconds of what was observed in milliseconds."""
    buckets = [(str(bound / 1000), float(count)) for bound, count in observed.up_to_bounds()]
    family = HistogramMetricFamily(PREFIX + name, text)
    family.add_metric([], [*buckets, ("+Inf", float(observed.count))], observed.sum / 1000)
    return family
