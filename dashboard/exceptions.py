"""What can go wrong between the market and people, as one tree.

DeliveryError
├── CommandRefused        a command of the wire cannot be done; it is answered with a code
├── HubClosing            the process stops
├── HubFull               the process has as many subscribers as it may have, or no memory
├── ConnectionClosed      the server ended a subscriber; carries the close code
├── TooManyConnections    the account has as many connections as it may have
├── UnknownSymbol         no instrument has that symbol
├── WatchlistFull         the watchlist has as many symbols as it may have
├── UnknownWatchlist      the user has no list with that id
├── WatchlistRefused      a list cannot be changed like that
├── AlertsFull            the user has as many alerts as a user may have
├── UnknownLine           the alert waits for no price there
├── DestinationRefused    a person cannot have notifications sent there
├── SendFailed            a receiver outside gave no answer; the text says why
├── LastSuperuser         the account is the last that may do everything
└── LinkEnded             the link for a new password no longer works

BackupFailed stands alone: it has nothing to do with people who are connected.
"""


class DeliveryError(Exception):
    """The root of everything that delivery raises on purpose."""


class CommandRefused(DeliveryError):
    """A command cannot be done: `code` is an error of the wire, the rest is as received."""

    def __init__(
        self, code: int, fact: str, *, method: str = "", id: int | str | None = None
    ) -> None:
        super().__init__(fact)
        self.code = code
        self.method = method
        self.id = id


class HubClosing(DeliveryError):
    """The process stops, so nobody can join any more."""


class HubFull(DeliveryError):
    """The process has as many subscribers as it may have, or no memory for another."""


class ConnectionClosed(DeliveryError):
    """The server ended a subscriber: `code` is a close code of the wire."""

    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class TooManyConnections(DeliveryError):
    """The account has as many connections as it may have."""


class UnknownSymbol(DeliveryError):
    """No instrument has that symbol."""


class WatchlistFull(DeliveryError):
    """The watchlist has as many symbols as it may have."""


class UnknownSection(DeliveryError):
    """The list has no section of that name."""


class UnknownWatchlist(DeliveryError):
    """The user has no list with that id."""


class WatchlistRefused(DeliveryError):
    """A list cannot be changed like that; the text says why."""


class AlertsFull(DeliveryError):
    """The user has as many alerts as a user may have."""


class UnknownLine(DeliveryError):
    """An alert is gone, or its condition waits for no price, so charts have no line of it."""


class DestinationRefused(DeliveryError):
    """A person cannot have notifications sent there, or not so often; the text says why."""


class SendFailed(DeliveryError):
    """A receiver outside gave no answer; the text says why, for the person."""


class LastSuperuser(DeliveryError):
    """The account is the last that may do everything, so it cannot be deleted."""


class LinkEnded(DeliveryError):
    """The link for a new password no longer works: it was used, or the account has changed."""


class BackupFailed(Exception):
    """A backup cannot be made or put back; the text says why."""
