"""Django's cache in rows, so that all processes count the failures of a visitor together.

Must not know what is counted. Django's own DatabaseCache answers errors of the database with "no
value", which would let anybody guess passwords while the database is locked; this cache raises.
"""

import time
from datetime import UTC, datetime
from typing import Any, Final

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

from dashboard.people import cache_service

ENDLESS: Final = datetime(9999, 1, 1, tzinfo=UTC)


class SharedCache(BaseCache):
    """The operations that allauth needs. Values are what JSON can hold: no pickle is read."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:  # noqa: ARG002
        super().__init__(params)

    def add(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        """Store a value unless the key has one; say whether it was stored."""
        return cache_service.add_value(
            self.make_key(key, version), value, now=_now(), ends_at=self._end_of(timeout)
        )

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """Return the value of a key, or the default."""
        values = cache_service.values_of(self.make_key(key, version), now=_now())
        return values[0] if values else default

    def set(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        """Store a value."""
        ends_at = self._end_of(timeout)
        cache_service.set_value(self.make_key(key, version), value, ends_at=ends_at)

    def delete(self, key: Any, version: int | None = None) -> bool:
        """Delete the value of a key; say whether there was one."""
        return cache_service.delete_value(self.make_key(key, version))

    def clear(self) -> None:
        """Delete everything."""
        cache_service.delete_values()

    def _end_of(self, timeout: Any) -> datetime:
        end_s = self.get_backend_timeout(timeout)
        return ENDLESS if end_s is None else datetime.fromtimestamp(end_s, UTC)


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)
