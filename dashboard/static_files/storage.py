"""The addresses of the files that pages load.

Must not know where they lie.
"""

from django.contrib.staticfiles.storage import StaticFilesStorage

from dashboard.static_files.sources import current_build


class BuildStorage(StaticFilesStorage):
    """Gives each file an address with the present build in it, which may be cached for ever."""

    def url(self, name: str | None) -> str:
        """Return the address of a file."""
        return super().url(f"{current_build()}/{(name or '').lstrip('/')}")
