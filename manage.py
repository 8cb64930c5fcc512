#!/usr/bin/env python
"""Run a management command of the market dashboard."""

import os
import sys

from django.db import Error

from dashboard.process.garbage import collect_seldom, exempt_what_is_loaded
from feeds.database import why_unusable


def main() -> None:
    """Hand the command line to Django; a database that is away is an error without a traceback."""
    collect_seldom()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except Error as error:
        reason = why_unusable(error)
        if not reason or "--traceback" in sys.argv:
            raise
        sys.exit(f"The database cannot be used: {reason}. manage.py doctor has the cure.")
    finally:
        exempt_what_is_loaded()


if __name__ == "__main__":
    main()
