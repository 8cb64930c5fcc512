"""The header of a text frame from a server (RFC 6455 5.2), which has a length and no mask.

Pure. It serves both servers, whose own code for a frame costs several times as much.
"""

import struct
from typing import Final

FINAL_TEXT: Final = 0x81


def text_head(length: int) -> bytes:
    """Return the header of a final text frame with `length` bytes of content."""
    if length < 126:
        return bytes((FINAL_TEXT, length))
    if length < 65_536:
        return struct.pack("!BBH", FINAL_TEXT, 126, length)
    return struct.pack("!BBQ", FINAL_TEXT, 127, length)
