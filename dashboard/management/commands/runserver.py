"""Daphne's runserver with our server: back-pressure, close codes and a clean end."""

from typing import Any

from daphne.management.commands.runserver import Command as DaphneCommand

from dashboard import runtime
from dashboard.management.migration_look import PatientCommand
from dashboard.servers.daphne import DaphneServer
from dashboard.servers.serving import uploads_of


class Command(PatientCommand, DaphneCommand):  # type: ignore[misc]
    """Run the development server; example: manage.py runserver 8000"""

    def server_cls(self, **kwargs: Any) -> DaphneServer:
        """Return the server, which stops the market when it stops."""
        market = runtime.current()
        return DaphneServer(
            ping_s=market.ping_s,
            on_stop=market.stop,
            uploads=uploads_of(market),
            refusals=market.hub.traffic.refusals,
            **kwargs,
        )
