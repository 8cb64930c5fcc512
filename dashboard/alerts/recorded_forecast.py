"""How often a rule fires when a recording is replayed: exact, because every tick is judged.

Pure. Must not know rows or files. The recording goes through the machine that replays it, and
through the judge that judges the running market.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from dashboard.alerts.judge import LOOK_MS, Judge
from dashboard.alerts.rules import Firing, Rule
from feeds.engine.engine import DRAW_STEP_MS, Engine
from feeds.market.events import Batch, Trade
from feeds.plan.plans import FeedPlan
from feeds.recordings.replay import Playable, Replay

SLOW: Final = 10.0
"""Up to this speed the steps are as long as a second."""
_EPOCH: Final = "forecast"


class RecordedFiring(NamedTuple):
    """A firing, and the exchange time of the last trade before it or at it (UTC ms)."""

    firing: Firing
    exchange_ms: int


class Course(NamedTuple):
    """What a rule would have done, and how much of the recording was judged.

    `judged_ms` is in the time of the recording. `is_whole` is False when it was given up before
    the end. `start_ms` is when the replay begins, in the time of the firings. `first_ms` and
    `last_ms` are of the first and the last trade (exchange time, UTC ms).
    """

    firings: list[RecordedFiring]
    start_ms: int
    first_ms: int
    last_ms: int
    judged_ms: float
    is_whole: bool


def forecast_recording(
    rule: Rule,
    plan: FeedPlan,
    recording: Playable,
    *,
    until_ms: float,
    goes_on: Callable[[], bool],
    most: int,
) -> Course:
    """Return the firings of a rule about one key in one pass of a recording.

    The plan is that of a running replay. Only what was recorded by `until_ms` (UTC ms) is judged.
    The replay begins at a whole second, at which the judge looks whether time alone made a rule
    fire. A replay that begins between two of them finds what time alone brings up to a second
    earlier or later. `goes_on` is asked at least once for each second of the replay. After `most`
    firings it ends.

    Raises:
        InvalidRecording: the recording is damaged.
    """
    return _Pass(rule, plan, recording).judge(until_ms, goes_on, most)


class _Pass:
    """One pass of a replay on a clock of its own."""

    def __init__(self, rule: Rule, plan: FeedPlan, recording: Playable) -> None:
        playback = plan.playback
        assert playback is not None  # noqa: S101  # a plan of a replay has one
        self._speed = playback.speed
        # A draw has a limit of events, which a second of a fast replay may exceed.
        self._step_ms = LOOK_MS if self._speed <= SLOW else DRAW_STEP_MS
        self._from_ms = recording.first_ms + playback.start_s * 1000
        self._to_ms = recording.last_ms
        self._start_ms = (recording.first_ms // LOOK_MS + 1) * LOOK_MS
        self._replay = Replay(recording, playback)
        self._engine = Engine(epoch=_EPOCH, open_source=lambda _: self._replay)
        self._judge = Judge()
        self._judge.replace([rule])
        self._rest_ms = rule.cooldown_ms + LOOK_MS
        self._plan = plan
        self._first_ms = self._exchange_ms = 0
        self._firings: list[RecordedFiring] = []

    def judge(self, until_ms: float, goes_on: Callable[[], bool], most: int) -> Course:
        is_over = until_ms >= self._to_ms
        end_ms = self._start_ms + int((min(until_ms, self._to_ms) - self._from_ms) / self._speed)
        now_ms, is_whole = self._start_ms, True
        if not is_over:
            end_ms -= 1  # at 60 times the speed a millisecond of the replay is 60 of the recording
        if end_ms >= now_ms:
            self._take(self._engine.reconcile([self._plan], now_ms), now_ms)
            for now_ms in self._times(end_ms, is_over=is_over):
                self._step(now_ms)
                if not goes_on() or len(self._firings) >= most:
                    is_whole = False
                    break
        judged_ms = max(0.0, (min(now_ms, end_ms) - self._start_ms) * self._speed)
        return Course(
            self._firings, self._start_ms, self._first_ms, self._exchange_ms, judged_ms, is_whole
        )

    def _times(self, end_ms: int, *, is_over: bool) -> Iterator[int]:
        """Yield the times of the steps: seconds, and shorter ones where the recording ends."""
        yield self._start_ms
        now_ms = self._start_ms
        while now_ms + self._step_ms <= end_ms:
            now_ms += self._step_ms
            yield now_ms
        if not is_over:
            yield end_ms
            return
        # Beyond the end, for what waits until a cooldown is over.
        yield from range(now_ms + DRAW_STEP_MS, end_ms + self._rest_ms + LOOK_MS, DRAW_STEP_MS)

    def _step(self, now_ms: int) -> None:
        late = -1
        while late < self._replay.late_draws:
            late = self._replay.late_draws
            self._take(self._engine.step(now_ms), now_ms)

    def _take(self, batch: Batch, now_ms: int) -> None:
        firings = self._judge.take(batch, now_ms)
        judged = 0
        for firing in firings:
            upto = firing.sequence - batch.first + 1
            self._pass(batch, judged, upto)
            self._firings.append(RecordedFiring(firing, self._exchange_ms))
            judged = max(judged, upto)
        self._pass(batch, judged, len(batch.events))

    def _pass(self, batch: Batch, first: int, end: int) -> None:
        for event in batch.events[first:end]:
            if isinstance(event, Trade):
                self._exchange_ms = event.exchange_ms or event.ts_event
                self._first_ms = self._first_ms or self._exchange_ms
