"""A steady asker is served for ever, a flood only its burst."""

from dashboard.delivery.rate_limit import RateLimit


def test_a_burst_is_served_and_then_the_rate() -> None:
    rate_limit = RateLimit(per_s=10, burst=5, now_s=0.0)
    assert [rate_limit.spend(0.0) for _ in range(6)] == [True] * 5 + [False]
    assert [rate_limit.spend(0.1), rate_limit.spend(0.1)] == [True, False]


def test_what_is_refused_costs_nothing() -> None:
    rate_limit = RateLimit(per_s=1, burst=1, now_s=0.0)
    assert rate_limit.spend(0.0)
    assert not any(rate_limit.spend(0.5) for _ in range(100))
    assert rate_limit.spend(1.0)


def test_who_asks_no_more_can_be_forgotten() -> None:
    rate_limit = RateLimit(per_s=1, burst=2, now_s=0.0)
    rate_limit.spend(0.0)
    assert not rate_limit.is_full(0.5)
    assert rate_limit.is_full(1.0)
