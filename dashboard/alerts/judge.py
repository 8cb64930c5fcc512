"""Judges rules on every raw event of the market.

Pure: no clock and no rows. Must not know people. A rule is judged for an instrument at each of its
trades, corrections and phases, and once a second because time passed. A correction mends the
figures: a condition that holds with them may fire, but a correction never makes a price cross, as
nobody traded. What fired before stays fired.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from dashboard.alerts.gauges import (
    Gauge,
    GaugeName,
    Term,
    gauge_name,
    is_crossing,
    reader_of,
    thresholds_of,
)
from dashboard.alerts.measures import Measures, MeasuresState
from dashboard.alerts.rules import Firing, Frequency, Kind, Match, Progress, Rule
from dashboard.alerts.windows import Window
from feeds.market.bars import MINUTE_MS
from feeds.market.events import (
    NOTHING,
    Amendment,
    Batch,
    Carryover,
    Delisting,
    Event,
    Listing,
    Position,
    Quote,
    ReportedTrade,
    Status,
    Trade,
)

BEGINNING: Final = Position("", NOTHING)
"""The place before a first life of the market."""
LOOK_MS: Final = 1000
"""How often the judge looks for what time alone changes: the age of ticks, the end of a snooze."""
MENDED: Final = -2
"""The stamp on a gauge that a correction changed.

No occasion has this stamp, so no condition takes the change for a price that crosses.
"""


class Occasion(NamedTuple):
    """When a pair is judged: the sequence of the event, its stamp on gauges, wall time (UTC ms).

    When only time has passed, the stamp is that of no event, so no condition that crosses can hold.
    """

    sequence: int
    stamp: int
    at_ms: int


class Case:
    """A rule with what has become of it so far; `fired_at` is the sequence of its last firing."""

    __slots__ = ("fired_at", "is_done", "pairs", "rule")

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        # Copies, because the judge changes them: the rule stays as it was read.
        self.pairs = {
            key: Pair(self, key, msgspec.structs.replace(rule.progress.get(key) or Progress()))
            for key in rule.keys
        }
        self.fired_at = -1
        self.is_done = False

    def go_on(self, former: "Case") -> None:
        """Take what became of the same rule with other instruments; its row may lag behind."""
        self.fired_at, self.is_done = former.fired_at, former.is_done
        for key in self.pairs.keys() & former.pairs.keys():
            self.pairs[key].progress = former.pairs[key].progress

    def progress(self) -> dict[str, Progress]:
        """Return how far it has come, by key; keys without progress are left out."""
        return {
            key: msgspec.structs.replace(pair.progress)
            for key, pair in self.pairs.items()
            if pair.progress != Progress()
        }


class Pair:
    """A rule and one of its instruments."""

    __slots__ = ("case", "key", "progress", "terms")

    def __init__(self, case: Case, key: str, progress: Progress) -> None:
        self.case = case
        self.key = key
        self.progress = progress
        self.terms: list[Term] = []

    def holds(self, stamp: int) -> bool:
        """Say whether its conditions hold together."""
        combine = all if self.case.rule.match is Match.ALL else any
        return combine(term.holds(stamp) for term in self.terms)

    def has_cleared(self) -> bool:
        """Say whether its conditions, taken together, have cleared."""
        combine = any if self.case.rule.match is Match.ALL else all
        return combine(term.has_cleared for term in self.terms)


class Watched:
    """The gauges of one instrument, and the pairs that wait for a time or for the next bar."""

    __slots__ = ("_gauges", "_later", "_next_bar", "measures", "minute", "wake_ms")

    def __init__(self, measures: Measures) -> None:
        self.measures = measures
        self.minute = measures.minute
        self.wake_ms = 0
        self._gauges: dict[GaugeName, Gauge] = {}
        self._later: dict[Pair, int] = {}
        self._next_bar: dict[Pair, None] = {}

    def add(self, pair: Pair) -> None:
        """Bind a pair to its gauges; it is judged at the next occasion in any case."""
        rule = pair.case.rule
        pair.terms = []
        for condition in rule.conditions:
            name = gauge_name(condition)
            thresholds = thresholds_of(condition, rule.hysteresis, self.measures.tick_size)
            gauge = self._gauges.get(name) or self._open(name)
            gauge.add(pair, thresholds)
            pair.terms.append(Term(gauge, thresholds, is_crossing=is_crossing(condition)))
        self.wait(pair, 0)

    def _open(self, name: GaugeName) -> Gauge:
        self._want_window(name)
        gauge = self._gauges[name] = Gauge(reader_of(name))
        gauge.begin(self.measures)
        return gauge

    def _want_window(self, name: GaugeName) -> None:
        span_ms = name[1]
        if span_ms and span_ms not in self.measures.windows:
            self.measures.windows[span_ms] = Window(span_ms)

    def remove(self, pairs: set[Pair]) -> None:
        """Forget pairs, and the gauges that nobody else reads."""
        for name, gauge in list(self._gauges.items()):
            gauge.remove(pairs)
            if gauge.is_empty:
                del self._gauges[name]
                if not self._is_read(name[1]):
                    self.measures.windows.pop(name[1], None)
        for pair in pairs:
            self._later.pop(pair, None)
            self._next_bar.pop(pair, None)

    def _is_read(self, span_ms: int) -> bool:
        return any(span == span_ms for _, span in self._gauges)

    @property
    def is_empty(self) -> bool:
        """Say whether no rule is about the instrument."""
        return not self._gauges

    @property
    def is_aged(self) -> bool:
        """Say whether a rule is about the age of its ticks."""
        return (Kind.STALE, 0) in self._gauges

    @property
    def waits(self) -> bool:
        """Say whether a pair waits for a time."""
        return bool(self._later)

    def begin(self) -> None:
        """Take the figures of a market that goes on; none of them is a change."""
        for name, gauge in self._gauges.items():
            self._want_window(name)
            gauge.begin(self.measures)

    def wait(self, pair: Pair, until_ms: int) -> None:
        """Judge a pair again at this wall time (UTC ms)."""
        self.wake_ms = min(self.wake_ms, until_ms) if self._later else until_ms
        self._later[pair] = until_ms

    def wait_for_bar(self, pair: Pair) -> None:
        """Judge a pair again at the first trade of another bar."""
        self._next_bar[pair] = None

    def update(self, stamp: int) -> list[Pair]:
        """Read all gauges anew, and return the pairs that are concerned."""
        concerned: list[Pair] = []
        for gauge in self._gauges.values():
            concerned += gauge.update(self.measures, stamp)
        return concerned

    def due(self, at_ms: int) -> list[Pair]:
        """Return the pairs that waited for this time or for the present bar."""
        due: list[Pair] = []
        if self._later and at_ms >= self.wake_ms:
            due += [pair for pair, until_ms in self._later.items() if until_ms <= at_ms]
            for pair in due:
                del self._later[pair]
            self.wake_ms = min(self._later.values(), default=0)
        if self.minute != self.measures.minute:
            self.minute = self.measures.minute
            due += self._next_bar
            self._next_bar.clear()
        return due


class Judge:
    """Take batches and return firings; a rule is known by its id and replaced by a new revision."""

    def __init__(
        self, left: Mapping[str, MeasuresState] | None = None, published: Position = BEGINNING
    ) -> None:
        """Begin without rules.

        `left` is what an earlier judge had measured. `published` is the place on its tape from
        which the market goes on: it may have judged events that were never published.
        """
        self._left = dict(left or {})
        self._published = published
        self._measures: dict[str, Measures] = {}
        self._cases: dict[int, Case] = {}
        self._pairs: dict[str, dict[Pair, None]] = {}
        self._watched: dict[str, Watched] = {}
        self._aged: dict[str, Measures] = {}
        self._changed: dict[int, Case] = {}
        self._firings: list[Firing] = []
        self._look_ms = 0
        self._epoch = ""

    def replace(self, rules: Iterable[Rule]) -> None:
        """Take all rules there are; those that stay the same go on."""
        wanted = {rule.id: rule for rule in rules}
        gone = {id: case for id, case in self._cases.items() if not _is_same(case, wanted)}
        self._remove([pair for case in gone.values() for pair in case.pairs.values()])
        for id in gone:
            del self._cases[id]
        for rule in wanted.values():
            if rule.id not in self._cases:
                self._add(rule, gone.get(rule.id))

    def take(self, batch: Batch, now_ms: int) -> list[Firing]:
        """Judge the events of a batch in order, then what time alone brings; return the firings."""
        self._epoch, self._firings = batch.epoch, []
        for sequence, event in enumerate(batch.events, batch.first):
            kind = event.__class__
            # Nearly all events are quotes and trades, and most quotes concern nobody.
            if kind is Quote:
                if event.symbol in self._aged:  # type: ignore[union-attr]
                    self._aged[event.symbol].tick_ms = event.ts_event  # type: ignore[union-attr]
            elif kind is Trade:
                self._trade(sequence, event)  # type: ignore[arg-type]
            elif kind is ReportedTrade:
                self._reported(sequence, event)  # type: ignore[arg-type]
            else:
                self._other(sequence, event)
        if now_ms >= self._look_ms:
            # At whole seconds: a replay that is judged twice is then looked at at the same times.
            self._look_ms = (now_ms // LOOK_MS + 1) * LOOK_MS
            self._look(batch.last, now_ms)
        return self._firings

    @property
    def has_rules(self) -> bool:
        """Say whether there is anything to judge."""
        return bool(self._cases)

    def changes(self) -> dict[int, tuple[int, dict[str, Progress]]]:
        """Return revision and progress of the rules that came further since the last call, by id.

        Those that fired are among them.
        """
        changed, self._changed = self._changed, {}
        return {id: (case.rule.revision, case.progress()) for id, case in changed.items()}

    def state(self) -> dict[str, MeasuresState]:
        """Return what it has measured, by key."""
        return {key: measures.state() for key, measures in self._measures.items()}

    def _add(self, rule: Rule, former: Case | None) -> None:
        case = self._cases[rule.id] = Case(rule)
        if former is not None and former.rule.revision == rule.revision:
            case.go_on(former)
        self._disarm(case)
        for key, pair in case.pairs.items():
            self._pairs.setdefault(key, {})[pair] = None
            if key in self._measures:
                self._watch(key, [pair])

    def _disarm(self, case: Case) -> None:
        """Take back that a rule was armed by an event that was never published.

        What fired at such an event stays: its owner has been told.
        """
        for pair in case.pairs.values():
            progress = pair.progress
            is_of_that_life = progress.armed_epoch == self._published.epoch
            if is_of_that_life and progress.armed_sequence > self._published.sequence:
                progress.armed, progress.armed_epoch = False, ""
                self._changed[case.rule.id] = case

    def _remove(self, pairs: Sequence[Pair]) -> None:
        by_key: dict[str, set[Pair]] = {}
        for pair in pairs:
            by_key.setdefault(pair.key, set()).add(pair)
        for key, some in by_key.items():
            for pair in some:
                self._pairs[key].pop(pair, None)
            watched = self._watched.get(key)
            if watched is not None:
                watched.remove(some)
                self._note_aged(key, watched)
                if watched.is_empty:
                    del self._watched[key]

    def _watch(self, key: str, pairs: Iterable[Pair]) -> None:
        watched = self._watched.get(key)
        if watched is None:
            watched = self._watched[key] = Watched(self._measures[key])
        for pair in pairs:
            watched.add(pair)
        self._note_aged(key, watched)

    def _note_aged(self, key: str, watched: Watched) -> None:
        if watched.is_aged:
            self._aged[key] = watched.measures
        else:
            self._aged.pop(key, None)

    def _trade(self, sequence: int, trade: Trade) -> None:
        symbol = trade.symbol
        self._measures[symbol].trade(trade)
        watched = self._watched.get(symbol)
        if watched is not None:
            self._judge_all(watched, Occasion(sequence, sequence, trade.ts_event))

    def _reported(self, sequence: int, trade: ReportedTrade) -> None:
        self._measures[trade.symbol].reported(trade)
        watched = self._watched.get(trade.symbol)
        if watched is not None:
            self._judge_all(watched, Occasion(sequence, sequence, trade.ts_event))

    def _amend(self, sequence: int, amendment: Amendment) -> None:
        self._measures[amendment.symbol].amend(amendment)
        watched = self._watched.get(amendment.symbol)
        if watched is not None:
            concerned = watched.update(MENDED)
            self._judge_some(watched, concerned, Occasion(sequence, NOTHING, amendment.ts_event))

    def _other(self, sequence: int, event: Event) -> None:
        match event:
            case Amendment():
                self._amend(sequence, event)
            case Status(symbol=symbol):
                self._measures[symbol].status(event)
                watched = self._watched.get(symbol)
                if watched is not None:
                    self._judge_all(watched, Occasion(sequence, sequence, event.ts_event))
            case Listing(definition=definition):
                if definition.symbol not in self._measures:
                    self._list(definition.symbol, Measures(definition.tick_size))
            case Carryover(symbol=symbol):
                self._measures[symbol].carry_over(event, self._left.pop(symbol, None))
                if symbol in self._watched:
                    self._watched[symbol].begin()
            case Delisting(symbol=symbol):
                self._measures.pop(symbol, None)
                self._watched.pop(symbol, None)
                self._aged.pop(symbol, None)

    def _list(self, key: str, measures: Measures) -> None:
        self._measures[key] = measures
        if self._pairs.get(key):
            self._watch(key, self._pairs[key])

    def _look(self, sequence: int, now_ms: int) -> None:
        for measures in self._aged.values():
            measures.look(now_ms)
        for key, watched in self._watched.items():
            if key in self._aged or watched.waits:
                self._judge_all(watched, Occasion(sequence, NOTHING, now_ms))

    def _judge_all(self, watched: Watched, occasion: Occasion) -> None:
        concerned = watched.update(occasion.stamp)
        self._judge_some(watched, concerned + watched.due(occasion.at_ms), occasion)

    def _judge_some(self, watched: Watched, concerned: list[Pair], occasion: Occasion) -> None:
        # A pair with several conditions may be concerned several times.
        for pair in dict.fromkeys(concerned):
            self._judge(watched, pair, occasion)

    def _judge(self, watched: Watched, pair: Pair, occasion: Occasion) -> None:
        case, rule, at_ms = pair.case, pair.case.rule, occasion.at_ms
        if case.is_done or (rule.expires_ms and at_ms >= rule.expires_ms):
            return
        if not self._is_due(watched, pair, occasion):
            return
        free_ms = _free_ms(pair)
        if at_ms < free_ms:
            watched.wait(pair, free_ms)
        elif case.fired_at == occasion.sequence:  # a rule fires once for a place on the tape
            watched.wait(pair, at_ms)
        else:
            self._fire(watched, pair, occasion)

    def _is_due(self, watched: Watched, pair: Pair, occasion: Occasion) -> bool:
        """Say whether the conditions let a pair fire; arm it when they have cleared."""
        progress, rule = pair.progress, pair.case.rule
        holds = pair.holds(occasion.stamp)
        if rule.frequency is Frequency.ONCE_PER_BAR:
            is_new = _bar_ms(watched) not in (progress.bar_ms, progress.former_bar_ms)
            if holds and not is_new:
                watched.wait_for_bar(pair)
            return holds and is_new
        if not progress.armed and pair.has_cleared():
            progress.armed = True
            progress.armed_epoch, progress.armed_sequence = self._epoch, occasion.sequence
            self._changed[rule.id] = pair.case
        return holds and progress.armed

    def _fire(self, watched: Watched, pair: Pair, occasion: Occasion) -> None:
        case, progress = pair.case, pair.progress
        holding = (i for i, term in enumerate(pair.terms) if term.holds(occasion.stamp))
        measures = watched.measures
        price = None if measures.last is None else measures.last * measures.tick_size
        firing = Firing(
            rule=case.rule,
            key=pair.key,
            epoch=self._epoch,
            sequence=occasion.sequence,
            at_ms=occasion.at_ms,
            price=price,
            conditions=tuple(holding),
        )
        self._firings.append(firing)
        case.fired_at = occasion.sequence
        case.is_done = case.rule.frequency is Frequency.ONCE
        progress.armed, progress.fired_ms = False, occasion.at_ms
        progress.former_bar_ms, progress.bar_ms = progress.bar_ms, _bar_ms(watched)
        self._changed[case.rule.id] = case
        if case.rule.frequency is Frequency.ONCE_PER_BAR:
            watched.wait_for_bar(pair)


def _free_ms(pair: Pair) -> int:
    """Return the wall time from which a pair may fire (UTC ms)."""
    rule, fired_ms = pair.case.rule, pair.progress.fired_ms
    return max(rule.snoozed_ms, fired_ms + rule.cooldown_ms if fired_ms else 0)


def _bar_ms(watched: Watched) -> int:
    return watched.measures.minute * MINUTE_MS


def _is_same(case: Case, wanted: Mapping[int, Rule]) -> bool:
    rule = wanted.get(case.rule.id)
    return rule is not None and (rule.revision, rule.keys) == (case.rule.revision, case.rule.keys)
