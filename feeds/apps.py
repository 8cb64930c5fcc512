"""The market as a Django app."""

from django.apps import AppConfig


class FeedsConfig(AppConfig):
    """The app. ready() starts nothing: it runs in every command, and twice in runserver."""

    name = "feeds"
    verbose_name = "Market"
