"""The demo: database, exchange, accounts, server and feed in one process."""

import json
import os
import secrets
import shutil
import socket
import sys
import webbrowser
from argparse import ArgumentParser
from pathlib import Path
from threading import Thread
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from dashboard.operations.databases import SIDE_FILES
from dashboard.servers.serving import HOST, SERVERS, ASGIApplication, listen, serve
from feeds.file_modes import FILE_MODE
from feeds.management.ranges import refuse_out_of_range
from feeds.plan.plans import MAX_RATE
from feeds.services.feeds import seed_exchange
from feeds.services.interventions import seed_scenarios

RANGES: Final = {"port": (0, 65_535), "instruments": (1, 5_000), "rate": (0.1, MAX_RATE)}
ACCOUNTS: Final = {"admin": True, "viewer": False}
"""The demo accounts, and whether each is a superuser."""


class Command(BaseCommand):
    """Run the demo; example: manage.py demo --port 0 --no-browser --json"""

    help = "Create what is missing, then serve a live market until Ctrl-C."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options for the address, the data folder and the size of the market."""
        parser.add_argument("--port", type=int, default=8000, help="0 takes a free port")
        parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
        parser.add_argument("--data", metavar="DIR", help="folder of the data (data/)")
        parser.add_argument("--instruments", type=int, default=60, help="on the first run")
        parser.add_argument("--rate", type=float, default=200.0, help="ticks/s, on the first run")
        parser.add_argument("--server", choices=SERVERS, default=SERVERS[0])
        parser.add_argument("--reset", action="store_true", help="begin with an empty database")
        parser.add_argument("--yes", action="store_true", help="do not ask before a reset")
        parser.add_argument("--json", action="store_true", help="print one line of JSON when ready")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Prepare the data, then serve until Ctrl-C.

        Raises:
            CommandError: an option is out of range, the port is busy, or nobody agreed to a reset.
        """
        refuse_out_of_range(options, RANGES)
        _move_to(options["data"])
        with _listen(options["port"]) as listener:
            if options["reset"]:
                _reset(has_consent=options["yes"])
            call_command("migrate", verbosity=0, interactive=False)
            seed_scenarios(seed_exchange(options["instruments"], options["rate"]))
            passwords = _ensure_accounts(settings.MARKET_DATA_DIR / "accounts.json")
            url = f"http://{HOST}:{listener.getsockname()[1]}/"
            self._serve(listener, url, passwords, options)

    def application(self) -> ASGIApplication:
        """Return the application; it is imported late, because it reads the data folder."""
        from dashboard.asgi import application

        return application

    def _serve(
        self, listener: socket.socket, url: str, passwords: dict[str, str], options: dict[str, Any]
    ) -> None:
        def on_ready() -> None:
            self._announce(url, passwords, as_json=options["json"])
            if not options["no_browser"]:
                Thread(target=_open_browser, args=(url,), daemon=True).start()

        serve(self.application(), listener, server=options["server"], on_ready=on_ready)

    def _announce(self, url: str, passwords: dict[str, str], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"url": url, "users": passwords}))
        else:
            for name, password in passwords.items():
                self.stdout.write(f"Sign in as {name} with password {password}")
            self.stdout.write(f"The data is in {settings.MARKET_DATA_DIR}; Ctrl-C stops the demo")
            self.stdout.write(f"Ready: {url}")
        self.stdout.flush()


def _move_to(folder: str | None) -> None:
    """Restart this process with another data folder: settings are read only at the start."""
    if folder is None or Path(folder).resolve() == settings.MARKET_DATA_DIR:
        return
    os.environ["MARKET_DATA_DIR"] = str(Path(folder).resolve())
    os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 our own command line


def _reset(*, has_consent: bool) -> None:
    """Delete database, recordings and passwords; ask before, if there are any.

    The key stays: it names nobody.
    """
    if connection.vendor != "sqlite":
        raise CommandError(f"--reset is for SQLite; empty the {connection.vendor} database itself")
    database = Path(connection.settings_dict["NAME"])
    files = [database.with_name(database.name + ending) for ending in ("", *SIDE_FILES)]
    files.append(settings.MARKET_DATA_DIR / "accounts.json")
    recordings = settings.MARKET_RECORDINGS_DIR
    if database.exists() and not has_consent:
        _ask(f"Delete everything in {database}, and the recordings in {recordings}?")
    connection.close()
    for file in files:
        file.unlink(missing_ok=True)
    shutil.rmtree(recordings, ignore_errors=True)


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        raise CommandError("there is data: add --yes to delete it")
    if input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise CommandError("nothing was deleted")


def _listen(port: int) -> socket.socket:
    try:
        return listen(HOST, port)
    except OSError as error:
        reason = f"port {port} cannot be used ({error.strerror})"
        raise CommandError(f"{reason}; choose another with --port, or --port 0") from None


def _ensure_accounts(file: Path) -> dict[str, str]:
    """Create the missing accounts; return the passwords, which a file beside the data keeps."""
    passwords: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    users = get_user_model()
    for name, may_everything in ACCOUNTS.items():
        user, is_new = users.objects.get_or_create(
            username=name, defaults={"is_staff": may_everything, "is_superuser": may_everything}
        )
        if is_new or name not in passwords:
            passwords[name] = secrets.token_urlsafe(12)
            user.set_password(passwords[name])
            user.save()
    fresh = file.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE), "w") as out:
        json.dump(passwords, out)
    fresh.replace(file)
    return passwords


def _open_browser(url: str) -> None:
    """Open a browser, if the machine has one; the address was printed as well."""
    try:
        webbrowser.open(url)
    except webbrowser.Error:
        return
