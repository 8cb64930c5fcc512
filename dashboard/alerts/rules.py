"""What an alert waits for, as values: conditions, rules, firings, and how far a rule has come.

Pure. Must not know people, rows or how rules are judged.
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec


class Kind(StrEnum):
    """What a condition compares; prices are of trades, percentages relative to what is named."""

    ABOVE = "above"
    BELOW = "below"
    CROSSES_UP = "crosses_up"
    CROSSES_DOWN = "crosses_down"
    RISES = "rises"
    FALLS = "falls"
    ABOVE_VWAP = "above_vwap"
    BELOW_VWAP = "below_vwap"
    NEAR_HIGH = "near_high"
    NEAR_LOW = "near_low"
    VOLUME_SPIKE = "volume_spike"
    HALT = "halt"
    STALE = "stale"


PRICES: Final = frozenset({Kind.ABOVE, Kind.BELOW, Kind.CROSSES_UP, Kind.CROSSES_DOWN})
"""Kinds whose value is a price."""
CROSSINGS: Final = frozenset({Kind.CROSSES_UP, Kind.CROSSES_DOWN})
"""Kinds that hold only at the tick that crosses."""
MOVES: Final = frozenset({Kind.RISES, Kind.FALLS})
"""Kinds with a window of time."""
MAX_CONDITIONS: Final = 3


class Match(StrEnum):
    """How the conditions of a rule combine."""

    ALL = "all"
    ANY = "any"


class Frequency(StrEnum):
    """How often a rule may fire: once and never again, once per minute bar, or every time."""

    ONCE = "once"
    ONCE_PER_BAR = "once_per_bar"
    EVERY_TIME = "every_time"


class Condition(msgspec.Struct, frozen=True):
    """One comparison.

    `value` is a price, a percentage, a multiple of the usual volume, or seconds; a halt has none.
    `window_s` is the length of the window of a move, in seconds of exchange time.
    """

    kind: Kind
    value: Decimal = Decimal(0)
    window_s: int = 0


def is_line(conditions: Sequence[Condition], index: int) -> bool:
    """Say whether the condition with this index waits for a price: a line of charts."""
    return 0 <= index < len(conditions) and conditions[index].kind in PRICES


class Progress(msgspec.Struct, array_like=True):
    """How far a rule has come with one symbol; saved, so that a restart goes on from here.

    A rule that fired is not armed until its conditions have cleared. `fired_ms` is the wall time
    of the last firing (UTC ms), `bar_ms` the start of its bar (exchange time, UTC ms).
    `armed_epoch` and `armed_sequence` are the place on the tape where it was armed again.
    `former_bar_ms` is the bar of the firing before: a crash takes time back to what was published,
    perhaps into that bar again.
    """

    armed: bool = True
    fired_ms: int = 0
    bar_ms: int = -1
    armed_epoch: str = ""
    armed_sequence: int = 0
    former_bar_ms: int = -1


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """An alert as the judge sees it.

    `keys` are keys of instruments on the tape, delayed ones for people who see delayed data.
    `hysteresis` is a share of the value: 0.01 with "above 200" clears at 198. `cooldown_ms` is the
    least time between two firings for a symbol. Nothing fires before `snoozed_ms` or from
    `expires_ms` on (wall time, UTC ms; 0 is never).
    """

    id: int
    revision: int
    keys: tuple[str, ...]
    conditions: tuple[Condition, ...]
    match: Match = Match.ALL
    frequency: Frequency = Frequency.ONCE
    cooldown_ms: int = 0
    hysteresis: Decimal = Decimal(0)
    snoozed_ms: int = 0
    expires_ms: int = 0
    progress: dict[str, Progress] = {}


class Firing(msgspec.Struct, frozen=True, kw_only=True):
    """A rule fired at a place on the tape, because of an event of `key` or because time passed.

    `at_ms` is wall time (UTC ms); `price` is the last one, None before the first trade.
    `conditions` are the indexes of those that hold.
    """

    rule: Rule
    key: str
    epoch: str
    sequence: int
    at_ms: int
    price: Decimal | None
    conditions: tuple[int, ...]
