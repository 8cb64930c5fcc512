"""What the environment makes of the settings: refusals with their cure, and values handed on."""

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from dashboard.email_url import NO_MAIL
from tests.support.places import ROOT

Read = Callable[..., dict[str, Any]]
NAMES = (
    "REDIS_URL", "DATABASE_URL", "EMAIL_URL", "SECRET_KEY", "SECRET_KEY_FALLBACKS",
    "WEB_CONCURRENCY",
)  # fmt: skip
STRONG = "0123456789abcdefghij0123456789abcdefghij0123456789"
HTTPS = {
    "MARKET_PUBLIC_ORIGINS": "https://market.example.com",
    "MARKET_TRUSTED_PROXIES": "127.0.0.1",
}


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Read the settings of an environment that says this, and nothing else of the market."""
    import os

    for name in [name for name in os.environ if name.startswith("MARKET_") or name in NAMES]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MARKET_DATA_DIR", str(tmp_path / "data"))

    def read(**environment: str) -> dict[str, Any]:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "dashboard" / "settings.py"))

    return read


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"MARKET_FLUSH_MS": "4.9"}, "MARKET_FLUSH_MS was '4.9', expected a number 5 to 1000"),
        ({"MARKET_FLUSH_MS": "1000.1"}, "expected a number 5 to 1000"),
        ({"MARKET_FLUSH_MS": "soon"}, "MARKET_FLUSH_MS was 'soon'"),
        ({"MARKET_FLUSH_MS": "nan"}, "MARKET_FLUSH_MS was 'nan'"),
        ({"WEB_CONCURRENCY": "0"}, "WEB_CONCURRENCY was '0', expected a number 1 to 1000"),
        ({"WEB_CONCURRENCY": "1001"}, "WEB_CONCURRENCY was '1001'"),
        ({"MARKET_SEATS_PER_USER": "4"}, "is called MARKET_CONNECTIONS_PER_USER now"),
        ({"REDIS_URL": "localhost:6379"}, "REDIS_URL was 'localhost'"),
        ({"MARKET_UPSTREAM_URL": "https://x"}, "MARKET_UPSTREAM_URL was something else"),
        ({"MARKET_METRICS_TOKEN": "a" * 19}, "expected 20 characters of ASCII or more"),
        ({"MARKET_METRICS_TOKEN": "ä" * 20}, "expected 20 characters of ASCII or more"),
        ({"MARKET_LOG_FORMAT": "xml"}, "MARKET_LOG_FORMAT was 'xml', expected line or json"),
        ({"DATABASE_URL": "oracle://x"}, "DATABASE_URL: "),
        ({"SECRET_KEY": STRONG[:49]}, "SECRET_KEY was weak, expected 50 random characters"),
        ({"SECRET_KEY": "abcd" * 20}, "SECRET_KEY was weak"),
        ({"SECRET_KEY": f"django-insecure-{STRONG}"}, "SECRET_KEY was weak"),
        ({"SECRET_KEY_FALLBACKS": f"{STRONG},short"}, "SECRET_KEY_FALLBACKS was weak"),
        ({"MARKET_PUBLIC_ORIGINS": "market.example.com"}, "MARKET_PUBLIC_ORIGINS: .* expected"),
        ({"MARKET_TRUSTED_PROXIES": "nginx"}, "MARKET_TRUSTED_PROXIES: .* expected addresses"),
        ({"MARKET_REACHABLE_NETWORKS": "home"}, "MARKET_REACHABLE_NETWORKS: .* expected addresses"),
        ({"MARKET_ALLOWED_HOSTS": "*"}, "MARKET_ALLOWED_HOSTS was \\*, which is any host"),
        ({"EMAIL_URL": "http://x"}, "EMAIL_URL: "),
        ({"EMAIL_URL": "smtp://mail.example.com"}, "links in e-mail need an origin"),
        ({"MARKET_EMAIL_FROM": "nobody"}, "MARKET_EMAIL_FROM was 'nobody', expected an address"),
        ({"MARKET_EMAIL_FROM": "a\nb@c.example"}, "MARKET_EMAIL_FROM was"),
        ({"MARKET_HTTPS": "1"}, "MARKET_HTTPS was 1, but no origin has https"),
        (HTTPS | {"MARKET_HTTPS": "0"}, "MARKET_HTTPS was '0', so cookies were unsafe"),
        (HTTPS | {"MARKET_TRUSTED_PROXIES": ""}, "no proxy is trusted to say so"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(read: Read, environment, said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=said):
        read(**environment)


def test_a_data_folder_that_is_a_file_is_refused(read: Read, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ImproperlyConfigured, match=r"MARKET_DATA_DIR was .*file.* cannot be a"):
        read(MARKET_DATA_DIR=str(tmp_path / "file"))


@pytest.mark.parametrize(
    ("environment", "name", "value"),
    [
        ({"MARKET_FLUSH_MS": "5"}, "MARKET_FLUSH_MS", 5),
        ({"MARKET_FLUSH_MS": "1000"}, "MARKET_FLUSH_MS", 1000),
        ({"MARKET_METRICS_TOKEN": "a" * 20}, "MARKET_METRICS_TOKEN", "a" * 20),
        ({"MARKET_UPSTREAM_URL": "wss://x/v2"}, "MARKET_UPSTREAM_URL", "wss://x/v2"),
        ({"REDIS_URL": "unix:///run/redis"}, "MARKET_REDIS_URL", "unix:///run/redis"),
        ({"SECRET_KEY": STRONG}, "SECRET_KEY", STRONG),
        ({"SECRET_KEY": "abcde" * 10}, "SECRET_KEY", "abcde" * 10),
        ({"SECRET_KEY_FALLBACKS": f" {STRONG}, ,"}, "SECRET_KEY_FALLBACKS", [STRONG]),
        ({"MARKET_DEBUG": "1", "SECRET_KEY": "short"}, "SECRET_KEY", "short"),
        ({"MARKET_DEBUG": "1", "MARKET_ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS", ["*"]),
        ({"MARKET_ALLOWED_HOSTS": "b, a,b"}, "ALLOWED_HOSTS", ["b", "a"]),
        ({"MARKET_DEBUG": "yes"}, "DEBUG", False),
        ({"MARKET_REACH_HTTP": "1"}, "MARKET_REACH_HTTP", True),
        ({"MARKET_OPEN_SIGNUP": "1"}, "MARKET_OPEN_SIGNUP", True),
        ({"MARKET_STAFF_SECOND_FACTOR": "1"}, "MARKET_STAFF_SECOND_FACTOR", True),
        ({"MARKET_RECORDINGS_DIR": "/x/y"}, "MARKET_RECORDINGS_DIR", Path("/x/y")),
        ({"MARKET_VAPID_KEY_FILE": "/x/key"}, "MARKET_VAPID_KEY_FILE", Path("/x/key")),
        ({"MARKET_EMAIL_FROM": "M <m@b.example>"}, "DEFAULT_FROM_EMAIL", "M <m@b.example>"),
        (HTTPS, "DEFAULT_FROM_EMAIL", "market@market.example.com"),
        (HTTPS, "CSRF_TRUSTED_ORIGINS", ["https://market.example.com"]),
        (HTTPS | {"MARKET_HTTPS": "1"}, "IS_HTTPS", True),
    ],
)
def test_a_value_that_is_meant_is_taken(read: Read, environment, name: str, value: object) -> None:
    assert read(**environment)[name] == value


def test_without_an_environment_nothing_is_open_and_everything_is_here(read: Read) -> None:
    found = read()
    data = found["MARKET_DATA_DIR"]
    open_doors = (
        "DEBUG", "MARKET_REACH_HTTP", "MARKET_OPEN_SIGNUP", "MARKET_STAFF_SECOND_FACTOR",
        "MARKET_SENDS_MAIL", "IS_HTTPS", "SESSION_COOKIE_SECURE", "SECURE_SSL_REDIRECT",
    )  # fmt: skip
    assert [name for name in open_doors if found[name] is not False] == []
    assert found["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert found["MARKET_WEB_PROCESSES"] == 1
    assert found["SECURE_HSTS_SECONDS"] == 0
    assert found["DEFAULT_FROM_EMAIL"] == "market@localhost"
    assert found["DATABASES"]["default"]["NAME"] == data / "market.sqlite3"
    assert found["MARKET_RECORDINGS_DIR"] == data / "recordings"
    assert found["MARKET_VAPID_KEY_FILE"] == data / "vapid_key.pem"
    assert found["CHANNEL_LAYERS"]["default"] == {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    assert found["_mailer"](()) == NO_MAIL


def test_a_key_is_made_once_and_only_its_owner_may_read_it(read: Read, tmp_path: Path) -> None:
    key = read()["SECRET_KEY"]
    file = tmp_path / "data" / "secret_key"
    assert len(key) >= 50
    assert file.read_text() == key
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert read()["SECRET_KEY"] == key


def test_https_makes_cookies_secure_and_sends_people_to_the_site(read: Read) -> None:
    found = read(**HTTPS)
    assert found["SESSION_COOKIE_SECURE"]
    assert found["CSRF_COOKIE_SECURE"]
    assert found["SECURE_SSL_REDIRECT"]
    assert found["SECURE_SSL_HOST"] == "market.example.com"
    assert found["SECURE_HSTS_SECONDS"] == 365 * 24 * 3600
    assert "market.example.com" in found["ALLOWED_HOSTS"]


def test_cookies_are_no_business_of_scripts_or_other_sites(read: Read) -> None:
    found = read()
    assert found["SESSION_COOKIE_HTTPONLY"]
    assert found["CSRF_COOKIE_HTTPONLY"]
    assert found["SESSION_COOKIE_SAMESITE"] == "Lax"


def test_sign_in_tells_nobody_who_has_an_account(read: Read) -> None:
    found = read()
    assert found["ACCOUNT_PREVENT_ENUMERATION"]
    assert not found["ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS"]
    assert found["PASSWORD_RESET_TIMEOUT"] == 3600, "the documents promise an hour"


def test_mail_goes_where_the_address_says_and_gives_up_in_time(read: Read) -> None:
    found = read(EMAIL_URL="smtp://u:p@mail.example.com:587", **HTTPS)
    assert found["MARKET_SENDS_MAIL"]
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == ("mail.example.com", 587)
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("u", "p")
    assert (found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (True, False)
    assert found["EMAIL_TIMEOUT"] == 10


def test_a_shared_layer_gives_up_soon(read: Read) -> None:
    layer = read(REDIS_URL="redis://r")["CHANNEL_LAYERS"]["default"]
    [host] = layer["CONFIG"]["hosts"]
    assert host == {"address": "redis://r", "socket_timeout": 2, "socket_connect_timeout": 2}


def test_no_log_line_may_show_a_secret(read: Read) -> None:
    found = read(
        SECRET_KEY=STRONG,
        SECRET_KEY_FALLBACKS=STRONG[::-1],
        MARKET_UPSTREAM_KEY="upstream-key",
        MARKET_UPSTREAM_SECRET="upstream-secret",
        MARKET_METRICS_TOKEN="m" * 20,
        DATABASE_URL="postgresql://u:database-password@h/n",
        EMAIL_URL="smtp://u:mail-password@mail.example.com",
        **HTTPS,
    )
    assert set(found["SECRETS"]) == {
        STRONG, STRONG[::-1], "upstream-key", "upstream-secret", "m" * 20, "database-password",
        "mail-password",
    }  # fmt: skip
    for formatter in found["LOGGING"]["formatters"].values():
        assert formatter["secrets"] == found["SECRETS"]
