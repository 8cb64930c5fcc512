"""Checks that a feed that is to play a recording has something to play.

Must not write rows. Arrow takes long to import, so it is imported on first use.
"""

from decimal import Decimal

from feeds.exceptions import InvalidRecording, InvalidTransition
from feeds.market.instruments import Definition
from feeds.models import Feed, Recording
from feeds.plan.plans import FeedKind
from feeds.services.recordings import recordings_folder


def recorded_definitions(recording: Recording) -> tuple[Definition, ...]:
    """Return the instruments of a recording.

    Raises:
        InvalidRecording: the file is not there, or is damaged.
    """
    from feeds.recordings.folder import recording_path
    from feeds.recordings.reader import RecordingFile

    return RecordingFile(recording_path(recording.path, recordings_folder())).header.definitions


def recorded_tick_sizes(recording: Recording) -> dict[str, Decimal]:
    """Return the tick size of each instrument of a recording, by symbol.

    Raises:
        InvalidRecording: the file is not there, or is damaged.
    """
    return {made.symbol: made.tick_size for made in recorded_definitions(recording)}


def refuse_empty_replay(feed: Feed) -> None:
    """Check that a feed has an instrument that its recording has, if it is a replay.

    Raises:
        InvalidTransition: nothing of the recording would be played.
    """
    if feed.kind != FeedKind.REPLAY or feed.recording is None:
        return
    try:
        recorded = recorded_tick_sizes(feed.recording)
    except InvalidRecording as error:
        raise InvalidTransition(f"{feed} has nothing to play: {error}") from None
    played = {feed.prefix + symbol: size for symbol, size in recorded.items()}
    listed = dict(feed.instruments.values_list("symbol", "tick_size"))
    if not any(listed.get(symbol) == size for symbol, size in played.items()):
        raise InvalidTransition(_reason(feed, played, listed))


def _reason(feed: Feed, played: dict[str, Decimal], listed: dict[str, Decimal]) -> str:
    wanted = ", ".join(sorted(played)[:5]) or "none"
    if both := sorted(played.keys() & listed.keys()):
        sizes = f"{played[both[0]]:f}, not {listed[both[0]].normalize():f}"
        return (
            f"{feed} would play nothing: {both[0]} has a tick size of {sizes}, in {feed.recording}"
        )
    none = f"it lists none of the instruments of {feed.recording}"
    return f"{feed} would play nothing: {none} ({wanted})"
