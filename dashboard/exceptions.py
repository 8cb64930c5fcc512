"""What can go wrong between the market and people, as one tree.

DeliveryError
├── CommandRefused        a command of the wire that cannot be done; answered with its code
├── HubFull               no place for another subscriber
├── ConnectionClosed            the server ended a subscriber; carries the close code
├── TooManyConnections          one account has as many connections as it may have
├── UnknownSymbol         no instrument of that symbol
└── WatchlistFull         no place for another symbol
"""


class DeliveryError(Exception):
    """Root of everything that delivery raises on purpose."""


class CommandRefused(DeliveryError):
    """A command that cannot be done: `code` of the registry, `method` and `id` as received."""

    def __init__(
        self, code: int, fact: str, *, method: str = "", id: int | str | None = None
    ) -> None:
        super().__init__(fact)
        self.code = code
        self.method = method
        self.id = id


class HubFull(DeliveryError):
    """No place for another subscriber."""


class ConnectionClosed(DeliveryError):
    """The server ended a subscriber: `code` of the registry."""

    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class TooManyConnections(DeliveryError):
    """One account has as many connections as it may have."""


class UnknownSymbol(DeliveryError):
    """No instrument of that symbol."""


class WatchlistFull(DeliveryError):
    """No place for another symbol."""
