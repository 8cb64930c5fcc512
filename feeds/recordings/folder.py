"""The folder of recordings: finds the file that a plan names, and plays it.

Must not write. Needs Arrow, which takes 0.3 s to load, so import this module outside the loop.
"""

from pathlib import Path

from feeds.exceptions import InvalidRecording
from feeds.plan.plans import FeedPlan
from feeds.recordings.reader import RecordingFile
from feeds.recordings.replay import Replay


def replay_of(plan: FeedPlan, folder: Path) -> Replay:
    """Return a replay of the recording that the plan names.

    Raises:
        InvalidRecording: there is no such recording in the folder.
    """
    if plan.playback is None:
        raise InvalidRecording(f"feed {plan.feed} names no recording")
    path = recording_path(plan.playback.path, folder)
    return Replay(RecordingFile(path), plan.playback)


def recording_path(path: str, folder: Path) -> Path:
    """Return the absolute path of a recording, from its path below the folder.

    Raises:
        InvalidRecording: the path leads out of the folder.
    """
    # Resolve before comparing: a link inside the folder may lead out of it as well.
    absolute = (folder / path).resolve()
    if not absolute.is_relative_to(folder.resolve()) or absolute == folder.resolve():
        raise InvalidRecording(f"{path[:80]!r} is not below the folder of recordings")
    return absolute
