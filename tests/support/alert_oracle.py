"""A naive judge of alerts: computes every figure anew from the whole history, at every occasion.

It differs from the real one in that it has no gauges, thresholds or sorted lists, and judges every
rule of an instrument at each of its trades and phases, and every rule once a second.
"""

from collections import defaultdict
from decimal import Decimal

from dashboard.alerts.rules import Condition, Frequency, Kind, Match, Rule
from feeds.market.events import Batch, Listing, Phase, Quote, Status, Trade

Fired = tuple[int, str, int]
"""Rule, key and sequence of a firing."""
TRADED = (Phase.OPEN, Phase.LIMIT)


class NaiveInstrument:
    """All that ever happened to one instrument."""

    def __init__(self, tick: Decimal) -> None:
        self.tick = tick
        self.trades: list[tuple[int, int, int]] = []
        """Exchange time, price and size; a late trade counts as of the time before it."""
        self.day_from = self.clock_from = 0
        self.phase, self.day = Phase.CLOSED, None
        self.heard_ms = self.age_ms = 0

    def trade(self, trade: Trade) -> None:
        at_ms = trade.exchange_ms or trade.ts_event
        before = self.trades[-1][0] if self.trades else 0
        if at_ms < before - 5_000:
            self.clock_from = len(self.trades)
        elif at_ms < before:
            at_ms = before
        self.trades.append((at_ms, trade.price_ticks, trade.size))
        self.heard_ms = trade.ts_event

    def status(self, status: Status) -> None:
        opens = self.phase is Phase.CLOSED and status.phase is not Phase.CLOSED
        if opens or self.day not in (None, status.day):
            self.day_from = len(self.trades)
        if self.phase not in TRADED:
            self.heard_ms = max(self.heard_ms, status.ts_event)
        self.phase, self.day = status.phase, status.day

    @property
    def minute(self) -> int:
        return self.trades[-1][0] // 60_000 if self.trades else -1

    def prices(self, first: int = 0) -> list[int]:
        return [price for _, price, _ in self.trades[first:]]

    def window(self, span_ms: int) -> list[int]:
        recent = self.trades[self.clock_from :]
        return [price for at, price, _ in recent if at >= recent[-1][0] - span_ms]

    def volumes(self) -> list[int]:
        """Return the volume of each minute with trades, oldest first."""
        sums: list[tuple[int, int]] = []
        for at_ms, _, size in self.trades[self.clock_from :]:
            minute = at_ms // 60_000
            if sums and sums[-1][0] == minute:
                sums[-1] = (minute, sums[-1][1] + size)
            else:
                sums.append((minute, size))
        return [volume for _, volume in sums]

    def figure(self, condition: Condition) -> float | Decimal | None:
        """Return what a condition looks at, on a scale where more means nearer to holding."""
        kind, prices = condition.kind, self.prices()
        if kind is Kind.HALT:
            return int(self.phase is Phase.HALTED)
        if kind is Kind.STALE:
            return self.age_ms / 1000
        if not prices:
            return None
        last, today = prices[-1], self.trades[self.day_from :]
        match kind:
            case Kind.ABOVE | Kind.CROSSES_UP:
                return last * self.tick
            case Kind.BELOW | Kind.CROSSES_DOWN:
                return -last * self.tick
            case Kind.RISES:
                low = min(self.window(condition.window_s * 1000))
                return 100 * (last - low) / low
            case Kind.FALLS:
                high = max(self.window(condition.window_s * 1000))
                return 100 * (high - last) / high
            case Kind.VOLUME_SPIKE:
                *before, now = self.volumes()
                before = before[-20:]
                return now / (sum(before) / len(before)) if len(before) >= 5 else None
        if not today:
            return None
        turnover = sum(price * size for _, price, size in today)
        ratio = 100 * (last * sum(size for _, _, size in today) - turnover) / turnover
        high, low = (pick(self.prices(self.day_from)) for pick in (max, min))
        return {
            Kind.ABOVE_VWAP: ratio,
            Kind.BELOW_VWAP: -ratio,
            Kind.NEAR_HIGH: -100 * (high - last) / high,
            Kind.NEAR_LOW: -100 * (last - low) / low,
        }[kind]


def levels(condition: Condition, hysteresis: Decimal) -> tuple[Decimal | float, Decimal | float]:
    """Return where a condition begins to hold, and where it has cleared."""
    value = condition.value
    match condition.kind:
        case Kind.ABOVE | Kind.CROSSES_UP:
            return value, value * (1 - hysteresis)
        case Kind.BELOW | Kind.CROSSES_DOWN:
            return -value, -value * (1 + hysteresis)
        case Kind.NEAR_HIGH | Kind.NEAR_LOW:
            return -float(value), -float(value + value * hysteresis)
        case Kind.HALT:
            return 1, 1
    return float(value), float(value - value * hysteresis)


class NaiveJudge:
    """Judge rules that are known from the first event, or from the moment they are added."""

    def __init__(self, rules: list[Rule]) -> None:
        self._instruments: dict[str, NaiveInstrument] = {}
        self.add(rules)
        self._fired_ms: dict[tuple[int, str], int] = {}
        self._bars: dict[tuple[int, str], set[int]] = defaultdict(set)
        self._last: dict[int, tuple[str, int]] = {}
        self._epoch = ""
        self._look_ms = 0

    def take(self, batch: Batch, now_ms: int) -> list[Fired]:
        fired: list[Fired] = []
        self._epoch = batch.epoch
        for sequence, event in enumerate(batch.events, batch.first):
            match event:
                case Listing(definition=definition):
                    # A new life of the market lists it again, and its history goes on.
                    new = NaiveInstrument(definition.tick_size)
                    self._instruments.setdefault(definition.symbol, new)
                case Quote(symbol=symbol, ts_event=ts_event):
                    self._instruments[symbol].heard_ms = ts_event
                case Trade(symbol=symbol, ts_event=ts_event):
                    before = self._figures(symbol)
                    self._instruments[symbol].trade(event)
                    fired += self._judge(symbol, sequence, ts_event, before)
                case Status(symbol=symbol, ts_event=ts_event):
                    self._instruments[symbol].status(event)
                    fired += self._judge(symbol, sequence, ts_event, self._figures(symbol))
        if now_ms >= self._look_ms:
            self._look_ms = now_ms - now_ms % 1000 + 1000
            for symbol, instrument in self._instruments.items():
                is_traded = instrument.phase in TRADED
                instrument.age_ms = max(0, now_ms - instrument.heard_ms) if is_traded else 0
                fired += self._judge(symbol, batch.last, now_ms, self._figures(symbol))
        return fired

    def add(self, rules: list[Rule]) -> None:
        """Judge these rules from now on, and no others."""
        self._rules = rules
        self._armed = {(rule.id, key): True for rule in rules for key in rule.keys}

    def note(self, rule: Rule, symbol: str, sequence: int, minute: int) -> None:
        """Take a firing of an event that nobody else saw, in this minute of exchange time."""
        pair = rule.id, symbol
        self._armed[pair] = False
        self._bars[pair].add(minute)
        self._last[rule.id] = self._epoch, sequence

    def _figures(self, symbol: str) -> dict[Condition, float | Decimal | None]:
        instrument = self._instruments[symbol]
        return {c: instrument.figure(c) for rule in self._rules for c in rule.conditions}

    def _judge(self, symbol: str, sequence: int, at_ms: int, before: dict) -> list[Fired]:
        fired = []
        for rule in self._rules:
            if symbol in rule.keys and self._fires(rule, symbol, sequence, at_ms, before):
                pair = rule.id, symbol
                self._armed[pair], self._fired_ms[pair] = False, at_ms
                self._bars[pair].add(self._instruments[symbol].minute)
                self._last[rule.id] = self._epoch, sequence
                fired.append((rule.id, symbol, sequence))
        return fired

    def _fires(self, rule: Rule, symbol: str, sequence: int, at_ms: int, before: dict) -> bool:
        pair = rule.id, symbol
        if rule.frequency is Frequency.ONCE and rule.id in self._last:
            return False
        if rule.expires_ms and at_ms >= rule.expires_ms:
            return False
        holds, has_cleared = self._state(rule, symbol, before)
        if rule.frequency is Frequency.ONCE_PER_BAR:
            due = holds and self._instruments[symbol].minute not in self._bars[pair]
        else:
            self._armed[pair] = self._armed[pair] or has_cleared
            due = holds and self._armed[pair]
        cooled_ms = self._fired_ms[pair] + rule.cooldown_ms if pair in self._fired_ms else 0
        is_free = at_ms >= max(rule.snoozed_ms, cooled_ms)
        return due and is_free and self._last.get(rule.id) != (self._epoch, sequence)

    def _state(self, rule: Rule, symbol: str, before: dict) -> tuple[bool, bool]:
        holding, cleared = [], []
        for condition in rule.conditions:
            figure = self._instruments[symbol].figure(condition)
            on, off = levels(condition, rule.hysteresis)
            strict = condition.kind in (
                Kind.ABOVE, Kind.CROSSES_UP, Kind.BELOW, Kind.CROSSES_DOWN,
            )  # fmt: skip
            above = figure is not None and (figure > on if strict else figure >= on)
            if condition.kind in (Kind.CROSSES_UP, Kind.CROSSES_DOWN):
                above = above and before[condition] is not None and before[condition] <= on
            holding.append(above)
            cleared.append(figure is not None and (figure <= off if strict else figure < off))
        if rule.match is Match.ALL:
            return all(holding), any(cleared)
        return any(holding), all(cleared)
