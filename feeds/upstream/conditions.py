"""What the conditions of a trade let it move in bars and in the day, by the vendor's table.

Pure. Source: docs.alpaca.markets, "Market Data FAQ", section "How are bars aggregated?".
"""

from functools import lru_cache
from typing import Final

from feeds.market.events import MOVES_ALL, MOVES_FIRST, MOVES_LAST, MOVES_RANGE, MOVES_VOLUME

_FIRST: Final = MOVES_FIRST | MOVES_RANGE | MOVES_VOLUME
_PRICES: Final = MOVES_LAST | MOVES_RANGE
_ANY_PRICE: Final = MOVES_LAST | MOVES_FIRST
Rule = tuple[int, int]
"""What a condition lets a trade move in bars of up to an hour, and in the day."""
_FREE: Final[Rule] = (MOVES_ALL, MOVES_ALL)
_VOLUME: Final[Rule] = (MOVES_VOLUME, MOVES_VOLUME)
_NOTHING: Final[Rule] = (0, 0)
_OUT_OF_ORDER: Final[Rule] = (MOVES_VOLUME, _FIRST)
_RULES: Final[dict[str, Rule]] = {
    "B": _VOLUME,  # average price; see _BUNCHED
    "C": _VOLUME,  # cash
    "G": _OUT_OF_ORDER,  # bunched sold; on tape C only
    "H": _VOLUME,  # price variation
    "I": _VOLUME,  # odd lot
    "M": _NOTHING,  # official close of a market center
    "N": _VOLUME,  # next day
    "P": _OUT_OF_ORDER,  # prior reference price
    "Q": _NOTHING,  # official open of a market center
    "R": _VOLUME,  # seller
    "T": (MOVES_ALL, MOVES_VOLUME),  # extended hours
    "U": _VOLUME,  # extended hours, sold out of sequence
    "V": _VOLUME,  # contingent
    "W": _VOLUME,  # average price
    "Z": _OUT_OF_ORDER,  # sold out of sequence
    "4": _OUT_OF_ORDER,  # derivatively priced
    "7": _VOLUME,  # qualified contingent
    "9": (0, _PRICES),  # corrected consolidated close
}
"""The conditions that restrict a trade; every other one lets it move everything."""
_BUNCHED: Final = "B"
_NYSE_TAPES: Final = frozenset({"A", "B"})
_ONLY_C: Final = frozenset({"G"})


@lru_cache(maxsize=4096)
def rule_of(conditions: tuple[str, ...], tape: str) -> Rule:
    """Return what a trade moves: of several conditions the strictest counts for each part.

    A message without a tape is taken as one of tape C, whose regular trades say `@`.
    """
    bar, day = MOVES_ALL, MOVES_ALL
    for condition in conditions:
        for_bar, for_day = _rule(condition, tape)
        bar, day = _strictest(bar, for_bar), _strictest(day, for_day)
    return bar, day


def _rule(condition: str, tape: str) -> Rule:
    if condition == _BUNCHED and tape not in _NYSE_TAPES:
        return _FREE  # on tape C this is a bunched trade, not one at an average price
    if condition in _ONLY_C and tape in _NYSE_TAPES:
        return _FREE
    return _RULES.get(condition, _FREE)


def _strictest(first: int, second: int) -> int:
    """Return what two rules both allow; MOVES_FIRST is stricter than MOVES_LAST."""
    both = first & second & (MOVES_RANGE | MOVES_VOLUME)
    prices = {first & _ANY_PRICE, second & _ANY_PRICE}
    if 0 in prices:
        return both
    return both | (MOVES_FIRST if MOVES_FIRST in prices else MOVES_LAST)
