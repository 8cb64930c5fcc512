"""Say what is wrong with an installation, and how to cure it."""

import json
import sys
from argparse import ArgumentParser
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand

from dashboard.operations.doctor import (
    Diagnosis,
    Probe,
    Severity,
    assets_are_there,
    data_is_safe,
    database_answers,
    database_is_whole,
    examine,
    former_keys_are_gone,
    settings_hold,
)
from dashboard.operations.live_probes import bus_is_fed, site_answers

DAY_S: Final = 86_400
MARKS: Final = {Severity.OK: "ok", Severity.WARNING: "WARN", Severity.ERROR: "FAIL"}


class Command(BaseCommand):
    """Examine the installation; example: manage.py doctor --url https://market.example.com/"""

    help = "Check settings, database, Redis, disk and files, and a running site if --url is given."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the address of a running site, and the form of the answer."""
        parser.add_argument("--url", help="a running site to try, over WebSocket and SSE too")
        parser.add_argument("--user", default="viewer", help="whose --token it is")
        parser.add_argument("--token", default="", help="from manage.py token USER")
        parser.add_argument("--json", action="store_true", help="print one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Print a line for each finding; exit with 1 when something is wrong."""
        findings = list(examine(_probes(options)))
        if options["json"]:
            self.stdout.write(json.dumps([finding._asdict() for finding in findings]))
        else:
            self._print(findings)
        if any(finding.level is Severity.ERROR for finding in findings):
            sys.exit(1)

    def _print(self, findings: list[Diagnosis]) -> None:
        for finding in findings:
            self.stdout.write(f"{MARKS[finding.level]:4}  {finding.check}: {finding.fact}")
            if finding.cure:
                self.stdout.write(f"      {finding.cure}")


def _probes(options: dict[str, Any]) -> dict[str, Probe]:
    probes: dict[str, Probe] = {
        "settings": settings_hold,
        "keys": partial(
            former_keys_are_gone,
            len(settings.SECRET_KEY_FALLBACKS),
            settings.SESSION_COOKIE_AGE // DAY_S,
        ),
        "data folder": partial(data_is_safe, settings.MARKET_DATA_DIR),
        "database": database_answers,
        "integrity": database_is_whole,
        "static files": assets_are_there,
        "redis": partial(bus_is_fed, settings.MARKET_REDIS_URL),
    }
    if options["url"]:
        site = partial(site_answers, options["url"], options["user"], options["token"])
        probes["site"] = site
    return probes
