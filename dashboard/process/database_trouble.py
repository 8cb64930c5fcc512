"""What admins read while the database takes no writes: what is wrong, and what to do.

Must not know who notices it.
"""

from typing import Final

from django.http import HttpRequest

from feeds.database import writability

MEANWHILE: Final = "Prices go on. Changes and sign-ins are refused with 503 until then."
CAUSES: Final = (
    (
        ("readonly", "read-only"),
        "The database is read-only.",
        "Give the account of the site the right to write the file of the database and its folder, "
        "and look whether the disk is mounted read-only.",
    ),
    (
        ("full", "no space"),
        "The database is full.",
        "Free space on its disk: delete old recordings and backups, or shorten MARKET_BARS_DAYS.",
    ),
    (
        ("lock",),
        "The database is locked.",
        "End the program that holds the lock: a backup, a migration or a shell.",
    ),
)
"""Words in the message of the database, what they mean, and the cure."""
UNKNOWN: Final = "Run manage.py doctor on the machine."


def explain(error: str) -> str:
    """Return what is wrong and what to do; "" without an error."""
    if not error:
        return ""
    for words, fact, cure in CAUSES:
        if any(word in error.lower() for word in words):
            return f"{fact} {cure} {MEANWHILE}"
    return f"The database cannot be used ({error}). {UNKNOWN} {MEANWHILE}"


def present_trouble() -> str:
    """Return what is wrong now; "" while all is well."""
    return explain(writability.error)


def trouble_context(request: HttpRequest) -> dict[str, str]:  # noqa: ARG001
    """Give every page what is wrong; the pages of the admin show it."""
    return {"database_trouble": present_trouble()}
