"""Ways to run that cannot work are refused, with the cure in the text; the others are let pass."""

import os
import subprocess
import sys

import pytest
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


def test_several_processes_over_redis_may_run(settings) -> None:
    settings.MARKET_WEB_PROCESSES = 4
    settings.MARKET_REDIS_URL = "redis://localhost"
    settings.CHANNEL_LAYERS = SHARED
    call_command("check")


def test_a_layer_that_reaches_nobody_is_refused(settings) -> None:
    settings.MARKET_REDIS_URL = "redis://localhost"
    with pytest.raises(SystemCheckError, match=r"market\.E002"):
        call_command("check")


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


def test_the_password_of_redis_is_not_told(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT, env=environment(tmp_path) | {"REDIS_URL": "http://:secret@host"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "secret" not in done.stderr.replace(os.fspath(tmp_path), "")
