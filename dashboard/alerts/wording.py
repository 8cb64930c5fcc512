"""Alerts in words: what a condition waits for, and what is said when it fires.

Pure. Must not know who reads it.
"""

from collections.abc import Iterable
from typing import Final

from dashboard.alerts.rules import Condition, Firing, Frequency, Kind, Match
from feeds.market.bars import MINUTE_MS
from feeds.market.delayed_keys import delay_of, shown

KIND_TEXT: Final = {
    Kind.ABOVE: "Price is above",
    Kind.BELOW: "Price is below",
    Kind.CROSSES_UP: "Price crosses up",
    Kind.CROSSES_DOWN: "Price crosses down",
    Kind.RISES: "Price rises by % within",
    Kind.FALLS: "Price falls by % within",
    Kind.ABOVE_VWAP: "% above VWAP",
    Kind.BELOW_VWAP: "% below VWAP",
    Kind.NEAR_HIGH: "Within % of the day's high",
    Kind.NEAR_LOW: "Within % of the day's low",
    Kind.VOLUME_SPIKE: "Volume spike (times usual)",
    Kind.HALT: "Halt or pause",
    Kind.STALE: "No tick for seconds",
}
"""The kinds as a form offers them."""
FREQUENCY_TEXT: Final = {
    Frequency.ONCE: "Once",
    Frequency.ONCE_PER_BAR: "Once per minute bar",
    Frequency.EVERY_TIME: "Every time",
}
_SENTENCES: Final = {
    Kind.ABOVE: "is above {value}",
    Kind.BELOW: "is below {value}",
    Kind.CROSSES_UP: "crosses up {value}",
    Kind.CROSSES_DOWN: "crosses down {value}",
    Kind.RISES: "rises by {value} % within {window}",
    Kind.FALLS: "falls by {value} % within {window}",
    Kind.ABOVE_VWAP: "is {value} % or more above VWAP",
    Kind.BELOW_VWAP: "is {value} % or more below VWAP",
    Kind.NEAR_HIGH: "is within {value} % of the day's high",
    Kind.NEAR_LOW: "is within {value} % of the day's low",
    Kind.VOLUME_SPIKE: "trades {value} times its usual volume in a minute",
    Kind.HALT: "is halted or paused",
    Kind.STALE: "has no tick for {value} s",
}


def condition_text(condition: Condition) -> str:
    """Return a condition after the name of an instrument: "is above 120.5"."""
    value = f"{condition.value.normalize():,f}"
    return _SENTENCES[condition.kind].format(value=value, window=window_text(condition.window_s))


def rule_text(subject: str, conditions: Iterable[Condition], match: Match) -> str:
    """Return a whole rule: "NVX is above 120 and rises by 2 % within 5 min"."""
    word = " and " if match is Match.ALL else " or "
    return f"{subject} {word.join(map(condition_text, conditions))}"


def window_text(window_s: int) -> str:
    """Return the length of a window: "5 min"."""
    if window_s % 3600 == 0:
        return f"{window_s // 3600} h"
    return f"{window_s // 60} min" if window_s % 60 == 0 else f"{window_s} s"


def firing_text(firing: Firing) -> str:
    """Return what happened: "NVX is above 120, at 120.05"."""
    rule = firing.rule
    named = [rule.conditions[index] for index in firing.conditions]
    text = rule_text(shown(firing.key), named or rule.conditions, rule.match)
    if firing.price is not None:
        text += f", at {firing.price:,f}"
    minutes = delay_of(firing.key)
    return f"{text} ({minutes} min late)" if minutes else text


def times_text(count: int) -> str:
    """Return how often something happened: once, or 4 times."""
    return "once" if count == 1 else f"{count} times"


def span_text(length_ms: float) -> str:
    """Return a length of time as people say it: 5 days, 3 hours, 40 min."""
    minutes = max(1, round(length_ms / MINUTE_MS))
    if minutes >= 2 * 24 * 60:
        return f"{round(minutes / 24 / 60)} days"
    return f"{round(minutes / 60)} hours" if minutes >= 120 else f"{minutes} min"
