"""Serve the site with Daphne or uvicorn; the database may start later."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from dashboard.checks import TAG
from dashboard.management.migration_look import PatientCommand
from dashboard.servers.serving import HOST, SERVERS, listen, serve


class Command(PatientCommand):
    """Serve the site; example: manage.py serve --port 8001 --server uvicorn"""

    help = "Serve the site until Ctrl-C. Several processes share a market over REDIS_URL."
    requires_system_checks = [TAG]

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options for the address and the server."""
        parser.add_argument("--host", default=HOST)
        parser.add_argument("--port", type=int, default=8000, help="0 takes a free port")
        parser.add_argument("--server", choices=SERVERS, default=SERVERS[0])

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Serve until Ctrl-C.

        Raises:
            CommandError: the address cannot be used.
        """
        self.check_migrations()
        host, port = options["host"], options["port"]
        try:
            listener = listen(host, port)
        except OSError as error:
            raise CommandError(f"{host}:{port} cannot be used ({error.strerror})") from None
        with listener:
            url = f"http://{host}:{listener.getsockname()[1]}/"
            serve(
                self.application(),
                listener,
                server=options["server"],
                on_ready=lambda: self._say(url),
            )

    def application(self) -> Any:
        """Return the application; it is imported late, because it starts the runtime."""
        from dashboard.asgi import application

        return application

    def _say(self, url: str) -> None:
        self.stdout.write(f"Ready: {url}")
        self.stdout.flush()
