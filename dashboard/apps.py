"""People and delivery as a Django app."""

from django.apps import AppConfig
from django.core.checks import register

from dashboard.checks import check_processes


class DashboardConfig(AppConfig):
    """Name the app; ready() starts nothing: it runs in every command, twice in runserver."""

    name = "dashboard"
    verbose_name = "Dashboard"

    def ready(self) -> None:
        """Register the system checks."""
        register(check_processes)
