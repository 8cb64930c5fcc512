"""Serves the files that pages load, in front of Django: no cookie, no middleware.

An address with a build in it may be cached for ever. One without means the present build, and is
asked for again each time. A file is looked for when it is first asked for, so this process also has
the builds that others publish into the same folder.

Files are opened and read in a thread, as a disk may be slow. They are sent from the event loop, so
a slow reader holds no thread.
"""

import asyncio
from collections.abc import Sequence
from contextlib import closing
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from servestatic.base import ServeStaticBase
from servestatic.responders import MissingFileError, Response, StaticFile
from servestatic.utils import decode_path_info

from dashboard.network.asgi_types import Send
from dashboard.network.closed_headers import CLOSED_HEADERS

PREFIX: Final = "/static/"
TYPES: Final = {".webmanifest": "application/manifest+json"}
"""Types of files that the library does not know."""
HASHED: Final = rf"^{PREFIX}[0-9a-f]{{12}}/"
PART_BYTES: Final = 65_536
HEADERS: Final = tuple((name.encode(), value.encode()) for name, value in CLOSED_HEADERS)
"""Headers of every answer. The policy concerns only pictures that are opened by themselves."""
MISSING: Final = [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")]
"""A missing file may be there later: another process may be newer than this one."""


class StaticFiles(ServeStaticBase):  # type: ignore[misc]
    """An ASGI application for the addresses below /static/.

    `folders` are searched in order, each with the beginning of its addresses. `is_fixed` says that
    their files never change.
    """

    def __init__(
        self, folders: Sequence[tuple[Path, str]], *, is_fixed: bool, hsts_s: int = 0
    ) -> None:
        super().__init__(
            None,
            max_age=0,
            allow_all_origins=False,
            immutable_file_test=HASHED,
            mimetypes=TYPES,
        )
        # Each goes before those that are there, so the last one put in is searched first.
        for folder, prefix in reversed(folders):
            self.insert_directory(folder, prefix)
        self._is_fixed = is_fixed
        hsts = [(b"strict-transport-security", b"max-age=%d" % hsts_s)] if hsts_s else []
        self._headers = [*HEADERS, *hsts]

    def initialize(self) -> None:
        """Do nothing: files are found when they are asked for."""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Send) -> None:  # noqa: ARG002
        """Answer one request."""
        url = decode_path_info(scope["path"])
        response = await asyncio.to_thread(self._respond, url, scope)
        sent = [(name.lower().encode(), (value or "").encode()) for name, value in response.headers]
        status = int(response.status)
        headers = [*sent, *self._headers]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await _send_body(response, send)

    def _respond(self, url: str, scope: dict[str, Any]) -> Response:
        method = scope["method"]
        try:
            if (file := self._find(url)) is not None:
                return file.get_response(method, _conditions(scope["headers"]))
        except (FileNotFoundError, MissingFileError):
            self.files.pop(url, None)  # the build was deleted
        body = None if method == "HEAD" else BytesIO(b"Not found\n")
        return Response(HTTPStatus.NOT_FOUND, MISSING, body)

    def _find(self, url: str) -> StaticFile | None:
        if "/." in url:  # a build that is not finished yet
            return None
        found = self.files.get(url) or self.find_file(url)
        if found is not None and self._is_fixed:
            # Kept only if files never change: it remembers their sizes and times, too.
            self.files[url] = found
        return found


def _conditions(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the headers of a request by the names that WSGI has."""
    return {
        f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}": value.decode("latin-1")
        for name, value in headers
    }


async def _send_body(response: Response, send: Send) -> None:
    """Send the body in parts; a short file is closed before it is sent."""
    if response.file is None:
        await send({"type": "http.response.body", "body": b""})
        return
    with closing(response.file) as file:
        part = await asyncio.to_thread(file.read, PART_BYTES)
        while len(part) == PART_BYTES:
            await send({"type": "http.response.body", "body": part, "more_body": True})
            part = await asyncio.to_thread(file.read, PART_BYTES)
    await send({"type": "http.response.body", "body": part})
