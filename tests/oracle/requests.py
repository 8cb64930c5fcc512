"""What a reader asks for over HTTP, and how it reads the answers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from dashboard.wire.registry import Transport
from tests.oracle.commands import written
from tests.oracle.wanted_channels import PERSONAL

if TYPE_CHECKING:
    from tests.oracle.clients import Client

WAIT_S = 1.5
PIECE_BYTES = 7


def query_of(client: "Client") -> str:
    """Return the query that asks for everything that is wanted, from where the reader stands."""
    wanted = client.wanted
    channels = [name for name in wanted.asked() if name != PERSONAL]
    asked: dict[str, Any] = {}
    for name in channels:
        since = wanted.since(name)
        if since is not None:
            asked[f"{name}_since"] = since
        wanted.begin(name, since, wanted.channels[name])
    asked |= _names(client)
    if PERSONAL in wanted.channels:
        channels += ["notifications", "watchlist"]
        asked |= _personal(client)
    if client.pace.max_rate is not None and client.transport is Transport.SSE:
        asked["max_rate"] = client.pace.max_rate
    if client.transport is Transport.LONGPOLL:
        asked["wait"] = WAIT_S
    return urlencode(asked | {"channels": ",".join(channels)})


def _names(client: "Client") -> dict[str, str]:
    """Return symbols, bars and fields; one list of symbols serves ticker and trades alike."""
    channels = client.wanted.channels
    lists = {
        "symbols": channels.get("ticker", channels.get("trades", set())),
        "bars": channels.get("bars", set()),
        "fields": client.fields or (),
    }
    return {key: ",".join(sorted(map(written, names))) for key, names in lists.items() if names}


def _personal(client: "Client") -> dict[str, Any]:
    """Return what the reader knows of its own: only news shall come."""
    reader = client.wanted.reader
    known: dict[str, Any] = {}
    if client.wanted.knows_notices:
        known["notifications_since"] = max(reader.notices, default=0)
        known["unread"] = reader.unread
    if reader.watchlist:
        known["watchlist"] = ",".join(reader.watchlist)
    return known


class EventReader:
    """Cuts a stream into its events, whatever the pieces in which it arrives."""

    def __init__(self) -> None:
        self._text = b""

    def take(self, body: bytes, *, splits: bool) -> Iterator[dict[str, str]]:
        """Return the fields of each event that is whole."""
        step = PIECE_BYTES if splits else max(1, len(body))
        for at in range(0, len(body), step):
            *events, self._text = (self._text + body[at : at + step]).split(b"\n\n")
            for event in events:
                lines = [line.partition(": ") for line in event.decode().split("\n")]
                yield {name: value for name, _, value in lines}
