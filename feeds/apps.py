"""The market as a Django app."""

from django.apps import AppConfig


class FeedsConfig(AppConfig):
    """Name the app; ready() starts nothing: it runs in every command, twice in runserver."""

    name = "feeds"
    verbose_name = "Market"
