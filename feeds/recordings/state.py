"""The place of a replay in its recording, as a value that can be stored.

Pure. Must not know where it is stored.
"""

import msgspec

from feeds.plan.plans import Playback


class ReplayState(msgspec.Struct, frozen=True, tag="replay"):
    """How far a recording was replayed.

    `played` counts the events of this pass that were replayed or passed over. `place_ms` is the
    time of the recording (UTC ms) that was reached. The shifts say by how
    much the exchange's time and the number of the day are moved on in this pass.
    """

    playback: Playback
    played: int
    place_ms: float
    shift_ms: int
    shift_days: int
    end_reason: str
