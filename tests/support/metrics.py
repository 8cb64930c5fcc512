"""What Prometheus would read of collectors."""

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from dashboard.operations.metrics import registry_of


def samples(collector: Collector) -> dict[str, float]:
    """Return what Prometheus would read, by name and labels as text."""
    text = generate_latest(registry_of([collector])).decode()
    return {
        sample.name + "".join(f" {value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("market_")
    }
