"""What recordings tell of an alert: finds the file, judges it within limits, and says the result.

Must not write. A web process judges one recording at a time and leaves time to others meanwhile. A
recording that takes too long is judged up to where the time was over, and the text says so.
"""

import time
from math import inf
from threading import Lock
from typing import Final, NamedTuple

from msgspec.structs import replace

from dashboard.alerts.recorded_forecast import Course, forecast_recording
from dashboard.alerts.rules import Kind, Rule
from dashboard.alerts.wording import span_text, times_text
from feeds.clock import Clock, SystemClock
from feeds.engine.checkpoint import fits
from feeds.exceptions import InvalidRecording
from feeds.market.events import FeedState
from feeds.models import Feed, Instrument, Recording
from feeds.plan.plans import FeedKind, FeedPlan, Playback
from feeds.recordings.header import Origin, RecordingHeader
from feeds.recordings.state import ReplayState
from feeds.services.checkpoints import read_checkpoint
from feeds.services.recordings import recordings_folder

LONGEST_S: Final = 3.0
"""A forecast is given up after this long."""
MOST_FIRINGS: Final = 10_000
"""A forecast that finds more is given up as well."""
WORK_S: Final = 0.02
REST_S: Final = 0.002
"""After this much work the thread rests, so that the others of the process get their turn."""
RECORDINGS_SEARCHED: Final = 10
"""Newest recordings whose headers are read for one of this feed."""
_one_at_a_time: Final = Lock()


class Recorded(NamedTuple):
    """A sentence, when it would have fired, and the time that was judged (exchange time, UTC ms).

    `is_found` says that there is a recording to tell it.
    """

    text: str = ""
    places: tuple[int, ...] = ()
    span_ms: tuple[float, float] = (inf, -inf)
    is_found: bool = False


class Budget:
    """The time that a forecast may take, with rests for the rest of the process."""

    def __init__(self, clock: Clock, longest_s: float) -> None:
        now_s = clock.monotonic()
        self._clock = clock
        self._end_s = now_s + longest_s
        self._rest_s = now_s + WORK_S

    def goes_on(self) -> bool:
        """Say whether there is time left."""
        now_s = self._clock.monotonic()
        if now_s >= self._rest_s:
            time.sleep(REST_S)
            self._rest_s = now_s + REST_S + WORK_S
        return now_s < self._end_s


def recorded_hindsight(rule: Rule, row: Instrument, delay_ms: int) -> Recorded:
    """Return what the recording of an instrument tells of a rule; nothing without a recording.

    It is the one that its feed replays, or the newest one of its feed. Only what was replayed or
    recorded `delay_ms` ago (wall time) is told, and without a delay everything in the file.
    """
    found = _replayed(row.feed) if row.feed.kind == FeedKind.REPLAY else _recorded(row)
    if found is None:
        return Recorded()
    recording, playback = found
    plan = _plan(row, playback)
    until_ms = _seen_until(plan, row.feed, delay_ms)
    try:
        course = _judge(rule, row, plan, until_ms)
    except InvalidRecording as error:
        return Recorded(f"The recording “{recording.name}” cannot be judged: {error}.")
    if course is None:
        return Recorded("Others make forecasts at this moment. Try again in a few seconds.")
    return _answer(course, recording, until_ms)


def _replayed(feed: Feed) -> tuple[Recording, Playback] | None:
    playback = feed.playback()
    if feed.recording is None or playback is None:
        return None
    return feed.recording, replace(playback, loops=False)


def _recorded(row: Instrument) -> tuple[Recording, Playback] | None:
    """Return the newest recording of the instrument that was made of its feed while it ran.

    What was imported for a replay never happened on this feed.
    """
    rows = Recording.objects.filter(origin=Origin.RECORDED.value).order_by("-last_at")
    for recording in rows[:RECORDINGS_SEARCHED]:
        try:
            header = _header_of(recording.path)
        except InvalidRecording:
            continue
        ours = [each.units for each in header.definitions if each.symbol == row.symbol]
        if header.feed == row.feed.slug and row.definition().units in ours:
            return recording, Playback(path=recording.path)
    return None


def _header_of(path: str) -> RecordingHeader:
    # Arrow takes 0.3 s to load, and most web processes never need it.
    from feeds.recordings.folder import recording_path
    from feeds.recordings.reader import RecordingFile

    return RecordingFile(recording_path(path, recordings_folder())).header


def _plan(row: Instrument, playback: Playback) -> FeedPlan:
    feed = row.feed
    return FeedPlan(
        feed=feed.slug, name=feed.name, state=FeedState.RUNNING, rate=feed.rate, seed=feed.seed,
        definitions=(row.definition(),), kind=FeedKind.REPLAY, playback=playback,
    )  # fmt: skip


def _seen_until(plan: FeedPlan, feed: Feed, delay_ms: int) -> float:
    """Return up to what time of the recording (UTC ms) a person with this delay may know it."""
    if not delay_ms:
        return inf
    if feed.kind != FeedKind.REPLAY:
        return SystemClock().now_ms() - delay_ms
    left = read_checkpoint().feeds.get(feed.slug)
    state = None if left is None else left.source
    # The pass of a loop is forgotten with its place, so earlier passes are not counted either.
    if not isinstance(state, ReplayState) or not fits(state, plan):
        return 0.0
    return state.place_ms - delay_ms * state.playback.speed


def _judge(rule: Rule, row: Instrument, plan: FeedPlan, until_ms: float) -> Course | None:
    """Return what the rule would have done; None when another forecast takes too long."""
    from feeds.recordings.folder import recording_path
    from feeds.recordings.reader import OneSymbol, RecordingFile

    playback = plan.playback
    path = "" if playback is None else playback.path
    prefix = "" if playback is None else playback.prefix
    file = RecordingFile(recording_path(path, recordings_folder()))
    has_quotes = any(condition.kind is Kind.STALE for condition in rule.conditions)
    recording = OneSymbol(file, row.symbol.removeprefix(prefix), has_quotes=has_quotes)
    if not _one_at_a_time.acquire(timeout=LONGEST_S):
        return None
    try:
        budget = Budget(SystemClock(), LONGEST_S)
        rule = replace(rule, keys=(row.symbol,))
        return forecast_recording(
            rule, plan, recording, until_ms=until_ms, goes_on=budget.goes_on, most=MOST_FIRINGS
        )
    finally:
        _one_at_a_time.release()


def _answer(course: Course, recording: Recording, until_ms: float) -> Recorded:
    places = tuple(place for _, place in course.firings)
    length_ms = span_text(course.judged_ms)
    if not course.judged_ms and course.is_whole:
        text = f"Nothing of the recording “{recording.name}” was replayed for you yet."
        return Recorded(text, is_found=True)
    if not course.is_whole:
        part, rest = f"the first {length_ms} of", " The rest would take too long to judge."
    elif until_ms != inf:
        part, rest = f"the {length_ms} that you may know of", ""
    else:
        part, rest = f"the {length_ms} of", ""
    fired = f"fired {times_text(len(places))}" if places else "not have fired"
    have = "have " if places else ""
    text = f"Would {have}{fired} in {part} the recording “{recording.name}”, tick by tick.{rest}"
    return Recorded(text, places, (course.first_ms, course.last_ms), is_found=True)
