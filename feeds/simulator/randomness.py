"""Random numbers as a function of (key, counter) alone, for whole arrays at once.

Pure. Must not know prices or time. A counter-based generator has no state: any step of any
instrument can be drawn without those before it, so that no instrument changes the numbers of
another. numpy's own Philox is a sequential stream and cannot draw thousands of keys in one call.

Everything here is integer arithmetic or +, -, *, / and sqrt of IEEE 754, which round the same on
every machine. log and exp are built from these, because those of the platforms differ in the last
bit, and a single bit would change the tape.
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
# The constants of Philox4x32-10 as published. Other values would be an untested generator.
_MULTIPLY: Final = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL: Final = (np.uint64(0x9E3779B9), np.uint64(0xBB67AE85))
_ROUNDS: Final = 10
# A literal, because the logarithm of a platform may differ in the last bit.
LN2: Final = 0.6931471805599453
_TAYLOR: Final = tuple(1.0 / factorial(number) for number in range(8, -1, -1))
INVERTED_UP_TO: Final = 30.0
"""Above this mean Poisson counts come from a normal approximation, with an error below 0.1 %."""


def philox(counter: Block, key: tuple[Words, Words]) -> Block:
    """Return four 32-bit words per element (Philox4x32-10, Salmon et al., SC 2011).

    Counters and keys are arrays of 32-bit words that broadcast against each other.
    """
    # Words of 32 bits in arrays of 64: the product of two words fits, and its halves are taken by
    # shift and mask.
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
    """Return the two key words of a named component, the same in every process."""
    # Not hash(): Python salts that of strings in each process.
    digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little")


def words(
    keys: tuple[Words, Words], step: Words | np.uint64, index: Whole | int, purpose: int
) -> Block:
    """Return four words of 32 random bits for each (key, step, index) and purpose.

    Different purposes are independent streams of the same key.
    """
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
    """Return a uniform in (0, 1) from a word: never 0, whose logarithm is infinite, and never 1."""
    return (word.astype(np.float64) + 0.5) * 2.0**-32


def log_of(x: Floats) -> Floats:
    """Return the natural logarithm of positive numbers, to about 1e-15.

    ln m = 2 artanh((m - c) / (m + c)) + ln c with c = sqrt(1/2), m in [1/2, 1): then the argument
    is below 0.18 and twelve terms of the series are enough.
    """
    mantissa, exponent = np.frexp(x)
    s = (mantissa - 0.7071067811865476) / (mantissa + 0.7071067811865476)
    square, total = s * s, np.full_like(s, 1.0 / 23.0)
    for odd in range(21, 0, -2):
        total = total * square + 1.0 / odd
    return 2.0 * s * total + (exponent - 0.5) * LN2


def exp_of(x: Floats) -> Floats:
    """Return the exponential of numbers in [-700, 700], to about 1e-14.

    x = n ln 2 + r. A Taylor series gives exp(r / 8), which is squared three times.
    """
    whole = np.rint(x / LN2)
    eighth = (x - whole * LN2) * 0.125
    total = np.full_like(eighth, _TAYLOR[0])
    for coefficient in _TAYLOR[1:]:
        total = total * eighth + coefficient
    for _ in range(3):
        total = total * total
    return np.ldexp(total, whole.astype(np.int64))


def normal_of(u: Floats) -> Floats:
    """Return standard normals from uniforms by inversion (Wichura 1988, AS 241, PPND7).

    Accurate to about 1e-7, which is as fine as uniforms of 32 bits allow.
    """
    q = u - 0.5
    r = 0.180625 - q * q
    normals: Floats = (
        q
        * (((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179)
        / (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0)
    )
    # Only one of seven is in a tail, and a logarithm costs more than all the rest.
    is_tail = np.abs(q) > 0.425
    normals[is_tail] = _tail_of(u[is_tail])
    return normals


def _tail_of(u: Floats) -> Floats:
    r = np.sqrt(-log_of(np.minimum(u, 1.0 - u))) - 1.6
    tail = (((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777) / (
        (0.12021132975 * r + 0.73700164250) * r + 1.0
    )
    return np.where(u < 0.5, -tail, tail)


def student_of(z: Floats, other: Floats, u: Floats, v: Floats) -> Floats:
    """Return Student-t(5) of unit variance from two normals and two uniforms.

    A chi-square of 5 degrees of freedom is the square of `other` plus -2 ln(uv), which has 4. The
    variance of Student-t(5) is 5/3, so that the factor is sqrt(3 / chi²) instead of sqrt(5 / chi²).
    """
    chi_square = other * other - 2.0 * log_of(u * v)
    return z * np.sqrt(3.0 / chi_square)


def poisson_of(u: Floats, mean: Floats) -> Whole:
    """Return Poisson counts from uniforms.

    Up to a mean of 30 by inversion. Above by the normal distribution with a correction of its
    skewness (Cornish and Fisher 1938). For a fixed `u` a greater mean never gives a smaller count.
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
    # The bound is a safeguard: at a mean of 30 a count of 100 has a chance below 1e-20.
    for number in range(1, 100):
        above = u > cumulated
        if not above.any():
            break
        counts += above
        probability = probability * mean / number
        cumulated += probability
    return counts
