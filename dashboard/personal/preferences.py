"""What a person wants of every page, such as the theme: kept by person, for all their browsers.

The only writer of these rows. Must not know requests, forms or sockets.
"""

from collections.abc import Mapping
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction

from dashboard.models import Preferences

VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "theme": ("light", "dark"),
    "contrast": ("high",),
    "palette": ("eastern", "blue-orange"),
    "density": ("compact",),
    "zone": ("exchange", "utc"),
    "notices.desktop": ("1",),
    "notices.sound": ("1",),
    "hints": ("off",),
}
"""Each preference, and its values beside the usual one, which is "" and not kept.

The page has the same names in static/js/screen/page/theme.js and static/js/theme-boot.js.
"""


def choose_preference(user: User, name: str, value: str) -> None:
    """Keep a value of `VALUES`; "" is the usual one.

    The row stays when everything is as usual: it says that this was chosen.
    """
    with transaction.atomic():
        Preferences.objects.get_or_create(user=user)
        row = Preferences.objects.select_for_update().get(user=user)
        kept = {key: each for key, each in row.values.items() if key != name}
        row.values = kept | ({name: value} if value else {})
        row.save(update_fields=["values"])


def preferences_of(user_id: int) -> dict[str, str] | None:
    """Return what a person chose, by name, or None if they never chose anything."""
    row = Preferences.objects.filter(user=user_id).first()
    return None if row is None else dict(sorted(row.values.items()))
