"""The state of a whole market as a value, so that its next life goes on where this one stopped.

Pure. Must not know where it is stored. The bytes are MessagePack, and checked when they are read.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import msgspec

from feeds.exceptions import FeedError, InvalidCheckpoint
from feeds.market.board import Board
from feeds.market.events import Carryover, FeedState
from feeds.plan.plans import FeedKind, FeedPlan, recording_of
from feeds.recordings.state import ReplayState
from feeds.sessions.state import SessionState
from feeds.simulator.state import SimulatorState

VERSION: Final = 1
"""The form of the bytes. Raise it with every change of a state, or old bytes are misread."""
SourceState = SimulatorState | ReplayState


def fits(state: SourceState, plan: FeedPlan) -> bool:
    """Say whether a state is of the source that the plan names."""
    if isinstance(state, SimulatorState):
        return plan.kind is FeedKind.SIMULATED
    same = recording_of(state.playback) == recording_of(plan.playback)
    return plan.kind is FeedKind.REPLAY and same


class FeedCheckpoint(msgspec.Struct, frozen=True):
    """The state of one feed; a feed whose phases come from elsewhere has no session to keep."""

    state: FeedState
    source: SourceState | None
    session: SessionState | None


class CarriedInstrument(msgspec.Struct, frozen=True):
    """What is left of an instrument of a feed; another tick size would make it another one."""

    feed: str
    tick_size: Decimal
    values: Carryover


class Checkpoint(msgspec.Struct, frozen=True):
    """A market at a moment (wall time, UTC ms); delayed copies of instruments have their own keys.

    `rested_ms` says by feed how long its clock stood still since then. Whoever goes on sets it.
    """

    version: int
    saved_ms: int
    feeds: dict[str, FeedCheckpoint]
    instruments: dict[str, CarriedInstrument]
    rested_ms: dict[str, int] = {}

    def has_source_of(self, plan: FeedPlan) -> bool:
        """Say whether the ticks of a feed came from where they are to come from now.

        An upstream leaves no state, so its quotes stay in force until it sends others.
        """
        left = self.feeds.get(plan.feed)
        if left is None or left.source is None:
            return left is None or plan.kind is FeedKind.UPSTREAM
        return fits(left.source, plan)

    def carryover(self, feed: str, symbol: str, tick_size: Decimal) -> Carryover | None:
        """Return what is left of an instrument; None if it is new, moved, or has another tick."""
        left = self.instruments.get(symbol)
        if left is None or (left.feed, left.tick_size) != (feed, tick_size):
            return None
        return left.values

    def session(self, plan: FeedPlan) -> SessionState | None:
        """Return the session to go on with; a feed that was closed or is closed begins anew."""
        left = self.feeds.get(plan.feed)
        if left is None or left.session is None or FeedState.CLOSED in (left.state, plan.state):
            return None
        stay = {
            definition.symbol
            for definition in plan.definitions
            if self.carryover(plan.feed, definition.symbol, definition.tick_size) is not None
        }
        instruments = {
            symbol: state for symbol, state in left.session.instruments.items() if symbol in stay
        }
        return msgspec.structs.replace(left.session, instruments=instruments)


NO_CHECKPOINT: Final = Checkpoint(VERSION, 0, {}, {})


def checkpoint_of(feeds: Mapping[str, FeedCheckpoint], board: Board, now_ms: int) -> Checkpoint:
    """Return the checkpoint of a market whose last published event is on the board."""
    instruments = {
        symbol: CarriedInstrument(
            row.feed, row.definition.tick_size, board.carryover(symbol, now_ms)
        )
        for symbol, row in board.rows.items()
    }
    return Checkpoint(VERSION, now_ms, dict(feeds), instruments)


# Made once: a decoder compiles its type, which takes longer than most messages.
_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Checkpoint)


def pack_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Return a checkpoint as MessagePack."""
    return _encoder.encode(checkpoint)


def unpack_checkpoint(content: bytes) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        InvalidCheckpoint: the bytes are not a checkpoint, or one of another version.
    """
    try:
        checkpoint = _decoder.decode(content)
    except (msgspec.MsgspecError, FeedError, ArithmeticError, ValueError) as error:
        raise InvalidCheckpoint(f"{len(content)} bytes cannot be read: {error}") from None
    if checkpoint.version != VERSION:
        raise InvalidCheckpoint(f"version was {checkpoint.version}, expected {VERSION}")
    return checkpoint
