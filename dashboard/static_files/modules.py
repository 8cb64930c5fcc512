"""The tag that loads the scripts of a page, and tells the browser at once what they import.

Otherwise the browser would learn of each script only from the one that imports it, a round trip
later each time.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Any, Final

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

IMPORT: Final = re.compile(r'^import \{[^}]*\} from "(\.{1,2}/[^"]+)";$', re.MULTILINE)
"""How our scripts import; tests/laws/test_front_end.py holds them to it."""


@register.simple_tag(takes_context=True)
def modules(context: dict[str, Any], *names: str, soon: str = "") -> SafeString:
    """Return the tags that load these scripts; example: {% modules "js/pages/lab.js" %}

    `soon` is a script that they load later by themselves, but which this page wants at once. With
    `has_scripts` in the context the browser has all of them, and is not told what they import.
    """
    wanted = (*names, soon) if soon else names
    # The scripts themselves need no hint, as their own tags say it at the same time.
    others = () if context.get("has_scripts") else (*wanted[len(names) :], *imported_by(wanted))
    preloads = ((static(name),) for name in others)
    scripts = ((static(name),) for name in names)
    return format_html(
        "{}{}",
        format_html_join("", '<link rel="modulepreload" href="{}">', preloads),
        format_html_join("", '<script type="module" src="{}"></script>', scripts),
    )


@cache
def imported_by(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return all scripts that these import, directly or through others, but not these."""
    seen = dict.fromkeys(names)
    waiting = list(names)
    while waiting:
        for name in _imports_of(waiting.pop(0)):
            if name not in seen:
                seen[name] = None
                waiting.append(name)
    return tuple(seen)[len(names) :]


def _imports_of(name: str) -> Iterator[str]:
    path = finders.find(name)
    if path is not None:
        for file in IMPORT.findall(Path(path).read_text()):
            yield normpath(join(dirname(name), file))
