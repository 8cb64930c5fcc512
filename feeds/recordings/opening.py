"""Recordings found by the paths of the rows, and played.

Must not write.
"""

from collections.abc import Iterator
from pathlib import Path

from feeds.exceptions import InvalidRecording
from feeds.market.events import Event
from feeds.plan.plans import FeedPlan
from feeds.recordings.reader import Recording
from feeds.recordings.replay import Replay


class _Played:
    """A recording as a replay wants it."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.first_ms = recording.heading.first_ms
        self.last_ms = recording.heading.last_ms

    def events(self) -> Iterator[Event]:
        """Yield the events from the first on."""
        return self._recording.events()


def replay_of(plan: FeedPlan, folder: Path) -> Replay:
    """Return a replay of what the plan names.

    Raises:
        InvalidRecording: there is no such recording in the folder.
    """
    if plan.playback is None:
        raise InvalidRecording(f"feed {plan.feed} names no recording")
    return Replay(_Played(Recording(place_of(plan.playback.path, folder))), plan.playback)


def place_of(path: str, folder: Path) -> Path:
    """Return where a recording is.

    Raises:
        InvalidRecording: the path leads out of the folder, perhaps by a link.
    """
    place = (folder / path).resolve()
    if not place.is_relative_to(folder.resolve()) or place == folder.resolve():
        raise InvalidRecording(f"{path[:80]!r} is not below the folder of recordings")
    return place
