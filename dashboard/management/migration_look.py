"""A look at the migrations that keeps no server from starting: the database may come later."""

import logging

from django import db
from django.core.management.base import BaseCommand

from feeds.database import why_unusable

log = logging.getLogger(__name__)


class PatientCommand(BaseCommand):
    """A command that starts a server, also while its database cannot be reached."""

    def check_migrations(self) -> None:
        """Say which migrations are due, if the database can be asked."""
        try:
            super().check_migrations()
        except db.Error as error:
            reason = why_unusable(error)
            if not reason:
                raise
            log.warning("serving begins without the database error=%s", reason)
