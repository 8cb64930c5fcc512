"""A market that is made of its ingredients, with numpy alone, and the same market without one.

It shares no code with the simulator: prices have three time scales of volatility and two common
factors, trades set off trades (a Hawkes process), and a trade is at the bid or the ask. Each wrong
market leaves out what a fact is about.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from feeds.realism.sample import SAMPLES_PER_MINUTE, MarketSample, SymbolTrades

MINUTES: Final = 385
SAMPLES: Final = MINUTES * SAMPLES_PER_MINUTE
SECTORS: Final = ("Technology", "Energy", "Finance", "Health")
HALF_LIVES_MIN: Final = np.array([2.0, 30.0, 1170.0])[:, None]
SDS: Final = np.array([0.3, 0.55, 0.8])[:, None]
COMMON_SDS: Final = np.array([0.25, 0.55, 0.4])[:, None]
"""Of instruments, and of what they have in common."""
MARKET, SECTOR, OWN = 0.56, 0.45, 0.695
"""Shares of the volatility of an instrument."""
BRANCHING: Final = 0.55
BURST_HALF_LIFE_MIN: Final = 0.5
Array = np.ndarray


@dataclass(frozen=True)
class Model:
    """What the market is made of; everything on is a market as it should be."""

    clusters: bool = True
    """Volatility comes in clusters; otherwise it is constant."""
    tails: bool = False
    """Returns have fat tails by themselves (Student-t(3)), whatever the volatility."""
    factors: bool = True
    """Instruments move together."""
    busy_ends: bool = True
    """Volume is high at the open and at the close."""
    bursts: bool = True
    """Trades set off trades; otherwise they are a Poisson process."""
    is_shuffled: bool = False
    """The returns come in random order."""
    momentum: float = 0.0
    """The share of a return that comes again a minute later."""
    is_synchronous: bool = False
    """All instruments trade at the same times, at the middle between bid and ask."""


def model_market(
    seed: int, density: float, model: Model = Model(), *, days: int = 10, symbols: int = 16
) -> MarketSample:
    """Return a sample of a market with `density` trades per instrument and minute."""
    random = np.random.default_rng(seed)
    sectors = [SECTORS[place % len(SECTORS)] for place in range(symbols)]
    moves, volatility = _moves(random, model, days, symbols)
    shape = _profile() if model.busy_ends else np.ones(SAMPLES)
    counts = _arrivals(random, model, density, shape, volatility)
    logs = np.cumsum(moves, axis=1)
    spread = (0.0 if model.is_synchronous else 0.00035) * random.choice([-1.0, 1.0], logs.shape)
    prices = np.rint(10_000 * np.exp(logs + spread / 2))
    sizes = counts * np.exp(random.normal(0, 0.8, counts.shape)) * volatility
    parts = [
        [_trades(counts[day, :, k], prices[day, :, k], sizes[day, :, k]) for k in range(symbols)]
        for day in range(days)
    ]
    return MarketSample(parts, sectors, MINUTES)


def _profile() -> Array:
    elapsed = (np.arange(SAMPLES) + 0.5) / SAMPLES
    curve: Array = 1 + 2.0 * np.exp(-elapsed / 0.07) + 1.8 * np.exp((elapsed - 1) / 0.05)
    return curve / curve.mean()


def _moves(random: np.random.Generator, model: Model, days: int, symbols: int) -> tuple[Array, ...]:
    """Return the log returns of 5 s and the volatility, both [day, sample, symbol]."""
    paths = 1 + len(SECTORS) + symbols
    volatility = np.ones((days * MINUTES, paths))
    if model.clusters:
        decay = 0.5 ** (1 / HALF_LIVES_MIN)
        sds = np.concatenate([COMMON_SDS.repeat(paths - symbols, 1), SDS.repeat(symbols, 1)], 1)
        logs = sds * random.normal(size=(3, paths))
        for minute in range(len(volatility)):
            logs = decay * logs + np.sqrt(1 - decay**2) * sds * random.normal(size=(3, paths))
            volatility[minute] = np.exp(logs.sum(axis=0) - (sds**2).sum(axis=0))
    volatility = np.repeat(volatility, SAMPLES_PER_MINUTE, axis=0)
    shocks = random.normal(size=volatility.shape)
    if model.tails:
        # One shock a minute has the tail: the sum of many would be normal again.
        wild = random.standard_t(3, size=(days * MINUTES, paths))
        shocks = np.repeat(wild, SAMPLES_PER_MINUTE, axis=0) / np.sqrt(3 * SAMPLES_PER_MINUTE)
    shocks = shocks * volatility
    own, sector = shocks[:, -symbols:], shocks[:, 1 + np.arange(symbols) % len(SECTORS)]
    moves = OWN * own + SECTOR * sector + MARKET * shocks[:, :1] if model.factors else own
    if model.is_shuffled:
        moves = moves[random.permutation(len(moves))]
    if model.momentum:
        moves[SAMPLES_PER_MINUTE:] += model.momentum * moves[:-SAMPLES_PER_MINUTE]
    moves = 0.0003 * moves
    return moves.reshape(days, SAMPLES, symbols), volatility[:, -symbols:].reshape(
        days, SAMPLES, symbols
    )


def _arrivals(
    random: np.random.Generator, model: Model, density: float, shape: Array, volatility: Array
) -> Array:
    """Return the number of trades in each 5 s, [day, sample, symbol]."""
    mean = density / SAMPLES_PER_MINUTE
    days, _, symbols = volatility.shape
    if model.is_synchronous:
        every = max(1, round(1 / mean))
        regular = (np.arange(SAMPLES) % every == every - 1) * max(1.0, mean)
        return np.broadcast_to(regular[None, :, None], volatility.shape).copy()
    if not model.bursts:
        return random.poisson(mean * shape[None, :, None], volatility.shape).astype(float)
    lively = volatility / volatility.mean(axis=(0, 1))
    decay = 0.5 ** (1 / (BURST_HALF_LIFE_MIN * SAMPLES_PER_MINUTE))
    excitation = np.full((days, symbols), BRANCHING * mean)
    counts = np.zeros(volatility.shape)
    for sample in range(SAMPLES):
        base = (1 - BRANCHING) * mean * shape[sample] * np.minimum(lively[:, sample], 10)
        counts[:, sample] = random.poisson(base + excitation)
        excitation = decay * excitation + (1 - decay) * BRANCHING * counts[:, sample]
    return counts


def _trades(counts: Array, prices: Array, sizes: Array) -> SymbolTrades:
    samples = np.flatnonzero(counts)
    minutes = np.unique(samples // SAMPLES_PER_MINUTE)
    of_minute = (column.reshape(MINUTES, -1).sum(axis=1)[minutes] for column in (sizes, counts))
    volumes, number = of_minute
    return SymbolTrades(samples, prices[samples], minutes, volumes, number)
