"""Checks that a feed that is to play a recording has something to play.

Must not write rows. Arrow takes long to import, so it is imported on first use.
"""

from feeds.exceptions import ChangeRefused, InvalidRecording
from feeds.market.instruments import Definition, Units
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


def recorded_units(recording: Recording) -> dict[str, Units]:
    """Return the tick and lot size of each instrument of a recording, by symbol.

    Raises:
        InvalidRecording: the file is not there, or is damaged.
    """
    return {made.symbol: made.units for made in recorded_definitions(recording)}


def refuse_empty_replay(feed: Feed) -> None:
    """Check that a feed has an instrument that its recording has, if it is a replay.

    Raises:
        ChangeRefused: nothing of the recording would be played.
    """
    if feed.kind != FeedKind.REPLAY or feed.recording is None:
        return
    try:
        recorded = recorded_units(feed.recording)
    except InvalidRecording as error:
        raise ChangeRefused(f"{feed} has nothing to play: {error}") from None
    played = {feed.prefix + symbol: units for symbol, units in recorded.items()}
    rows = feed.instruments.values_list("symbol", "tick_size", "lot_size")
    listed: dict[str, Units] = {symbol: (tick, lot) for symbol, tick, lot in rows}
    if not any(listed.get(symbol) == units for symbol, units in played.items()):
        raise ChangeRefused(_reason(feed, played, listed))


def _reason(feed: Feed, played: dict[str, Units], listed: dict[str, Units]) -> str:
    wanted = ", ".join(sorted(played)[:5]) or "none"
    if both := sorted(played.keys() & listed.keys()):
        (tick, lot), (our_tick, our_lot) = played[both[0]], listed[both[0]]
        name, its, ours = ("tick", tick, our_tick) if tick != our_tick else ("lot", lot, our_lot)
        sizes = f"a {name} size of {its:f}, not {ours.normalize():f}"
        return f"{feed} would play nothing: {both[0]} has {sizes}, in {feed.recording}"
    none = f"it lists none of the instruments of {feed.recording}"
    return f"{feed} would play nothing: {none} ({wanted})"
