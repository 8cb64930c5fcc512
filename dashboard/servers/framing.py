"""The head of a server's text frame (RFC 6455 5.2): its length, for nothing is masked.

Pure. Their own way to a frame costs several times the frame.
"""

import struct
from typing import Final

FINAL_TEXT: Final = 0x81


def text_head(length: int) -> bytes:
    """Return the bytes before a whole text of `length` bytes."""
    if length < 126:
        return bytes((FINAL_TEXT, length))
    if length < 65_536:
        return struct.pack("!BBH", FINAL_TEXT, 126, length)
    return struct.pack("!BBQ", FINAL_TEXT, 127, length)
