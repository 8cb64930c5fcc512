"""What ASGI hands to an application, and the headers that it takes back.

Must not know any server or application.
"""

from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]
"""Name and value, the name in small letters."""
