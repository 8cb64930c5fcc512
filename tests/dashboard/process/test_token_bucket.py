"""A steady asker is served for ever; a flood gets only its burst."""

from dashboard.process.token_bucket import TokenBucket


def test_a_burst_is_served_and_then_the_rate() -> None:
    bucket = TokenBucket(per_s=10, burst=5, now_s=0.0)
    assert [bucket.spend(0.0) for _ in range(6)] == [True] * 5 + [False]
    assert [bucket.spend(0.1), bucket.spend(0.1)] == [True, False]


def test_what_is_refused_costs_nothing() -> None:
    bucket = TokenBucket(per_s=1, burst=1, now_s=0.0)
    assert bucket.spend(0.0)
    assert not any(bucket.spend(0.5) for _ in range(100))
    assert bucket.spend(1.0)


def test_an_asker_that_rests_can_be_forgotten() -> None:
    bucket = TokenBucket(per_s=1, burst=2, now_s=0.0)
    bucket.spend(0.0)
    assert not bucket.is_full(0.5)
    assert bucket.is_full(1.0)
