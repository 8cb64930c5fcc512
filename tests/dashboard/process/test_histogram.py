"""Values are counted up to their bound, and in the sum, as often as they occurred."""

from dashboard.process.histogram import Histogram


def test_a_value_counts_up_to_the_bound_that_it_does_not_exceed() -> None:
    histogram = Histogram((1, 10))
    assert (histogram.count, histogram.sum) == (0, 0)
    for value in (0.5, 1, 1.5, 10, 11):
        histogram.observe(value)
    assert histogram.up_to_bounds() == [(1, 2), (10, 4)]
    assert (histogram.count, histogram.sum) == (5, 24)


def test_a_value_that_occurred_often_counts_as_often() -> None:
    histogram = Histogram((1, 10))
    histogram.observe(7, 3)
    histogram.observe(20, 2)
    assert histogram.up_to_bounds() == [(1, 0), (10, 3)]
    assert (histogram.count, histogram.sum) == (5, 61)
