"""Scripts and styles over HTTP: compressed, cacheable for ever by their build, and nothing else."""

import gzip
import re
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from dashboard.static_files.publishing import publish
from dashboard.static_files.sources import SCRIPTS, SourceFile
from tests.support.raw import open_tcp
from tests.support.security_headers import NEEDED
from tests.support.served import Served
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow

SCRIPT = "js/wire/frames.js"
TEXT = (SCRIPTS / SCRIPT).read_bytes()


def ask(
    served: Served, path: str, method: str = "GET", **headers: str
) -> tuple[HTTPResponse, bytes]:
    """Return the answer to a request; headers are spelled with underscores."""
    line = HTTPConnection(served.host, timeout=PATIENCE_S)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    line.request(method, path, headers=sent)
    answer = line.getresponse()
    body = answer.read()
    line.close()
    return answer, body


@pytest.fixture(scope="session")
def build(served: Served) -> str:
    _, page = ask(served, "/accounts/login/")
    [found] = set(re.findall(r'src="/static/([0-9a-f]{12})/js/pages/', page.decode()))
    return found


def hashed(build: str, name: str = SCRIPT) -> str:
    return f"/static/{build}/{name}"


def test_a_script_is_compressed_and_cached_for_ever(served: Served, build: str) -> None:
    answer, body = ask(served, hashed(build), Accept_Encoding="gzip, deflate, br, zstd")
    assert answer.status == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Content-Type"] == 'text/javascript; charset="utf-8"'
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert "immutable" in answer.headers["Cache-Control"]
    assert int(answer.headers["Content-Length"]) == len(body) < len(TEXT) / 3
    script = gzip.decompress(body).decode()
    assert "export" in script
    assert "@ts-check" not in script


@pytest.mark.parametrize(
    "encodings", ["", "identity", "br", "gzip;q=0", "xgzip", "gzip;q=x", "*", ",;=,", "\xff" * 50]
)
def test_a_client_without_gzip_gets_the_file(served: Served, build: str, encodings: str) -> None:
    answer, body = ask(served, hashed(build), Accept_Encoding=encodings)
    assert (answer.status, body) == (200, TEXT)
    assert "Content-Encoding" not in answer.headers


def test_an_address_without_a_build_is_asked_for_again(served: Served, build: str) -> None:
    answer, body = ask(served, f"/static/{SCRIPT}")
    assert (answer.status, body) == (200, TEXT)
    assert answer.headers["Cache-Control"] == "max-age=0, public"
    _, other = ask(served, hashed(build))
    assert other == body


def test_a_client_that_has_a_file_gets_no_second_copy(served: Served, build: str) -> None:
    for path in (hashed(build), f"/static/{SCRIPT}"):
        first, _ = ask(served, path)
        again, body = ask(served, path, If_None_Match=first.headers["ETag"])
        assert (again.status, body) == (304, b"")
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
        other, body = ask(served, path, If_None_Match='"another"')
        assert (other.status, body) == (200, TEXT)


@pytest.mark.parametrize("path", [f"/static/{SCRIPT}", "/static/js/nowhere.js"])
def test_a_head_has_no_body(served: Served, path: str) -> None:
    got, _ = ask(served, path)
    head, body = ask(served, path, "HEAD")
    assert (head.status, body) == (got.status, b"")
    assert head.headers["Content-Type"] == got.headers["Content-Type"]


@pytest.mark.parametrize(
    ("asked", "status", "body"),
    [
        ("bytes=0-9", 206, TEXT[:10]),
        ("bytes=-5", 206, TEXT[-5:]),
        (f"bytes={len(TEXT)}-", 416, b""),
        ("bytes=x-y", 200, TEXT),
        ("bytes=0-1,3-4", 200, TEXT),
        ("lines=0-9", 200, TEXT),
        (f"bytes={'9' * 5000}-", 200, TEXT),
    ],
)
def test_a_part_of_a_file(served: Served, build: str, asked: str, status: int, body: bytes) -> None:
    answer, got = ask(served, hashed(build), Range=asked)
    assert (answer.status, got) == (status, body)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_only_get_and_head_are_allowed(served: Served, build: str, method: str) -> None:
    answer, body = ask(served, hashed(build), method)
    assert (answer.status, answer.headers["Allow"], body) == (405, "GET, HEAD", b"")


STRANGE = [
    "", "js", "js/", "js/nowhere.js", "nowhere/", f"{'0' * 12}/{SCRIPT}", "0" * 12, "x" * 4000,
    "../manage.py", "..%2fmanage.py", "%2e%2e/%2e%2e/secret_key", "../secret_key",
    "js/../../secret_key", "js/wire/../wire/frames.js", "js//wire/frames.js", "./js/wire/frames.js",
    "js\\wire\\frames.js", "js/wire/frames.js.gz", "js/wire/frames.js%00", "js/wire/frames.js/",
    "js/wire/frames.js/x", "%ff%fe", ".publishing-x/js/a.js", "/etc/passwd", "//etc/passwd",
    "js/wire/FRAMES.js",
]  # fmt: skip


@pytest.mark.parametrize("name", STRANGE)
def test_nothing_else_is_served(served: Served, build: str, name: str) -> None:
    for start in ("", f"{build}/"):
        before = served.log()
        answer, body = ask(served, f"/static/{start}{name}")
        assert answer.status == 404, start
        assert b"secret" not in body
        assert answer.headers["Cache-Control"] == "no-store" or b"<html" in body
        said = [
            line for line in served.log().removeprefix(before).splitlines() if "/static" in line
        ]
        assert said == []


def test_a_traversal_that_no_client_cleans_up_finds_nothing(served: Served) -> None:
    for path in (
        "/static/../secret_key",
        "/static/js/../../../etc/passwd",
        "/static/../market.sqlite3",
    ):
        with open_tcp(served) as tcp:
            tcp.sendall(f"GET {path} HTTP/1.1\r\nHost: {served.host}\r\n\r\n".encode())
            answer = tcp.recv(65_536)
        assert answer.split(b" ", 2)[1] in (b"400", b"404"), path


def test_every_answer_has_the_security_headers(served: Served, build: str) -> None:
    first, _ = ask(served, hashed(build))
    answers = [
        first,
        ask(served, hashed(build), If_None_Match=first.headers["ETag"])[0],
        ask(served, hashed(build), Range="bytes=0-1")[0],
        ask(served, hashed(build), Range=f"bytes={len(TEXT)}-")[0],
        ask(served, hashed(build), "POST")[0],
        ask(served, hashed("0" * 12))[0],
        ask(served, f"/static/{SCRIPT}", "HEAD")[0],
    ]
    assert [answer.status for answer in answers] == [200, 304, 206, 416, 405, 404, 200]
    for answer in answers:
        found = {name: answer.headers.get(name) for name in NEEDED}
        assert found == NEEDED, answer.status
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["X-Request-Id"]


def test_a_large_file_is_whole(served: Served, build: str) -> None:
    name = "ninja/swagger-ui-bundle.js"
    _, plain = ask(served, hashed(build, name))
    _, packed = ask(served, hashed(build, name), Accept_Encoding="gzip")
    assert len(plain) > 1_000_000
    assert gzip.decompress(packed) == plain


def test_a_build_that_another_process_publishes_is_served_until_it_is_deleted(
    served: Served, tmp_path: Path
) -> None:
    """While a site is updated, a page of the new build may ask a process of the old one."""
    newer, root = "f" * 12, served.folder / "static"
    path = hashed(newer, "js/new.js")
    assert ask(served, path)[0].status == 404
    (tmp_path / "new.js").write_text("new();")
    folder = publish(newer, [SourceFile("js/new.js", tmp_path / "new.js")], root)
    answer, body = ask(served, path)
    assert (answer.status, body) == (200, b"new();")
    assert "immutable" in answer.headers["Cache-Control"]
    folder.rename(served.folder / "elsewhere")
    answer, body = ask(served, path)
    assert (answer.status, body) == (404, b"Not found\n")


def test_a_slow_reader_of_a_file_holds_no_thread(served: Served, build: str) -> None:
    """More readers than there are threads: another one is answered at once."""
    before = served.census()["threads"]
    lines = [open_tcp(served, receive_bytes=4096) for _ in range(40)]
    path = hashed(build, "ninja/swagger-ui-bundle.js")
    for line in lines:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: {served.host}\r\n\r\n".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 200")
    assert served.census()["threads"] < before + len(lines)
    assert ask(served, hashed(build, "css/base.css"))[0].status == 200
    for line in lines:
        line.close()
