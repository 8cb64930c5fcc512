"""Frames from a server (RFC 6455): the header of a text frame, and the time after a close frame.

Pure. The servers' own code for a frame costs several times as much. A server's frame has a length
and no mask (section 5.2).
"""

import struct
from functools import lru_cache
from typing import Final

FINAL_TEXT: Final = 0x81
LINGER_S: Final = 2.0
"""How long a server reads on after its close frame, for the other side to read that frame."""


@lru_cache(maxsize=4096)
def text_head(length: int) -> bytes:
    """Return the header of a final text frame with `length` bytes of content."""
    if length < 126:
        return bytes((FINAL_TEXT, length))
    if length < 65_536:
        return struct.pack("!BBH", FINAL_TEXT, 126, length)
    return struct.pack("!BBQ", FINAL_TEXT, 127, length)
