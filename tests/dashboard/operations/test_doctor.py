"""Each check finds what is wrong, says the cure, and passes when nothing is wrong."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.core.checks import Error, Info, Warning
from django.core.management import call_command
from django.db import OperationalError, connection

from dashboard.operations import doctor
from dashboard.operations.doctor import Diagnosis, Severity
from dashboard.operations.live_probes import bus_is_fed, site_answers
from feeds.services.feeds import seed_exchange


def found(findings) -> dict[str, Severity]:
    """Return the checks and their results; each that is not ok must have its cure."""
    listed = list(findings)
    for finding in listed:
        assert bool(finding.cure) == (finding.level is not Severity.OK), finding
    return {finding.check: finding.level for finding in listed}


def test_an_unknown_failure_is_a_finding() -> None:
    def fail():
        raise ValueError("no such thing")
        yield

    [finding] = doctor.examine({"thing": fail})
    assert (finding.check, finding.level) == ("thing", Severity.ERROR)
    assert "no such thing" in finding.fact


def test_former_keys_are_found() -> None:
    assert found(doctor.former_keys_are_gone(0, 14)) == {"keys": Severity.OK}
    [finding] = doctor.former_keys_are_gone(2, 14)
    assert finding.level is Severity.WARNING
    assert "SECRET_KEY_FALLBACKS has 2" in finding.fact
    assert "14 days" in finding.cure


def test_system_checks_are_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(doctor.settings_hold()) == {"settings": Severity.OK}
    monkeypatch.setattr(doctor, "run_checks", lambda: [Error("bad", id="x.E1", hint="mend it")])
    [finding] = doctor.settings_hold()
    assert finding == Diagnosis("settings", Severity.ERROR, "x.E1: bad", "mend it")
    monkeypatch.setattr(doctor, "run_checks", lambda: [Warning("odd", id="x.W1")])
    assert found(doctor.settings_hold()) == {"settings": Severity.WARNING}


def test_what_django_only_notes_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "run_checks", lambda: [Info("a fact", id="x.I1")])
    assert found(doctor.settings_hold()) == {"settings": Severity.OK}


def test_a_damaged_sqlite_database_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "whole").touch()
    (tmp_path / "damaged").write_bytes(b"x" * 5_000)
    for vendor, name, results in (
        ("sqlite", "whole", {"integrity": Severity.OK}),
        ("sqlite", "damaged", {"integrity": Severity.ERROR}),
        ("postgresql", "market", {}),
    ):
        facts = SimpleNamespace(vendor=vendor, settings_dict={"NAME": str(tmp_path / name)})
        monkeypatch.setattr(doctor, "connection", facts)
        assert found(doctor.database_is_whole()) == results


@pytest.mark.django_db
def test_a_database_with_a_market_and_an_operator_is_well() -> None:
    checks = found(doctor.database_answers())
    assert checks == {
        "database": Severity.OK,
        "migrations": Severity.OK,
        "feeds": Severity.WARNING,
        "operators": Severity.WARNING,
    }
    seed_exchange(2, 1.0)
    User.objects.create_superuser("ada", password="x")
    assert set(found(doctor.database_answers()).values()) == {Severity.OK}


@pytest.mark.django_db
def test_a_migration_that_is_due_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_due_migrations", lambda: ["feeds.0099_more"])
    checks = found(doctor.database_answers())
    assert checks == {"database": Severity.OK, "migrations": Severity.ERROR}


@pytest.mark.django_db
def test_a_database_that_is_away_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "ensure_connection", fail)
    [finding] = doctor.database_answers()
    assert finding.level is Severity.ERROR
    assert "connection refused" in finding.fact


def test_data_that_others_may_read_is_found(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("x")
    (tmp_path / "secret_key").chmod(0o640)
    tmp_path.chmod(0o755)
    assert found(doctor.data_is_safe(tmp_path))["permissions"] is Severity.WARNING
    (tmp_path / "secret_key").chmod(0o600)
    assert found(doctor.data_is_safe(tmp_path))["permissions"] is Severity.OK
    (tmp_path / "market.sqlite3-wal").write_text("x")
    (tmp_path / "market.sqlite3-wal").chmod(0o644)
    assert found(doctor.data_is_safe(tmp_path))["permissions"] is Severity.WARNING
    tmp_path.chmod(0o700)
    assert found(doctor.data_is_safe(tmp_path))["permissions"] is Severity.OK


def test_a_full_disk_and_a_foreign_folder_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "FREE_BYTES", 2**62)
    assert found(doctor.data_is_safe(tmp_path))["disk"] is Severity.WARNING
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)
    assert found(doctor.data_is_safe(tmp_path)) == {"data folder": Severity.ERROR}


def test_static_files_are_found_or_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(doctor.assets_are_there()) == {"static files": Severity.OK}
    monkeypatch.setattr(doctor, "ASSETS", ("js/nowhere.js",))
    assert found(doctor.assets_are_there()) == {"static files": Severity.ERROR}


def test_redis_that_is_not_used_or_away(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(bus_is_fed("")) == {"redis": Severity.OK}
    assert found(bus_is_fed("redis://127.0.0.1:1/0")) == {"redis": Severity.ERROR}


def test_redis_without_a_feed(redis) -> None:
    assert found(bus_is_fed(redis.url)) == {"feed": Severity.ERROR}


def test_a_site_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(site_answers("http://127.0.0.1:1/", "viewer", "x")) == {"site": Severity.ERROR}


@pytest.mark.django_db
@pytest.mark.parametrize("level", list(Severity))
def test_the_command_fails_for_errors_only(
    level: Severity, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from dashboard.management.commands import doctor as command

    cure = "" if level is Severity.OK else "mend it"
    finding = Diagnosis("thing", level, "a fact", cure)
    monkeypatch.setattr(command, "_probes", lambda options: {"thing": lambda: iter([finding])})
    for flags in ([], ["--json"]):
        if level is Severity.ERROR:
            with pytest.raises(SystemExit, match="1"):
                call_command("doctor", *flags)
        else:
            call_command("doctor", *flags)
    *lines, last = capsys.readouterr().out.splitlines()
    assert "thing: a fact" in lines[0]
    assert (lines[1:] == ["      mend it"]) == bool(cure)
    assert json.loads(last) == [
        {"check": "thing", "level": level.value, "fact": "a fact", "cure": cure}
    ]


def test_the_command_asks_each_part_what_concerns_it(settings, tmp_path: Path) -> None:
    from dashboard.management.commands.doctor import _probes

    settings.SECRET_KEY_FALLBACKS = ["former", "older"]
    settings.SESSION_COOKIE_AGE = 14 * 86_400
    settings.MARKET_DATA_DIR = tmp_path
    settings.MARKET_REDIS_URL = "redis://r"
    probes = _probes({"url": "", "user": "viewer", "token": ""})
    given = {name: probe.args for name, probe in probes.items() if hasattr(probe, "args")}
    assert given == {"keys": (2, 14), "data folder": (tmp_path,), "redis": ("redis://r",)}
    assert list(probes) == [
        "settings", "keys", "data folder", "database", "integrity", "static files", "redis",
    ]  # fmt: skip
    site = _probes({"url": "https://x/", "user": "ada", "token": "t"})["site"]
    assert site.args == ("https://x/", "ada", "t")
