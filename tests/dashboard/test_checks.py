"""Combinations that cannot work are refused, with the cure in the text; the others pass."""

import os
import runpy
import subprocess
import sys
from typing import Any

import pytest
from django.core.checks import CheckMessage
from django.core.checks.registry import registry
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from tests.support.places import ROOT
from tests.support.served import environment

SHARED = {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer"}}


def test_one_process_needs_nothing() -> None:
    call_command("check")


def test_several_processes_without_redis_are_refused(settings) -> None:
    settings.MARKET_WEB_PROCESSES = 4
    with pytest.raises(SystemCheckError, match=r"market\.E001(.|\n)*REDIS_URL"):
        call_command("check")


@pytest.mark.parametrize("command", ["serve", "runfeed"])
def test_what_begins_the_site_asks_only_whether_it_can_work(settings, monkeypatch, command) -> None:
    settings.MARKET_WEB_PROCESSES = 4
    ran: list[str] = []
    monkeypatch.setattr(registry, "registered_checks", {*registry.registered_checks, refuse(ran)})
    with pytest.raises(SystemCheckError, match=r"market\.E001"):
        call_command(command, skip_checks=False)
    assert not ran
    with pytest.raises(SystemCheckError):
        call_command("check")
    assert ran


def refuse(ran: list[str]) -> Any:
    """Return a check of the code, as Django's are; it notes that it ran."""

    def check(**options: Any) -> list[CheckMessage]:
        ran.append("code")
        return []

    check.tags = ("models",)
    return check


def test_several_processes_over_redis_may_run(settings) -> None:
    settings.MARKET_WEB_PROCESSES = 4
    settings.MARKET_REDIS_URL = "redis://localhost"
    settings.CHANNEL_LAYERS = SHARED
    call_command("check")


def test_a_layer_that_reaches_nobody_is_refused(settings) -> None:
    settings.MARKET_REDIS_URL = "redis://localhost"
    with pytest.raises(SystemCheckError, match=r"market\.E002"):
        call_command("check")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setting", "cure"),
    [
        ({"REDIS_URL": "localhost:6379"}, "redis://"),
        ({"WEB_CONCURRENCY": "many"}, "1 to 1000"),
        ({"MARKET_SEATS_PER_USER": "40"}, "called MARKET_CONNECTIONS_PER_USER now"),
    ],
)
def test_a_setting_that_means_nothing_ends_the_start(tmp_path, setting, cure) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT, env=environment(tmp_path) | setting, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode
    assert cure in done.stderr


@pytest.mark.slow
def test_the_password_of_redis_is_not_shown(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT, env=environment(tmp_path) | {"REDIS_URL": "http://:secret@host"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "secret" not in done.stderr.replace(os.fspath(tmp_path), "")


# --- the way to the site ---

SITE = {
    "MARKET_PUBLIC_ORIGINS": "https://market.example.com",
    "MARKET_TRUSTED_PROXIES": "127.0.0.1",
}
"""What a site behind a proxy with TLS has to set."""

LOOSE = ("SECRET_KEY", "SECRET_KEY_FALLBACKS", "REDIS_URL", "WEB_CONCURRENCY", "EMAIL_URL")
"""Settings whose names do not begin like the others."""


@pytest.fixture
def settings_of(tmp_path, monkeypatch):
    """Return what the module of the settings makes of an environment."""
    for name in list(os.environ):
        if name.startswith("MARKET_") or name in LOOSE:
            monkeypatch.delenv(name)

    def read(**environment: str) -> dict[str, Any]:
        for name, value in {"MARKET_DATA_DIR": str(tmp_path), **environment}.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "dashboard" / "settings.py"))

    return read


def test_by_default_nothing_is_public_and_nobody_trusted(settings_of) -> None:
    found = settings_of()
    assert found["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert found["CSRF_TRUSTED_ORIGINS"] == []
    assert found["MARKET_TRUSTED_PROXIES"] == ()
    assert not found["SESSION_COOKIE_SECURE"]
    assert not found["SECURE_SSL_REDIRECT"]
    assert not found["SECURE_HSTS_SECONDS"]


def test_one_setting_makes_a_site_public(settings_of) -> None:
    origins = "https://market.example.com,https://[2001:db8::1]:8443"
    found = settings_of(**SITE | {"MARKET_PUBLIC_ORIGINS": origins})
    assert found["CSRF_TRUSTED_ORIGINS"] == origins.split(",")
    assert found["ALLOWED_HOSTS"][-2:] == ["market.example.com", "[2001:db8::1]"]
    assert found["SESSION_COOKIE_SECURE"]
    assert found["CSRF_COOKIE_SECURE"]
    assert found["SECURE_HSTS_SECONDS"]
    assert found["SECURE_SSL_HOST"] == "market.example.com"


def test_a_public_site_without_tls_has_plain_cookies(settings_of) -> None:
    found = settings_of(MARKET_PUBLIC_ORIGINS="http://market.lan")
    assert found["CSRF_TRUSTED_ORIGINS"] == ["http://market.lan"]
    assert not found["SESSION_COOKIE_SECURE"]
    assert not found["SECURE_SSL_REDIRECT"]


def test_named_hosts_replace_the_local_ones(settings_of) -> None:
    found = settings_of(**SITE, MARKET_ALLOWED_HOSTS="a.example, b.example,")
    assert found["ALLOWED_HOSTS"] == ["a.example", "b.example", "market.example.com"]


@pytest.mark.parametrize(
    ("environment", "fact"),
    [
        ({"MARKET_HTTPS": "1"}, "set MARKET_PUBLIC_ORIGINS"),
        ({"MARKET_HTTPS": "1", "MARKET_PUBLIC_ORIGINS": "http://a.example"}, "no origin has https"),
        (SITE | {"MARKET_HTTPS": "0"}, "unset MARKET_HTTPS"),
        (SITE | {"MARKET_TRUSTED_PROXIES": ""}, "set MARKET_TRUSTED_PROXIES"),
        (SITE | {"MARKET_TRUSTED_PROXIES": "10.0.0.1/8"}, "MARKET_TRUSTED_PROXIES.*host bits"),
        (SITE | {"MARKET_TRUSTED_PROXIES": "0.0.0.0/0"}, "MARKET_TRUSTED_PROXIES.*everybody"),
        (SITE | {"MARKET_PUBLIC_ORIGINS": "https://a.example/x"}, "MARKET_PUBLIC_ORIGINS.*goes on"),
        (SITE | {"MARKET_PUBLIC_ORIGINS": "https://*.a.example"}, "MARKET_PUBLIC_ORIGINS.*named"),
        (SITE | {"MARKET_PUBLIC_ORIGINS": "a.example"}, "MARKET_PUBLIC_ORIGINS.*https://"),
        ({"MARKET_ALLOWED_HOSTS": "*"}, "MARKET_ALLOWED_HOSTS was \\*"),
        ({"MARKET_ALLOWED_HOSTS": "localhost, *"}, "MARKET_ALLOWED_HOSTS was \\*"),
        ({"EMAIL_URL": "smtp://mail.example.com"}, "set MARKET_PUBLIC_ORIGINS"),
        ({"EMAIL_URL": "console:"}, "set MARKET_PUBLIC_ORIGINS"),
        (SITE | {"EMAIL_URL": "mail.example.com"}, "EMAIL_URL: its scheme"),
        (SITE | {"MARKET_EMAIL_FROM": "market"}, "MARKET_EMAIL_FROM was"),
        (SITE | {"MARKET_EMAIL_FROM": "a@b.example\nBcc: c@d.example"}, "MARKET_EMAIL_FROM was"),
        ({"SECRET_KEY": "secret"}, "SECRET_KEY was weak"),
        ({"SECRET_KEY": "x" * 80}, "SECRET_KEY was weak"),
        ({"SECRET_KEY": "django-insecure-" + "aB3$9" * 20}, "SECRET_KEY was weak"),
        ({"SECRET_KEY_FALLBACKS": f"{'aB3$9' * 20},x"}, "SECRET_KEY_FALLBACKS was weak"),
    ],
)
def test_an_insecure_combination_ends_the_start(settings_of, environment, fact) -> None:
    with pytest.raises(ImproperlyConfigured, match=fact):
        settings_of(**environment)


def test_by_default_no_mail_is_sent(settings_of) -> None:
    found = settings_of()
    assert not found["MARKET_SENDS_MAIL"]
    assert found["EMAIL_BACKEND"].endswith("unsent_mail.EmailBackend")


def test_one_setting_makes_a_site_send_mail(settings_of) -> None:
    found = settings_of(**SITE, EMAIL_URL="smtp://me:long-secret@mail.example.com")
    assert found["MARKET_SENDS_MAIL"]
    assert found["EMAIL_BACKEND"].endswith("smtp.EmailBackend")
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == ("mail.example.com", 587)
    assert (found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (True, False)
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("me", "long-secret")
    assert found["DEFAULT_FROM_EMAIL"] == "market@market.example.com"
    assert "long-secret" in found["SECRETS"]


def test_mail_may_be_from_somebody_else(settings_of) -> None:
    sender = "Market <market@example.com>"
    assert settings_of(**SITE, MARKET_EMAIL_FROM=sender)["DEFAULT_FROM_EMAIL"] == sender


def test_former_keys_are_believed_and_kept_out_of_the_log(settings_of) -> None:
    first, second = "aB3$9" * 20, "xY7!4" * 20
    assert settings_of()["SECRET_KEY_FALLBACKS"] == []
    found = settings_of(SECRET_KEY_FALLBACKS=f" {first}, {second},")
    assert found["SECRET_KEY_FALLBACKS"] == [first, second]
    assert {first, second} < set(found["SECRETS"])
    assert found["SECRET_KEY"] not in (first, second)


@pytest.mark.parametrize("weak", ["secret", "x" * 80])
def test_the_weak_key_is_not_shown(settings_of, weak) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        settings_of(SECRET_KEY=weak)
    assert repr(weak) not in str(refused.value)


def test_developers_may_have_any_host_and_key(settings_of) -> None:
    found = settings_of(MARKET_DEBUG="1", MARKET_ALLOWED_HOSTS="*", SECRET_KEY="x")
    assert (found["ALLOWED_HOSTS"], found["SECRET_KEY"]) == (["*"], "x")


@pytest.mark.slow
@pytest.mark.parametrize("flags", [(), ("--deploy",)])
def test_a_proper_site_passes_every_check(tmp_path, flags) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--fail-level", "WARNING", *flags],
        cwd=ROOT, env=environment(tmp_path) | SITE, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (
        0,
        "System check identified no issues (2 silenced).\n"
        if flags
        else "System check identified no issues (0 silenced).\n",
    ), done.stderr
