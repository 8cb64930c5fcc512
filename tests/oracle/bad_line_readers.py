"""Readers of real servers over bad lines: they come back by themselves and take notes."""

import http.client
import threading
from collections.abc import Callable
from typing import Any

from websockets.exceptions import WebSocketException

from dashboard.wire.registry import Transport
from tests.oracle.audit import ReaderAudit
from tests.oracle.notebook import Note, Notebook
from tests.support.fault_proxy import FaultProxy
from tests.support.readers import Traveller

SILENCE_S = 3.0
"""Without a sign of life for this long a reader takes its line for dead."""
POLL_S, RETRY_S = 0.2, 0.1
LOST = (OSError, http.client.HTTPException, WebSocketException, ValueError)
"""How a bad line shows; a piece of an answer is no JSON."""


class BadLineReader(Traveller):
    """One reader on one transport behind one proxy; `audit` compares its notes with a tape."""

    def __init__(
        self, symbols: list[str], token: str, transport: Transport, proxy: FaultProxy
    ) -> None:
        super().__init__(symbols, token)
        self.patience_s = SILENCE_S
        self.transport = transport
        self.proxy = proxy
        self.answers = 0
        self.failure: BaseException | None = None
        self._notes: list[Note] = []
        self.notebook = Notebook(f"{transport} {symbols}", self._notes.append)
        self.reader = self.notebook.reader
        self._goes_on = threading.Event()

    def read_until(self, until: Callable[["BadLineReader"], bool]) -> None:
        """Read, and come back after every end of a line, until something is so."""
        is_socket = self.transport is Transport.WEBSOCKET
        try:
            while not until(self):
                self.notebook.begin_line(self.symbols, is_socket=is_socket)
                try:
                    self.read(self.transport, self.proxy.host, lambda: until(self))
                except LOST:
                    self._goes_on.wait(RETRY_S)
        except BaseException as error:
            self.failure = error
            raise

    def audit(self, audit: ReaderAudit) -> ReaderAudit:
        """Tell an audit everything, in order."""
        for note in self._notes:
            note(audit)
        return audit

    def _query(self, **more: int) -> str:
        self.notebook.begin_request()
        return super()._query(**more)

    def _take(self, frame: dict[str, Any]) -> None:
        assert frame.get("success", True), frame
        if frame:
            self.notebook.take(frame)
            return
        self.answers += 1
        if self.transport is Transport.POLL:
            self._goes_on.wait(POLL_S)
