"""The brain of one connection, whatever carries it: commands in, frames out.

Pure. Must not know sockets, tasks or rows. Called by hub (frames) and the transports (commands).
Time and the replica arrive as arguments.
"""

from typing import Final

from dashboard.exceptions import CommandRefused
from dashboard.outbox import PersonalOutbox, StatusOutbox, TickerOutbox
from dashboard.replica import Replica
from dashboard.wire.commands import (
    Ack,
    Answer,
    Ping,
    Set,
    Subscribe,
    Unsubscribe,
    decode_command,
    encode_refusal,
    encode_success,
    notice_id_of,
    position_of,
)
from dashboard.wire.frames import encode_heartbeat, encode_welcome
from dashboard.wire.registry import (
    DEFAULT_RATE,
    EVERYTHING,
    MAX_RATE,
    MESSAGE_BYTES,
    SYMBOL_LIMIT,
    Channel,
    Close,
    Error,
)
from feeds.clock import Moment

COMMANDS_PER_S: Final = 20
COMMAND_BURST: Final = 40
"""A page that opens sends five commands; nobody types forty in two seconds."""
BAD_MESSAGES: Final = 16
"""Messages that are not commands before the connection is ended."""


class Subscriber:
    """Joining until the first channel, then live; `closed` says why it ended, once it has."""

    def __init__(self, *, heartbeat_ms: int, now: Moment) -> None:
        self.personal = PersonalOutbox()
        self.closed: Close | None = None
        self._ticker = TickerOutbox()
        self._status = StatusOutbox()
        self._heartbeat_ms = heartbeat_ms
        self._interval_s = 1 / DEFAULT_RATE
        self._paused = False
        self._due_s = now.mono_s
        self._sent_s = now.mono_s
        self._allowance = float(COMMAND_BURST)
        self._allowed_s = now.mono_s
        self._bad_messages = 0

    def welcome(self, replica: Replica, now: Moment) -> str:
        """Return the first frame."""
        self._sent_s = now.mono_s
        return encode_welcome(
            epoch=replica.epoch,
            heartbeat_ms=self._heartbeat_ms,
            commands_per_s=COMMANDS_PER_S,
            ts=now.wall_ms,
        )

    def receive(self, message: str | bytes, replica: Replica, now: Moment) -> list[str]:
        """Do one command; return its answer and what follows at once. Nothing bad is kept."""
        try:
            self._spend_allowance(now)
            answer = decode_command(_text_of(message))
            return self._do(answer, replica, now)
        except CommandRefused as refused:
            self._count_bad(refused)
            return [encode_refusal(refused)]

    def has_work(self, replica: Replica, now: Moment) -> bool:
        """Say whether `frames` may have something; cheap, for it is asked at every pulse."""
        if self._status.is_behind(replica) or self.personal.is_behind:
            return True
        if now.mono_s >= self._due_s and not self._paused and self._ticker.is_behind(replica):
            return True
        return self._is_quiet(now)

    def frames(self, replica: Replica, now: Moment) -> list[str]:
        """Return what is due: distinct things at once, merged ones at the pace."""
        frames = self._status.take(replica, now.wall_ms) + self.personal.take()
        if now.mono_s >= self._due_s and not self._paused:
            ticker = self._ticker.take(replica, now.wall_ms)
            if ticker:
                self._due_s = now.mono_s + self._interval_s
                frames += ticker
        if not frames and self._is_quiet(now):
            frames = self._heartbeat(replica, now)
        if frames:
            self._sent_s = now.mono_s
        return frames

    def _is_quiet(self, now: Moment) -> bool:
        return (now.mono_s - self._sent_s) * 1000 >= self._heartbeat_ms

    def _heartbeat(self, replica: Replica, now: Moment) -> list[str]:
        """Tell where the reader is; a ticker held back keeps its position: nothing is skipped."""
        if self._ticker.is_open and (self._paused or now.mono_s < self._due_s):
            held_at = self._ticker.sequence_in(replica)
            self._status.advance(replica, to=held_at)
            return [encode_heartbeat(seq=held_at, ts=now.wall_ms)]
        self._ticker.advance(replica)
        self._status.advance(replica)
        return [encode_heartbeat(seq=replica.sequence, ts=now.wall_ms)]

    # --- commands ---------------------------------------------------------------------------
    def _do(self, answer: Answer, replica: Replica, now: Moment) -> list[str]:
        match answer.command:
            case Subscribe() as command:
                return self._subscribe(answer, command, replica, now)
            case Unsubscribe() as command:
                return self._unsubscribe(answer, command)
            case Set() as command:
                return self._set(answer, command, now)
            case Ack() | Ping():
                return [encode_success(answer)]

    def _subscribe(
        self, answer: Answer, command: Subscribe, replica: Replica, now: Moment
    ) -> list[str]:
        if command.max_rate is not None:
            self._interval_s = 1 / command.max_rate
        match _channel_of(answer, command.channel):
            case Channel.TICKER:
                return self._subscribe_ticker(answer, command, replica, now)
            case Channel.STATUS:
                resumed = self._status.open(replica, position_of(command.since))
                result = {"channel": Channel.STATUS, "resumed": resumed}
                frames = self._status.take(replica, now.wall_ms)
                return [encode_success(answer, result), *frames]
            case Channel.NOTIFICATIONS:
                self.personal.open_notices(notice_id_of(command.since))
            case Channel.WATCHLIST:
                self.personal.open_watchlist()
        return [encode_success(answer, {"channel": command.channel})]

    def _subscribe_ticker(
        self, answer: Answer, command: Subscribe, replica: Replica, now: Moment
    ) -> list[str]:
        everything = EVERYTHING in command.symbols
        asked = replica.board.known() if everything else list(dict.fromkeys(command.symbols))
        known = [symbol for symbol in asked if replica.board.is_known(symbol)]
        rejected = [symbol for symbol in asked if not replica.board.is_known(symbol)]
        if not everything:
            self._refuse_too_many(answer, asked)
        since = position_of(command.since)
        resumed = since is not None and self._ticker.resume(replica, known, since)
        frames = [] if resumed else self._ticker.add(replica, known, now.wall_ms)
        self._ticker.everything |= everything
        result = {
            "channel": Channel.TICKER,
            "symbols": [EVERYTHING] if everything else known,
            "rejected": dict.fromkeys(rejected, "unknown symbol"),
            "resumed": resumed,
        }
        return [encode_success(answer, result), *frames]

    def _refuse_too_many(self, answer: Answer, asked: list[str]) -> None:
        count = len(set(asked) | set(self._ticker.symbols))
        if count > SYMBOL_LIMIT and not self._ticker.everything:
            fact = f"limit is {SYMBOL_LIMIT}, was {count}"
            raise CommandRefused(Error.TOO_MANY_SYMBOLS, fact, method=answer.method, id=answer.id)

    def _unsubscribe(self, answer: Answer, command: Unsubscribe) -> list[str]:
        match _channel_of(answer, command.channel):
            case Channel.TICKER:
                everything = EVERYTHING in command.symbols
                if self._ticker.everything and command.symbols and not everything:
                    fact = "everything is subscribed: unsubscribe * instead"
                    raise CommandRefused(
                        Error.BAD_PARAMETERS, fact, method=answer.method, id=answer.id
                    )
                self._ticker.remove(() if everything else command.symbols)
            case Channel.STATUS:
                self._status.close()
            case Channel.NOTIFICATIONS:
                self.personal.close_notices()
            case Channel.WATCHLIST:
                self.personal.close_watchlist()
        return [encode_success(answer, {"channel": command.channel})]

    def _set(self, answer: Answer, command: Set, now: Moment) -> list[str]:
        if command.max_rate is not None:
            self._interval_s = 1 / command.max_rate
            self._due_s = min(self._due_s, now.mono_s + self._interval_s)
        if command.paused is not None:
            self._paused = command.paused
        max_rate = min(MAX_RATE, round(1 / self._interval_s, 3))
        return [encode_success(answer, {"max_rate": max_rate, "paused": self._paused})]

    # --- limits -----------------------------------------------------------------------------
    def _spend_allowance(self, now: Moment) -> None:
        """Let COMMANDS_PER_S pass, with a burst (token bucket); a flood ends the connection."""
        earned = (now.mono_s - self._allowed_s) * COMMANDS_PER_S
        self._allowance = min(float(COMMAND_BURST), self._allowance + earned) - 1
        self._allowed_s = now.mono_s
        if self._allowance < 0:
            self.closed = self.closed or Close.TOO_MANY
            raise CommandRefused(Error.TOO_MANY_COMMANDS, f"limit is {COMMANDS_PER_S} per second")

    def _count_bad(self, refused: CommandRefused) -> None:
        self._bad_messages += refused.code != Error.TOO_MANY_COMMANDS
        if self._bad_messages >= BAD_MESSAGES:
            self.closed = self.closed or Close.BAD_FRAME


def _text_of(message: str | bytes) -> str:
    if isinstance(message, bytes):
        raise CommandRefused(Error.BAD_FRAME, "binary frames are not commands")
    if len(message) > MESSAGE_BYTES:
        raise CommandRefused(Error.BAD_FRAME, f"message was longer than {MESSAGE_BYTES}")
    return message


def _channel_of(answer: Answer, name: str) -> Channel:
    try:
        return Channel(name)
    except ValueError:
        fact = f"channel was {name[:32]!r}"
        raise CommandRefused(
            Error.UNKNOWN_CHANNEL, fact, method=answer.method, id=answer.id
        ) from None
