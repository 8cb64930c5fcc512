"""Pages find their files also where nothing can be published, and while somebody edits them."""

from pathlib import Path
from typing import Any

import pytest

from dashboard import runtime
from dashboard.static_files.serving import PART_BYTES, PREFIX, StaticFiles
from dashboard.static_files.sources import SCRIPTS, current_build

SCRIPT = "js/pages/shell.js"


async def ask(
    files: StaticFiles, path: str, method: str = "GET"
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of an answer, whose last part alone says that it ends."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": []}
    await files(scope, None, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    assert [message.get("more_body", False) for message in sent[1:]] == [
        *[True] * (len(sent) - 2),
        False,
    ]
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
    assert "strict-transport-security" not in headers


@pytest.mark.parametrize("debug", [True, False])
async def test_files_are_remembered_unless_they_may_be_edited(
    settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, debug: bool
) -> None:
    settings.DEBUG, settings.STATIC_ROOT, settings.SECURE_HSTS_SECONDS = debug, tmp_path, 60
    monkeypatch.setattr(runtime, "publish", lambda *_: SCRIPTS)
    files = runtime.static_files()
    status, headers, _ = await ask(files, f"{PREFIX}{SCRIPT}")
    assert status == 200
    assert (f"{PREFIX}{SCRIPT}" in files.files) is not debug
    assert headers.get("strict-transport-security") == (None if debug else "max-age=60")


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


@pytest.mark.parametrize("size", [0, 1, PART_BYTES - 1, PART_BYTES, 2 * PART_BYTES + 1])
async def test_a_file_of_any_size_is_sent_whole(tmp_path: Path, size: int) -> None:
    content = (b"0123456789abcdef_" * (size // 17 + 1))[:size]
    (tmp_path / "a.bin").write_bytes(content)
    files = StaticFiles([(tmp_path, PREFIX)], is_fixed=True)
    status, headers, body = await ask(files, "/static/a.bin")
    assert (status, body == content) == (200, True)
    assert await ask(files, "/static/a.bin", "HEAD") == (200, headers, b"")


async def test_a_file_that_is_gone_is_looked_for_again(tmp_path: Path) -> None:
    """The build was deleted, and may come back."""
    files = StaticFiles([(tmp_path, PREFIX)], is_fixed=True)
    (tmp_path / "a.js").write_text("a();")
    assert (await ask(files, "/static/a.js"))[0] == 200
    (tmp_path / "a.js").unlink()
    status, _, body = await ask(files, "/static/a.js")
    assert (status, body) == (404, b"Not found\n")
    status, _, body = await ask(files, "/static/a.js", "HEAD")
    assert (status, body) == (404, b"")
    (tmp_path / "a.js").write_text("longer();")
    assert (await ask(files, "/static/a.js"))[2] == b"longer();"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("site.webmanifest", "application/manifest+json"),
        ("a.js", "text/javascript"),
        ("a.svg", "image/svg+xml"),
    ],
)
async def test_a_file_has_its_type_and_no_other_site_reads_it(
    tmp_path: Path, name: str, kind: str
) -> None:
    (tmp_path / name).write_text("{}")
    files = StaticFiles([(tmp_path, PREFIX)], is_fixed=True)
    status, headers, _ = await ask(files, f"{PREFIX}{name}")
    assert (status, headers["content-type"].split(";")[0]) == (200, kind)
    assert headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in headers


async def test_a_build_is_kept_for_ever_and_a_missing_file_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("a();")
    (tmp_path / ".publishing-x").mkdir()
    (tmp_path / ".publishing-x" / "a.js").write_text("a();")
    build = f"{PREFIX}0123456789ab/"
    files = StaticFiles([(tmp_path, build), (tmp_path, PREFIX)], is_fixed=True)
    _, headers, _ = await ask(files, f"{build}a.js")
    assert headers["cache-control"] == "max-age=315360000, public, immutable"
    assert (await ask(files, f"{build}.publishing-x/a.js"))[0] == 404
    _, headers, _ = await ask(files, f"{PREFIX}none.js")
    assert headers["cache-control"] == "no-store"
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert headers["x-content-type-options"] == "nosniff"


async def test_of_two_folders_with_a_file_the_first_is_served(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.js").write_text(f"{name}();")
    folders = [(tmp_path / "first", PREFIX), (tmp_path / "second", PREFIX)]
    files = StaticFiles(folders, is_fixed=True)
    assert (await ask(files, f"{PREFIX}a.js"))[2] == b"first();"


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
