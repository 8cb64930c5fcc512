"""The socket behind an ASGI `send`: small buffers, the bytes that wait in them, and its abort.

Must not know frames. ASGI offers none of this, so the transport is taken from where the servers
keep it: Daphne's `send` is a partial of its protocol, uvicorn's a method of it. With another server
the backlog is unknown (0), and a slow reader is cut by the deadline alone.
"""

import array
import fcntl
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

UNSENT_BYTES: Final = 1_024
"""What the kernel may hold unsent before the socket counts as full: at 8 kbit/s a second of data.

A write that begins below it is taken nearly whole, so a fast reader never notices.
"""
TWISTED_BYTES: Final = 512
"""What Twisted may buffer on top of that before a writer waits; also what it reads at once."""
_NOT_ACKNOWLEDGED: Final = 0x5411
"""SIOCOUTQ of Linux: bytes in the send queue that the other side has not acknowledged."""


class AsgiSocket:
    """The socket of one connection. Its buffers are small, so that updates wait and merge."""

    __slots__ = ("_socket", "_transport", "write_now")

    def __init__(self, send: Any) -> None:
        owner = _owner_of(send)
        self.write_now: Callable[[str], bool] | None = getattr(owner, "write_text", None)
        """Writes a text frame unless it has to wait; says whether the socket took it."""
        self._transport: Any = getattr(owner, "transport", None)
        self._socket = _socket_of(self._transport)
        self._shorten()

    def backlog(self) -> int:
        """Return the bytes that the other side has not acknowledged: sent, or still in a buffer."""
        return _buffered(self._transport) + self._queued()

    def abort(self) -> None:
        """Cut the connection without waiting for its buffers."""
        cut = getattr(self._transport, "abortConnection", None)
        cut = cut or getattr(self._transport, "abort", None)
        if cut is not None:
            cut()

    def _shorten(self) -> None:
        """Make the buffers small: a frame that waits in a buffer grows old, a later one is new."""
        if self._socket is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            # A reader may have left before its request runs; uvloop then raises a ValueError.
            with suppress(OSError, ValueError):
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        if hasattr(self._transport, "set_write_buffer_limits"):
            with suppress(RuntimeError):  # that of uvloop, once the reader has left
                # A writer waits for all that the kernel did not take.
                self._transport.set_write_buffer_limits(high=0)
        elif hasattr(self._transport, "bufferSize"):
            self._transport.bufferSize = TWISTED_BYTES

    def _queued(self) -> int:
        if self._socket is None or sys.platform != "linux":
            return 0
        count = array.array("i", [0])
        with suppress(OSError, ValueError):
            fcntl.ioctl(self._socket.fileno(), _NOT_ACKNOWLEDGED, count)
        return int(count[0])


def _owner_of(send: Any) -> Any:
    return send.args[0] if getattr(send, "args", None) else getattr(send, "__self__", None)


def _socket_of(transport: Any) -> Any:
    if hasattr(transport, "get_extra_info"):
        return transport.get_extra_info("socket")
    handle = getattr(transport, "getHandle", None)
    try:
        return handle() if handle is not None else None
    except AttributeError:
        return None  # Twisted has no handle any more once the connection is gone


def _buffered(transport: Any) -> int:
    if hasattr(transport, "get_write_buffer_size"):
        return int(transport.get_write_buffer_size())
    if hasattr(transport, "dataBuffer"):
        # Twisted has no public name for what it buffers: the rest of a buffer, and a list of parts.
        return int(len(transport.dataBuffer) - transport.offset + transport._tempDataLen)
    return 0
