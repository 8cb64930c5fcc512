"""Long pages are compressed for browsers that take it, and no two answers have the same length."""

import gzip

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client, RequestFactory

from dashboard import compression

PAGES = ["/", "/polling/", "/lab/", "/developers/"]
SECRET_PAGES = ["/accounts/tokens/", "/accounts/second-factor/", "/accounts/sessions/"]


@pytest.fixture
def client(db: None) -> Client:
    client = Client()
    user = User.objects.create_user("ada")
    client.force_login(user)
    return client


def ask(client: Client, path: str, encodings: str) -> HttpResponse:
    return client.get(path, headers={"Accept-Encoding": encodings})


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES)
def test_a_long_page_is_compressed(client: Client, path: str) -> None:
    answer = ask(client, path, "gzip, deflate, br")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert b"</html>" in gzip.decompress(answer.content)


@pytest.mark.slow
@pytest.mark.parametrize("encodings", ["", "br", "gzip;q=0", "identity", "xgzip"])
@pytest.mark.parametrize("path", PAGES)
def test_a_client_without_gzip_gets_the_page(client: Client, path: str, encodings: str) -> None:
    answer = ask(client, path, encodings)
    assert "Content-Encoding" not in answer.headers
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert b"</html>" in answer.content


@pytest.mark.parametrize(
    ("encodings", "is_compressed"),
    [("gzip, deflate, br", True), ("br", False), ("gzip;q=0", False), ("xgzip", False)],
)
def test_only_those_who_take_it_get_a_compressed_page(
    monkeypatch: pytest.MonkeyPatch, encodings: str, *, is_compressed: bool
) -> None:
    page = b"a long page " * 100
    monkeypatch.setattr(compression, "render", lambda *_: HttpResponse(page))
    request = RequestFactory().get("/", headers={"Accept-Encoding": encodings})
    answer = compression.render_short(request, "page.html", {})
    assert answer.headers.get("Content-Encoding") == ("gzip" if is_compressed else None)
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert (gzip.decompress(answer.content) if is_compressed else answer.content) == page


@pytest.mark.parametrize("path", SECRET_PAGES)
def test_a_page_with_secrets_is_not_compressed(client: Client, path: str) -> None:
    assert "Content-Encoding" not in ask(client, path, "gzip").headers


@pytest.mark.slow
def test_the_length_of_a_page_tells_nothing(client: Client) -> None:
    """It differs from one answer to the next, whatever was asked."""
    lengths = {len(ask(client, "/lab/", "gzip").content) for _ in range(12)}
    assert len(lengths) > 3
