"""The check for migrations of servers that start even if their database is not there yet."""

import logging

from django import db
from django.core.management.base import BaseCommand

from feeds.database import why_unusable

log = logging.getLogger(__name__)


class PatientCommand(BaseCommand):
    """A command that starts a server, even while its database cannot be reached."""

    def check_migrations(self) -> None:
        """Say which migrations are due, if the database can be asked."""
        try:
            super().check_migrations()
        except db.Error as error:
            reason = why_unusable(error)
            if not reason:
                raise
            log.warning("serving begins without the database error=%s", reason)
