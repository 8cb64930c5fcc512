"""Which build of the pages this server has, so that a page which is open notices a newer one.

Must not know what the files are. A page loads all its scripts at once, so an old page goes on
working; but only a reload brings it what is new.
"""

from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDERS: Final = (ROOT / "static", ROOT / "templates")
LENGTH: Final = 12
"""Letters of the hash: enough to tell builds apart."""


def build_of(folders: Iterable[Path]) -> str:
    """Return a hash over the names and contents of all files in folders."""
    total = sha256()
    for folder in folders:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            content = file.read_bytes()
            total.update(f"{file.relative_to(folder)}\0{len(content)}\0".encode() + content)
    return total.hexdigest()[:LENGTH]


@cache
def current_build() -> str:
    """Return the build that this process began with; its files are read once."""
    return build_of(FOLDERS)


def build_context(request: HttpRequest) -> dict[str, str]:  # noqa: ARG001
    """Give every page the build that it is of."""
    return {"build": current_build()}


@login_not_required
@require_GET
@cache_control(no_store=True)
def build(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Answer with the build of this server."""
    return JsonResponse({"build": current_build()})
