"""Decides what one connection gets, whatever carries it: it takes commands and makes frames.

Pure. Must not know sockets, tasks or rows. Time and the replica arrive as arguments.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from dashboard.delivery.command_checks import (
    bar_name,
    bars_to_unsubscribe,
    channel_of,
    chosen_fields,
    named_bars,
    named_books,
    refuse_before_begin,
    refuse_beyond,
    refuse_too_many,
    refuse_too_many_bars,
    refuse_too_many_books,
    refuse_while_ahead,
    refuse_without,
    rejections_of,
    symbols_to_unsubscribe,
    text_of,
)
from dashboard.delivery.outboxes.bars import BarsOutbox
from dashboard.delivery.outboxes.deck import DeckOutbox
from dashboard.delivery.outboxes.depth import DepthOutbox
from dashboard.delivery.outboxes.market import StatusOutbox, TickerOutbox, TradesOutbox
from dashboard.delivery.outboxes.personal import PersonalOutbox
from dashboard.delivery.outboxes.place import Place
from dashboard.delivery.pace import ReaderPace
from dashboard.delivery.replica import Replica
from dashboard.exceptions import CommandRefused
from dashboard.people.access import (
    EVERY_SCOPE,
    NO_RIGHTS,
    SCOPE_OF,
    UNLIMITED,
    Access,
    Rights,
    Scope,
)
from dashboard.process.token_bucket import TokenBucket
from dashboard.wire.commands import (
    Ack,
    Ping,
    ReceivedCommand,
    Set,
    Subscribe,
    Unsubscribe,
    decode_command,
    encode_refusal,
    encode_success,
    notice_id_of,
)
from dashboard.wire.frames import (
    encode_heartbeat,
    encode_pace,
    encode_welcome,
)
from dashboard.wire.positions import ReaderPosition, position_of
from dashboard.wire.registry import ERROR_TEXT, EVERYTHING, Channel, Close, Error
from feeds.clock import Moment
from feeds.market.events import NOTHING, Position
from feeds.market.symbols import read_symbol

COMMANDS_PER_S: Final = 20
COMMAND_BURST: Final = 40
"""Commands that may come at once. A page sends five when it opens."""
BAD_MESSAGES: Final = 16
"""After so many messages that are not commands the connection is closed."""
ResultAndFrames = tuple[dict[str, Any], list[str]]
"""The result of a command, and the frames that follow it at once."""


class Subscriber:
    """What one reader subscribed to, where it stands in each channel, and its pace.

    `closed` is why the server ended it, None before. `beat_s` is when its next heartbeat is due
    (seconds, monotonic). A reader over HTTP has one position for all its channels
    (`is_whole_at_once`): it gets merged and distinct news together, or its position would be wrong.
    """

    __slots__ = (
        *("_access", "_bad_messages", "_bars", "_command_budget", "_depth"),
        "_heartbeat_ms",
        *("_is_whole_at_once", "_market_outboxes", "_paced_outboxes", "_scopes"),
        *("_sent_stale_ms", "_status", "_ticker", "_trades", "beat_s", "closed", "deck", "pace"),
        *("_read_trouble", "personal", "rights"),
    )

    def __init__(
        self,
        *,
        heartbeat_ms: float,
        now: Moment,
        access: Access = UNLIMITED,
        rights: Rights = NO_RIGHTS,
        read_trouble: Callable[[], str] = str,
        scopes: frozenset[Scope] = EVERY_SCOPE,
        is_whole_at_once: bool = False,
    ) -> None:
        self.personal = PersonalOutbox()
        self.deck = DeckOutbox()
        self.rights = rights
        self._read_trouble = read_trouble
        self._scopes = scopes
        self.closed: Close | None = None
        self.pace = ReaderPace(now.mono_s)
        self._access = access
        self._ticker = TickerOutbox(access)
        self._trades = TradesOutbox(access)
        self._status = StatusOutbox(access)
        self._bars = BarsOutbox(access)
        self._depth = DepthOutbox(access)
        self._paced_outboxes = (self._ticker, self._trades, self._bars, self._depth)
        self._market_outboxes = (*self._paced_outboxes, self._status)
        self._is_whole_at_once = is_whole_at_once
        self._heartbeat_ms = heartbeat_ms
        self.beat_s = now.mono_s + heartbeat_ms / 1000
        self._sent_stale_ms: int | None = None
        self._command_budget = TokenBucket(
            per_s=COMMANDS_PER_S, burst=COMMAND_BURST, now_s=now.mono_s
        )
        self._bad_messages = 0

    @property
    def next_s(self) -> float:
        """Return when the next frame may be due if only ticks happen (seconds, monotonic)."""
        return self.beat_s if self.pace.is_paused else min(self.beat_s, self.pace.due_s)

    @property
    def prices(self) -> TickerOutbox | None:
        """Return the ticker if it is all that can be due before the next heartbeat, else None.

        A change of status, and the beginning and the end of a silence, are due for all readers.
        """
        is_more = self._trades.is_open or self._bars.is_open or self._depth.is_open
        is_more = is_more or self._is_whole_at_once
        is_waiting = self.personal.offered is not None or self.deck.waiting is not None
        is_plain = self._ticker.is_open and self.pace.is_steady and not is_more and not is_waiting
        return self._ticker if is_plain else None

    @property
    def updates(self) -> int:
        """Return how many changes of prices, trades, bars and books the reader got."""
        return sum(outbox.updates for outbox in self._paced_outboxes)

    @property
    def conflation(self) -> tuple[int, int]:
        """Return how many changes of prices the reader got, and how many ticks they stood for."""
        return self._ticker.updates, self._ticker.merged

    @property
    def symbol_count(self) -> int | None:
        """Return the number of symbols whose prices the reader gets; None is all of them."""
        return None if self._ticker.everything else len(list(self._ticker.symbols))

    @property
    def trouble(self) -> str:
        """Return what staff must know of the database; "" while all is well, and for others."""
        return self._read_trouble() if self.rights.is_staff else ""

    def welcome(self, replica: Replica, now: Moment) -> str:
        """Return the first frame."""
        self.beat_s = now.mono_s + self._heartbeat_ms / 1000
        return encode_welcome(
            epoch=self._access.to_reader(replica.position).marked_epoch,
            heartbeat_ms=round(self._heartbeat_ms),
            commands_per_s=COMMANDS_PER_S,
            ts=now.wall_ms,
        )

    def know_silence(self, replica: Replica) -> None:
        """Note that the reader knows whether the market is silent: only a change is news."""
        self._sent_stale_ms = replica.stale_ms

    def receive(self, message: str | bytes, replica: Replica, now: Moment) -> list[str]:
        """Carry out a command; return its answer and the frames that follow at once.

        A refused command changes nothing.
        """
        try:
            self._spend_command(now)
            received = decode_command(text_of(message))
            result, frames = self._do(received, replica, now)
        except CommandRefused as refused:
            self._count_bad(refused)
            return [encode_refusal(refused)]
        # Pages confirm every painted frame. An answer to each would double the traffic.
        is_silent = isinstance(received.command, Ack) and received.id is None
        return frames if is_silent else [encode_success(received, result), *frames]

    def begin(self, commands: Iterable[Subscribe], replica: Replica, now: Moment) -> list[str]:
        """Carry out the subscriptions of a request over HTTP; return the frames that follow.

        Raises:
            CommandRefused: one of them cannot be carried out.
        """
        texts: list[str] = []
        for command in commands:
            received = ReceivedCommand("subscribe", None, command)
            result, frames = self._do(received, replica, now)
            if result.get("rejected") and command.since is None:
                texts.append(encode_success(received, result))
            texts += frames
        # One position has to hold for all channels. If only some of them can go on, none does.
        if self._is_ahead(replica) and len({place.position for place in self._places()}) > 1:
            raise CommandRefused(Error.UNAVAILABLE, "this process is behind one of your positions")
        return texts

    def has_work(self, replica: Replica, now_s: float) -> bool:
        """Say whether `frames` may return something although the market did not move."""
        return now_s >= self.beat_s or (self.pace.is_due(now_s) and self._is_behind(replica))

    def frames(self, replica: Replica, now: Moment) -> list[str]:
        """Return the frames that are due: distinct news at once, merged news at the pace."""
        frames: list[str] = []
        is_waiting = self._is_whole_at_once and self._is_ahead(replica)
        # Status first: a row must know its phase before a price of the new phase arrives.
        if self._status.is_behind(replica) and not is_waiting:
            frames += self._status.take(replica)
        if self.personal.offered is not None:
            frames += self.personal.take()
        if self.deck.waiting is not None:
            frames += self.deck.take()
        is_due = self.pace.is_due(now.mono_s) or (frames and self._is_whole_at_once)
        if is_due and not is_waiting:
            frames += self._take_prices(replica, now)
        if replica.stale_ms != self._sent_stale_ms or now.mono_s >= self.beat_s:
            frames.append(self.heartbeat(replica, now))
        if frames and self.pace.is_news and (news := self.pace.take_news(now.mono_s)) is not None:
            frames.append(encode_pace(rate=news[0], reason=news[1]))
        return frames

    def heartbeat(self, replica: Replica, now: Moment) -> str:
        """Return a heartbeat, and raise the position of every open channel to the one it names.

        Else the position of a quiet channel would fall off the tape. The heartbeat names the lowest
        position up to which nothing is missing, so prices that the pace holds back still follow.
        """
        seq = self._whole_up_to(replica)
        self._raise_to(replica, seq)
        self.beat_s = now.mono_s + self._heartbeat_ms / 1000
        self._sent_stale_ms = replica.stale_ms
        return encode_heartbeat(
            seq=seq, ts=now.wall_ms, stale_ms=replica.stale_ms, trouble=self.trouble
        )

    def lag(self, replica: Replica) -> int:
        """Return by how many events the reader's position is behind the market.

        A reader without news falls behind as well, until a heartbeat raises its position.
        """
        return max((replica.sequence - place.sequence for place in self._places()), default=0)

    def behind(self, replica: Replica) -> int:
        """Return how many ticks of the reader's own symbols it does not have yet."""
        return max(self._ticker.behind(replica), self._trades.behind(replica))

    def settle(self, replica: Replica) -> ReaderPosition | None:
        """Return the reader's position if no channel has anything due or is ahead, else None."""
        # Before the market has begun this process has no position. An empty one would replace the
        # position that the reader has.
        if not replica.epoch:
            return None
        if self._is_behind(replica) or self._status.is_behind(replica) or self._is_ahead(replica):
            return None
        self._raise_to(replica, replica.sequence)
        return self._access.to_reader(replica.position)

    def whole_position(self, replica: Replica) -> Position:
        """Return the position up to which nothing is missing, once everything due was taken."""
        if not self._is_ahead(replica):
            return replica.position
        return Position(replica.epoch, min(place.looked for place in self._places()))

    def _places(self) -> list[Place]:
        return [outbox.place for outbox in self._market_outboxes if outbox.is_open]

    def _is_ahead(self, replica: Replica) -> bool:
        """Say whether a channel is ahead of the replica."""
        return any(place.is_ahead_of(replica) for place in self._places())

    def _take_prices(self, replica: Replica, now: Moment) -> list[str]:
        frames: list[str] = []
        for outbox in self._paced_outboxes:
            if outbox.is_open:
                frames += outbox.take(replica)
        # Only trades may be left: they come TRADE_ENTRIES at a time.
        if frames and not (self._trades.is_open and self._trades.place.is_behind(replica)):
            self.pace.note_sent(replica.sequence, now.mono_s)
        return frames

    def _is_behind(self, replica: Replica) -> bool:
        # A loop: this is asked for every frame, and a generator costs as much as the answer.
        for outbox in self._paced_outboxes:
            if outbox.is_open and outbox.place.is_behind(replica):
                return True
        return False

    def _whole_up_to(self, replica: Replica) -> int:
        """Return the sequence up to which no open channel misses anything; 0 if none is open."""
        places = [outbox.place for outbox in self._paced_outboxes if outbox.is_open]
        # A reader that reconnects still has the positions of its earlier connection. A heartbeat
        # before it subscribes again must not raise them, or it would resume after a gap.
        default = replica.sequence if self._status.is_open else NOTHING
        return min((place.whole_in(replica) for place in places), default=default)

    def _raise_to(self, replica: Replica, sequence: int) -> None:
        for outbox in self._market_outboxes:
            if outbox.is_open:
                outbox.place.raise_to(replica, sequence)

    # --- commands ---------------------------------------------------------------------------
    def _do(self, received: ReceivedCommand, replica: Replica, now: Moment) -> ResultAndFrames:
        match received.command:
            case Subscribe() as command:
                return self._subscribe(received, command, replica, now)
            case Unsubscribe() as command:
                return self._unsubscribe(received, command)
            case Set() as command:
                return self._set(command, now), []
            case Ack(position=text, paint_ms=paint_ms):
                position = self._access.from_reader(position_of(text))
                if position is not None and position.epoch == replica.epoch:
                    self.pace.note_painted(position.sequence, paint_ms, now.mono_s)
                return {}, []
            case Ping():
                return {"ts": now.wall_ms}, []

    def _subscribe(
        self, received: ReceivedCommand, command: Subscribe, replica: Replica, now: Moment
    ) -> ResultAndFrames:
        channel = channel_of(received, command.channel)
        refuse_beyond(received, self._scopes, SCOPE_OF[channel])
        if command.max_rate is not None:
            self.pace.limit(command.max_rate, now.mono_s)
        match channel:
            case Channel.TICKER | Channel.TRADES:
                return self._subscribe_prices(received, channel, command, replica)
            case Channel.BARS:
                return self._subscribe_bars(received, command, replica)
            case Channel.DEPTH:
                return self._subscribe_depth(received, command, replica)
            case Channel.STATUS:
                since = self._access.from_reader(position_of(command.since))
                resumed = self._status.open(replica, since)
                return {"channel": channel, "resumed": resumed}, self._status.take(replica)
            case Channel.NOTIFICATIONS:
                last = notice_id_of(command.since)
                is_lost = last is None and command.since is not None
                self.personal.open_notices(last, command.unread, is_lost=is_lost)
            case Channel.WATCHLIST:
                self.personal.open_watchlist(command.symbols, command.lists)
            case Channel.DECK:
                refuse_without(received, self.rights.operates)
                self.deck.open()
        return {"channel": channel}, []

    def _subscribe_prices(
        self, received: ReceivedCommand, channel: Channel, command: Subscribe, replica: Replica
    ) -> ResultAndFrames:
        refuse_before_begin(received, replica)
        outbox = self._ticker if channel is Channel.TICKER else self._trades
        asked = list(dict.fromkeys(command.symbols or ()))
        everything = EVERYTHING in asked
        if everything:
            asked, keys = [EVERYTHING], self._access.seen_of(replica.board.known(), replica.board)
            rejected: dict[str, str] = {}
        else:
            read = {name: read_symbol(name) for name in asked}
            refuse_too_many(received, outbox, read.values())
            found = {name: self._access.key_of(read[name], replica.board) for name in asked}
            keys = list(dict.fromkeys(key for key in found.values() if key is not None))
            rejected = rejections_of(found)
            asked = list(dict.fromkeys(read[name] for name in asked if name not in rejected))
        since = self._access.from_reader(position_of(command.since))
        if outbox.is_open:
            refuse_while_ahead(received, replica, outbox.place.position)
        if rejected:  # a symbol that the reader knows may be on its way to this process
            refuse_while_ahead(received, replica, since)
        if channel is Channel.TICKER:
            self._ticker.fields = chosen_fields(received, command.fields, self._ticker)
        if command.corrections and channel is Channel.TRADES:
            self._trades.corrections = True
        resumed, frames = self._open_prices(channel, keys, since, replica)
        if everything:
            outbox.want_everything()
        result = {
            "channel": channel,
            "symbols": asked,
            "rejected": rejected,
            "resumed": resumed,
        }
        return result, frames

    def _open_prices(
        self, channel: Channel, keys: list[str], since: Position | None, replica: Replica
    ) -> tuple[bool, list[str]]:
        """Open a channel or add to it; return whether it resumes at `since`, and the frames."""
        outbox = self._ticker if channel is Channel.TICKER else self._trades
        if since is None:
            return False, outbox.add(replica, keys)
        trades = self._trades
        if outbox is trades and trades.is_open and trades.adds(keys, since):
            return False, trades.add_lost(replica, keys)
        resumed = outbox.resume(replica, keys, since)
        # The next frame of a trades channel names its gap.
        if resumed or channel is Channel.TRADES:
            return resumed, []
        return False, self._ticker.add(replica, keys, has_gap=True)

    def _subscribe_bars(
        self, received: ReceivedCommand, command: Subscribe, replica: Replica
    ) -> ResultAndFrames:
        refuse_before_begin(received, replica)
        asked = named_bars(received, command.symbols or (), command.interval)
        refuse_too_many_bars(received, self._bars, asked.values())
        keys = {
            name: self._access.key_of(symbol, replica.board) for name, (symbol, _) in asked.items()
        }
        rejected = rejections_of(keys)
        pairs = list(
            dict.fromkeys((key, asked[name][1]) for name, key in keys.items() if key is not None)
        )
        since = self._access.from_reader(position_of(command.since))
        if self._bars.is_open:
            refuse_while_ahead(received, replica, self._bars.place.position)
        if rejected:
            refuse_while_ahead(received, replica, since)
        self._bars.corrections = self._bars.corrections or command.corrections
        resumed = since is not None and self._bars.resume(replica, pairs, since)
        has_gap = since is not None
        frames = [] if resumed else self._bars.add(replica, pairs, has_gap=has_gap)
        result = {
            "channel": Channel.BARS,
            "symbols": list(dict.fromkeys(bar_name(name) for name in keys if name not in rejected)),
            "rejected": rejected,
            "resumed": resumed,
        }
        return result, frames

    def _subscribe_depth(
        self, received: ReceivedCommand, command: Subscribe, replica: Replica
    ) -> ResultAndFrames:
        refuse_before_begin(received, replica)
        asked = named_books(received, command.symbols or ())
        refuse_too_many_books(received, self._depth, asked.values())
        found = {name: self._access.key_of(asked[name], replica.board) for name in asked}
        rejected = rejections_of(found)
        keys = list(dict.fromkeys(key for key in found.values() if key is not None))
        since = self._access.from_reader(position_of(command.since))
        if self._depth.is_open:
            refuse_while_ahead(received, replica, self._depth.place.position)
        if rejected:
            refuse_while_ahead(received, replica, since)
        resumed = since is not None and self._depth.resume(replica, keys, since)
        frames = [] if resumed else self._depth.add(replica, keys, has_gap=since is not None)
        symbols = list(dict.fromkeys(asked[name] for name in asked if name not in rejected))
        result = {"channel": Channel.DEPTH, "symbols": symbols, "rejected": rejected}
        return result | {"resumed": resumed}, frames

    def _unsubscribe(self, received: ReceivedCommand, command: Unsubscribe) -> ResultAndFrames:
        channel = channel_of(received, command.channel)
        match channel:
            case Channel.TICKER:
                self._ticker.remove(symbols_to_unsubscribe(received, command, self._ticker))
            case Channel.TRADES:
                self._trades.remove(symbols_to_unsubscribe(received, command, self._trades))
            case Channel.BARS:
                self._bars.remove(bars_to_unsubscribe(received, command, self._bars))
            case Channel.DEPTH:
                self._depth.remove(symbols_to_unsubscribe(received, command, self._depth))
            case Channel.STATUS:
                self._status.close()
            case Channel.NOTIFICATIONS:
                self.personal.close_notices()
            case Channel.WATCHLIST:
                self.personal.close_watchlist()
            case Channel.DECK:
                self.deck.close()
        return {"channel": channel}, []

    def _set(self, command: Set, now: Moment) -> dict[str, Any]:
        if command.max_rate is not None:
            self.pace.limit(command.max_rate, now.mono_s)
        if command.paused is not None:
            self.pace.is_paused = command.paused
        return {"max_rate": self.pace.max_rate, "paused": self.pace.is_paused}

    # --- limits -----------------------------------------------------------------------------
    def _spend_command(self, now: Moment) -> None:
        """Let COMMANDS_PER_S pass; a flood ends the connection."""
        if not self._command_budget.spend(now.mono_s):
            self.closed = self.closed or Close.TOO_MANY
            raise CommandRefused(Error.TOO_MANY_COMMANDS, f"limit is {COMMANDS_PER_S} per second")

    def _count_bad(self, refused: CommandRefused) -> None:
        # What may work later is no bad message: a page may wait long for a market to begin.
        self._bad_messages += int(not ERROR_TEXT[Error(refused.code)][1])
        if self._bad_messages >= BAD_MESSAGES:
            self.closed = self.closed or Close.BAD_FRAME
