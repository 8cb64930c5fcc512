"""Random numbers are a function of key and counter, and have the distributions they claim."""

from statistics import NormalDist

import numpy as np
import pytest

from feeds.simulator.randomness import (
    draws,
    exp_of,
    key_of,
    log_of,
    normal_of,
    philox,
    poisson_of,
    student_of,
    uniform_of,
)


def words(*values: int) -> tuple[np.ndarray, ...]:
    return tuple(np.array([value], dtype=np.uint64) for value in values)


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_published_answers(counter, key, expected) -> None:
    """The known-answer vectors of Random123 for philox4x32 with 10 rounds."""
    assert tuple(int(word[0]) for word in philox(words(*counter), words(*key))) == expected


def test_a_draw_depends_on_its_own_key_and_step_alone() -> None:
    keys = np.array([key_of(7, name) for name in "ABC"], dtype=np.uint64)
    steps = np.arange(10, dtype=np.uint64)[:, None]
    together = draws((keys[:, 0], keys[:, 1]), steps, 0, 1)
    for place in range(3):
        for step in range(10):
            alone = draws(
                (keys[place : place + 1, 0], keys[place : place + 1, 1]), steps[step], 0, 1
            )
            assert [draw[0] for draw in alone] == [draw[step, place] for draw in together]


def test_keys_are_the_same_in_every_process_and_differ_by_seed_and_name() -> None:
    assert key_of(1, "NVX") == key_of(1, "NVX")
    assert len({key_of(1, "NVX"), key_of(2, "NVX"), key_of(1, "ORB")}) == 3
    assert key_of(1, "NVX") == (1792103898, 1953661700)


def test_uniforms_are_never_at_an_end() -> None:
    low, high = uniform_of(np.array([0, 0xFFFFFFFF], dtype=np.uint64))
    assert 0 < low < high < 1


def test_log_and_exp_are_those_of_mathematics() -> None:
    x = np.linspace(1e-9, 50, 10_001)
    np.testing.assert_allclose(log_of(x), np.log(x), rtol=1e-13, atol=1e-14)
    y = np.linspace(-50, 50, 10_001)
    np.testing.assert_allclose(exp_of(y), np.exp(y), rtol=1e-13)


def test_normals_are_inverted() -> None:
    u = (np.arange(1, 10_000) - 0.5) / 10_000
    exact = [NormalDist().inv_cdf(share) for share in u]
    np.testing.assert_allclose(normal_of(u), exact, atol=2e-6)


def sample(number: int) -> tuple[np.ndarray, ...]:
    low, high = key_of(3, "sample")
    keys = np.array([low], dtype=np.uint64), np.array([high], dtype=np.uint64)
    return draws(keys, np.arange(number, dtype=np.uint64), 0, 0)


def test_shocks_have_unit_variance_and_tails_of_student_5() -> None:
    """2.015 and 4.032 are the 5 % and 0.5 % points of tables; sqrt(3/5) makes unit variance."""
    a, b, u, v = sample(200_000)
    shocks = student_of(normal_of(a), normal_of(b), u, v)
    assert abs(shocks.mean()) < 0.01
    assert 0.97 < shocks.std() < 1.03
    for times_sd, share in ((2.015 * 0.6**0.5, 0.1), (4.032 * 0.6**0.5, 0.01)):
        assert abs(np.mean(np.abs(shocks) > times_sd) / share - 1) < 0.05


@pytest.mark.parametrize("mean", [0.01, 0.5, 3.0, 20.0, 31.0, 900.0])
def test_counts_have_the_mean_and_variance_of_poisson(mean: float) -> None:
    counts = poisson_of(sample(100_000)[0], np.full(100_000, mean))
    assert abs(counts.mean() / mean - 1) < 0.05
    assert abs(counts.var() / mean - 1) < 0.05


def test_a_greater_mean_never_gives_a_smaller_count() -> None:
    u = sample(1000)[0]
    assert (poisson_of(u, np.full(1000, 2.1)) >= poisson_of(u, np.full(1000, 2.0))).all()
    assert (poisson_of(u, np.full(1000, 2e4)) >= poisson_of(u, np.full(1000, 1.9e4))).all()


def test_counts_of_an_array_are_those_of_its_elements() -> None:
    u, means = sample(60)[0], np.geomspace(1e-6, 1e4, 60)
    alone = [poisson_of(u[i : i + 1], means[i : i + 1])[0] for i in range(60)]
    assert poisson_of(u, means).tolist() == alone
