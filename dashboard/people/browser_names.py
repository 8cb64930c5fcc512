"""Names of browsers for people, from what browsers send as `User-Agent`.

Pure. A browser may send anything; nothing is decided by these names.
"""

from typing import Final

BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
"""A part of the text, and the name. Most browsers also name those that come after them here."""
SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)
"""The same of systems: Android names Linux, and iPhones name macOS."""
UNNAMED: Final = "A browser that does not say its name"


def browser_name(agent: str) -> str:
    """Return a name such as `Firefox on Windows`; the text itself where no browser is known."""
    browser, system = _first(BROWSERS, agent), _first(SYSTEMS, agent)
    if browser and system:
        return f"{browser} on {system}"
    return browser or agent or UNNAMED


def _first(names: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for part, name in names if part in agent), "")
