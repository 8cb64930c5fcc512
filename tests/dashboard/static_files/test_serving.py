"""Pages find their files also where nothing can be published, and while somebody edits them."""

from pathlib import Path
from typing import Any

import pytest

from dashboard import runtime
from dashboard.static_files.serving import PREFIX, StaticFiles
from dashboard.static_files.sources import SCRIPTS, current_build

SCRIPT = "js/pages/shell.js"


async def ask(files: StaticFiles, path: str) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of the answer to a GET."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "headers": []}
    await files(scope, None, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(message["body"] for message in sent[1:])


async def test_files_that_cannot_be_published_are_served_as_they_are(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> Path:
        raise OSError("no space left")

    monkeypatch.setattr(runtime, "publish", fail)
    files = runtime.static_files()
    for path in (f"{PREFIX}{SCRIPT}", f"{PREFIX}{current_build()}/{SCRIPT}"):
        status, _, body = await ask(files, path)
        assert (status, body) == (200, (SCRIPTS / SCRIPT).read_bytes())
    for name in ("admin/css/base.css", "ninja/swagger-ui.css"):
        assert (await ask(files, f"{PREFIX}{current_build()}/{name}"))[0] == 200
    assert (await ask(files, f"{PREFIX}{'0' * 12}/{SCRIPT}"))[0] == 404
    assert "no space left" in caplog.text


async def test_with_debug_files_are_served_as_they_are_now(settings: Any) -> None:
    settings.DEBUG = True
    status, headers, body = await ask(runtime.static_files(), f"{PREFIX}{SCRIPT}")
    assert (status, body) == (200, (SCRIPTS / SCRIPT).read_bytes())
    assert headers["cache-control"] == "max-age=0, public"


@pytest.mark.parametrize("is_fixed", [True, False])
async def test_an_edited_file_shows_only_where_files_may_change(
    tmp_path: Path, is_fixed: bool
) -> None:
    files = StaticFiles([(tmp_path, PREFIX)], is_fixed=is_fixed)
    (tmp_path / "a.js").write_text("old();")
    _, before, _ = await ask(files, "/static/a.js")
    (tmp_path / "a.js").write_text("newer();")
    _, after, _ = await ask(files, "/static/a.js")
    assert (before["etag"] == after["etag"]) == is_fixed


async def test_a_browser_that_comes_over_tls_has_to_stay_there(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("a();")
    folders = [(tmp_path, PREFIX)]
    _, headers, _ = await ask(StaticFiles(folders, is_fixed=True, hsts_s=60), "/static/a.js")
    assert headers["strict-transport-security"] == "max-age=60"
    _, headers, _ = await ask(StaticFiles(folders, is_fixed=True), "/static/a.js")
    assert "strict-transport-security" not in headers


def test_over_plain_http_a_site_with_tls_redirects(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert runtime.is_redirected({"scheme": "http"})
    assert not runtime.is_redirected({"scheme": "https"})
    settings.SECURE_SSL_REDIRECT = False
    assert not runtime.is_redirected({"scheme": "http"})
