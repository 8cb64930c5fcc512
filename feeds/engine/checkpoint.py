"""The state of a whole market as a value, so that its next life goes on where this one stopped.

Pure. Must not know where it is stored. The bytes are MessagePack, and checked when they are read.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, TypeVar

import msgspec

from feeds.exceptions import FeedError, InvalidCheckpoint
from feeds.market.board import Board
from feeds.market.events import NOTHING, Carryover, FeedState, Position
from feeds.market.instruments import ONE, Units
from feeds.plan.plans import FeedKind, FeedPlan, recording_of
from feeds.recordings.state import ReplayState
from feeds.sessions.state import SessionState
from feeds.simulator.state import SimulatorState

VERSION: Final = 1
"""The form of the bytes. Raise it with every change of a state, or old bytes are misread."""
END_OF_TIME_MS: Final = 253_402_300_800_000
"""The year 10000, where calendars end."""
SourceState = SimulatorState | ReplayState
Unpacked = TypeVar("Unpacked")


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
    """What is left of an instrument of a feed; other units would make it another one."""

    feed: str
    tick_size: Decimal
    values: Carryover
    lot_size: Decimal = ONE


class Checkpoint(msgspec.Struct, frozen=True):
    """A market at a moment (wall time, UTC ms); delayed copies of instruments have their own keys.

    `rested_ms` says by feed how long its clock stood still since then. The market that goes on sets
    it. `epoch` and `sequence` are the position of the last event in it.
    """

    version: int
    saved_ms: int
    feeds: dict[str, FeedCheckpoint]
    instruments: dict[str, CarriedInstrument]
    rested_ms: dict[str, int] = {}
    epoch: str = ""
    sequence: int = NOTHING

    @property
    def position(self) -> Position:
        """Return the position of the last event in it."""
        return Position(self.epoch, self.sequence)

    def has_source_of(self, plan: FeedPlan) -> bool:
        """Say whether the ticks of a feed came from where they are to come from now.

        An upstream leaves no state, so its quotes stay in force until it sends others.
        """
        left = self.feeds.get(plan.feed)
        if left is None or left.source is None:
            return left is None or plan.kind is FeedKind.UPSTREAM
        return fits(left.source, plan)

    def carryover(self, feed: str, symbol: str, units: Units) -> Carryover | None:
        """Return what is left of an instrument; None if it is new, moved, or has other units."""
        left = self.instruments.get(symbol)
        if left is None or (left.feed, left.tick_size, left.lot_size) != (feed, *units):
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
            if self.carryover(plan.feed, definition.symbol, definition.units) is not None
        }
        instruments = {
            symbol: state for symbol, state in left.session.instruments.items() if symbol in stay
        }
        return msgspec.structs.replace(left.session, instruments=instruments)


NO_CHECKPOINT: Final = Checkpoint(VERSION, 0, {}, {})


def checkpoint_of(
    feeds: Mapping[str, FeedCheckpoint], board: Board, now_ms: int, *, epoch: str = ""
) -> Checkpoint:
    """Return the checkpoint of a market whose last published event is on the board."""
    instruments = {
        symbol: CarriedInstrument(
            row.feed,
            row.definition.tick_size,
            board.carryover(symbol, now_ms),
            row.definition.lot_size,
        )
        for symbol, row in board.rows.items()
    }
    return Checkpoint(
        VERSION, now_ms, dict(feeds), instruments, epoch=epoch, sequence=board.sequence
    )


# Made once: a decoder compiles its type, which takes longer than most messages.
_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Checkpoint)
_notes: Final = msgspec.msgpack.Decoder(dict[str, FeedCheckpoint])


def pack_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Return a checkpoint as MessagePack."""
    return _encoder.encode(checkpoint)


def unpack_checkpoint(content: bytes) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        InvalidCheckpoint: the bytes are not a checkpoint, or one of another version, or its time
            cannot be.
    """
    checkpoint = _unpack(_decoder, content)
    if checkpoint.version != VERSION:
        raise InvalidCheckpoint(f"version was {checkpoint.version}, expected {VERSION}")
    if not 0 <= checkpoint.saved_ms < END_OF_TIME_MS:
        raise InvalidCheckpoint(f"time was {checkpoint.saved_ms} ms, which no calendar shows")
    return checkpoint


def pack_note(feeds: Mapping[str, FeedCheckpoint]) -> bytes:
    """Return what changed of feeds with a batch, beyond its events; nothing if there is nothing.

    A session has only the instruments that changed. A simulator is left out: it is large, and goes
    on from its published quotes.
    """
    return _encoder.encode(feeds) if feeds else b""


def unpack_note(content: bytes) -> dict[str, FeedCheckpoint]:
    """Read what changed of feeds.

    Raises:
        InvalidCheckpoint: the bytes are no such note.
    """
    return _unpack(_notes, content) if content else {}


def _unpack(decoder: msgspec.msgpack.Decoder[Unpacked], content: bytes) -> Unpacked:
    try:
        return decoder.decode(content)
    except (msgspec.MsgspecError, FeedError, ArithmeticError, ValueError) as error:
        raise InvalidCheckpoint(f"{len(content)} bytes cannot be read: {error}") from None
