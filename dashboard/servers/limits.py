"""How much one connection may ask of a server, and how long its end may take, on both servers.

Pure. Tests shorten the seconds; operators read them in the table of `docs/operations.md`.
"""

from dataclasses import dataclass
from typing import Final

MIB: Final = 1024 * 1024
SHUTDOWN_S: Final = 1
"""How long requests may take to end by themselves after the sockets were closed."""
LAST_HANDSHAKES_S: Final = 0.05
"""Time for handshakes that were accepted just before the server stopped listening."""
PING_PATIENCE: Final = 0.8
"""Share of the ping interval within which a pong must arrive.

A line that was full since the ping and takes bytes again has as long once more.
"""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """The bounds of one connection, whatever it carries."""

    head_bytes: int = 16_384
    """Request line and headers together, and what follows a chunked body."""
    headers: int = 100
    body_bytes: int = MIB
    """A request's body, signed in or not, of a known length or chunked."""
    upload_bytes: int = 65 * MIB
    """A body sent to an import by somebody who may import: a table of 64 MiB, and its form."""
    head_s: float = 10
    """From the connection or the first byte of a request to the end of its headers."""
    body_s: float = 30
    """From the end of the headers to the end of the body."""
    upload_s: float = 300
    handshake_s: float = 10
    """From the end of a WebSocket's request to its answer."""
    idle_s: float = 15
    """Between two requests of a connection."""
    frames_per_s: float = 100
    frame_burst: int = 400
    """Frames of a WebSocket that may come at once: messages, their fragments, pings and pongs."""
    turn_bytes: int = 2_048
    """What uvicorn parses of one WebSocket before it serves the others; Daphne reads as little."""
    linger_s: float = 2
    """How long what a refused client still sends is read and thrown away.

    A socket that closes with unread bytes is reset, and the client would lose the answer.
    """


LIMITS: Final = ConnectionLimits()
