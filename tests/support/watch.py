"""Readers of a whole site, and how long after a fault all of them have the true market again."""

from time import monotonic
from typing import Final

from dashboard.wire.registry import Transport
from feeds.market.events import Position
from tests.support.returning_readers import ReturningReader, missing_trades
from tests.support.site import Site
from tests.support.waiting import PATIENCE_S, wait_until
from tests.support.witness import Moment, Witness

POLL_S: Final = 0.05


class Watch:
    """A site, those who read it, and the truth about its market."""

    def __init__(self, site: Site, witness: Witness) -> None:
        self.site = site
        self.witness = witness
        symbols = sorted(self._newest_moment().rows)
        token = site.webs[0].token
        self.readers = [
            ReturningReader(transport, site.nginx, symbols, token) for transport in Transport
        ]
        for reader in self.readers:
            reader.start()

    def seconds_to_agree(self, patience_s: float = PATIENCE_S) -> float:
        """Wait until everybody has the market as the feed published it after now."""
        begun_s, start = monotonic(), self.witness.newest()
        assert start is not None
        wait_until(lambda: self.witness.newest() not in (start, None), patience_s)
        try:
            wait_until(lambda: not self.who_differs(start), patience_s, poll_s=POLL_S)
        except AssertionError:
            raise AssertionError(f"differ: {self.who_differs(start)}") from None
        return monotonic() - begun_s

    def who_differs(self, start: Position) -> list[str]:
        """Return who does not show the market at or after a position as the feed published it."""
        return self.differing(self.witness.since(start)[1:])

    def differing(self, moments: list[Moment]) -> list[str]:
        """Return the readers and web processes that show none of these boards."""
        names = [
            str(reader.transport)
            for reader in self.readers
            if not self._is_true(*reader.state(), moments)
        ]
        return names + [
            f"web {index}"
            for index, web in enumerate(self.site.webs)
            if not web.has_ended and not self._is_board_true(web.board(), moments)
        ]

    def end_readers(self) -> None:
        """Let nobody read any more."""
        for reader in self.readers:
            reader.end()

    def end(self) -> None:
        """Let nobody read any more, nor look at what the feed publishes."""
        self.end_readers()
        self.witness.end()

    def faults(self) -> list[str]:
        """Return what any reader missed or got twice, after all have ended."""
        return [*self.witness.holes, *(text for r in self.readers for text in self._faults_of(r))]

    def _faults_of(self, reader: ReturningReader) -> list[str]:
        tape = reader.tape
        # A new epoch says that it cannot know what the former one still had to tell.
        gaps = {gap.partition(":")[2] for gap in reader.named_gaps} - {"0"}
        counts = {
            "frames that did not follow": reader.missed,
            "trades twice": len(tape) - len(set(tape)),
            "trades missing": len(missing_trades(reader, self.witness)),
            "named gaps": len(gaps),
        }
        return [f"{reader.transport}: {n} {what}" for what, n in counts.items() if n]

    def _is_true(
        self, position: Position | None, rows: dict[str, object], moments: list[Moment]
    ) -> bool:
        moment = position and self.witness.at(position)
        return moment in moments and moment.rows == rows

    def _is_board_true(self, board: dict[str, object], moments: list[Moment]) -> bool:
        position, epoch = str(board["position"]), self.witness.epochs[-1]
        if not position.startswith(epoch):
            return False
        return self._is_true(Position.parse(position), board["rows"], moments)

    def _newest_moment(self) -> Moment:
        position = self.witness.newest()
        assert position is not None
        moment = self.witness.at(position)
        assert moment is not None
        return moment
