"""People and delivery as a Django app."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """Name the app; ready() starts nothing: it runs in every command, twice in runserver."""

    name = "dashboard"
    verbose_name = "Dashboard"
