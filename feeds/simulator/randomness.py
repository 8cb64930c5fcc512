"""Random numbers that are a function of (key, counter) and nothing else, for whole arrays at once.

Pure. Must not know prices or time. Everything below is integer arithmetic or IEEE-754 +, -, *, /
and sqrt, which round the same everywhere; log and exp are built from those, because the ones of the
platform differ in the last bit from one machine to the next.
"""

import hashlib
from math import factorial
from typing import Final

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Whole = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Block = tuple[Words, Words, Words, Words]

_MASK: Final = np.uint64(0xFFFFFFFF)
_SHIFT: Final = np.uint64(32)
_MULTIPLY: Final = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL: Final = (np.uint64(0x9E3779B9), np.uint64(0xBB67AE85))
_ROUNDS: Final = 10
LN2: Final = 0.6931471805599453
_TAYLOR: Final = tuple(1.0 / factorial(number) for number in range(8, -1, -1))
INVERTED_UP_TO: Final = 30.0
"""Poisson means above this are counted by the normal approximation, which is then good to 0.1 %."""


def philox(counter: Block, key: tuple[Words, Words]) -> Block:
    """Return four 32-bit words per element (Philox4x32-10, Salmon et al., SC 2011).

    Counters and keys are arrays of 32-bit words that broadcast against each other.
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(_ROUNDS):
        p0, p1 = _MULTIPLY[0] * c0, _MULTIPLY[1] * c2
        c0, c1, c2, c3 = (
            (p1 >> _SHIFT) ^ c1 ^ k0,
            p1 & _MASK,
            (p0 >> _SHIFT) ^ c3 ^ k1,
            p0 & _MASK,
        )
        k0, k1 = (k0 + _WEYL[0]) & _MASK, (k1 + _WEYL[1]) & _MASK
    return c0, c1, c2, c3


def key_of(seed: int, name: str) -> tuple[int, int]:
    """Return the two key words of a named component; the same in every process."""
    digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little")


def words(
    keys: tuple[Words, Words], step: Words | np.uint64, index: Whole | int, purpose: int
) -> Block:
    """Return four words of 32 random bits for each (key, step, index) and purpose."""
    low, high = step & _MASK, step >> _SHIFT
    counter = (low, high, np.asarray(index, dtype=np.uint64), np.uint64(purpose))
    return philox(np.broadcast_arrays(*counter), keys)  # type: ignore[arg-type]


def draws(
    keys: tuple[Words, Words], step: Words | np.uint64, index: Whole | int, purpose: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return four uniforms in (0, 1) for each (key, step, index) and purpose."""
    a, b, c, d = map(uniform_of, words(keys, step, index, purpose))
    return a, b, c, d


def uniform_of(word: Words) -> Floats:
    """Return the middle of the word's interval of (0, 1): never 0 and never 1."""
    return (word.astype(np.float64) + 0.5) * 2.0**-32


def log_of(x: Floats) -> Floats:
    """Return the natural logarithm of positive numbers, to about 1e-15 (series of artanh)."""
    mantissa, exponent = np.frexp(x)
    s = (mantissa - 0.7071067811865476) / (mantissa + 0.7071067811865476)
    square, total = s * s, np.full_like(s, 1.0 / 23.0)
    for odd in range(21, 0, -2):
        total = total * square + 1.0 / odd
    return 2.0 * s * total + (exponent - 0.5) * LN2


def exp_of(x: Floats) -> Floats:
    """Return the exponential of numbers in [-700, 700], to about 1e-14: Taylor's series of an
    eighth of what is left of ln 2, squared three times."""
    whole = np.rint(x / LN2)
    eighth = (x - whole * LN2) * 0.125
    total = np.full_like(eighth, _TAYLOR[0])
    for coefficient in _TAYLOR[1:]:
        total = total * eighth + coefficient
    for _ in range(3):
        total = total * total
    return np.ldexp(total, whole.astype(np.int64))


def normal_of(u: Floats) -> Floats:
    """Return standard normals by inversion of 32-bit uniforms (Wichura 1988, AS 241, PPND7)."""
    q = u - 0.5
    r = 0.180625 - q * q
    middle = (
        q
        * (((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179)
        / (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0)
    )
    r = np.sqrt(-log_of(np.minimum(u, 1.0 - u))) - 1.6
    tail = (((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777) / (
        (0.12021132975 * r + 0.73700164250) * r + 1.0
    )
    return np.where(np.abs(q) <= 0.425, middle, np.where(q < 0, -tail, tail))


def student_of(z: Floats, other: Floats, u: Floats, v: Floats) -> Floats:
    """Return Student-t(5) of unit variance from two normals and two uniforms.

    The five squares under the root are those of `other` and of -2 ln(uv), which has four.
    """
    chi_square = other * other - 2.0 * log_of(u * v)
    return z * np.sqrt(3.0 / chi_square)


def poisson_of(u: Floats, mean: Floats) -> Whole:
    """Return Poisson counts: by inversion up to a mean of 30, where a greater mean never gives
    a smaller count; above by the normal with the skewness corrected (Cornish and Fisher 1938).
    """
    counts = _inverted(u, np.minimum(mean, INVERTED_UP_TO))
    large = mean > INVERTED_UP_TO
    if large.any():
        z, high = normal_of(u[large]), mean[large]
        near = high + np.sqrt(high) * z + (z * z - 1.0) / 6.0
        counts[large] = np.maximum(0, np.rint(near)).astype(np.int64)
    return counts


def _inverted(u: Floats, mean: Floats) -> Whole:
    probability = exp_of(-mean)
    cumulated, counts = probability.copy(), np.zeros(u.shape, dtype=np.int64)
    for number in range(1, 100):
        above = u > cumulated
        if not above.any():
            break
        counts += above
        probability = probability * mean / number
        cumulated += probability
    return counts
