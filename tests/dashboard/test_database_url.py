import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.database_url import POOL, read_database_url
from tests.support.places import ROOT
from tests.support.postgres_server import PostgresServer
from tests.support.served import environment

FILE = Path("/data/market.sqlite3")


def test_without_an_address_the_database_is_a_file_of_the_data_folder() -> None:
    found = read_database_url("", FILE)
    assert found["ENGINE"] == "django.db.backends.sqlite3"
    assert found["NAME"] == FILE
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_a_file_may_be_named() -> None:
    found = read_database_url("sqlite:////srv/other.sqlite3", FILE)
    assert found == read_database_url("", FILE) | {"NAME": Path("/srv/other.sqlite3")}


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_an_address_of_a_server_is_taken_apart(scheme: str) -> None:
    found = read_database_url(f"{scheme}://ada:p%40ss%2F@db.example.com:6432/market", FILE)
    names = {key: found[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    assert names == {
        "NAME": "market", "USER": "ada", "PASSWORD": "p@ss/", "HOST": "db.example.com",
        "PORT": "6432",
    }  # fmt: skip


def test_connections_come_from_a_pool_and_every_wait_ends() -> None:
    found = read_database_url("postgresql://localhost/market", FILE)
    options = found["OPTIONS"]
    assert options["pool"] == POOL
    assert options["connect_timeout"] == 2
    assert "statement_timeout" in options["options"]
    assert found["CONN_HEALTH_CHECKS"] is True


def test_options_of_the_address_come_first() -> None:
    url = "postgresql://localhost/market?sslmode=require&connect_timeout=7"
    options = read_database_url(url, FILE)["OPTIONS"]
    assert (options["sslmode"], options["connect_timeout"]) == ("require", "7")


@pytest.mark.parametrize(
    "url", ["postgresql:///market?host=/run/postgresql", "postgresql://%2Frun%2Fpostgresql/market"]
)
def test_a_unix_socket_is_a_host(url: str) -> None:
    assert read_database_url(url, FILE)["HOST"] == "/run/postgresql"


@pytest.mark.parametrize(
    ("url", "fact"),
    [
        ("mysql://localhost/market", "its scheme was 'mysql'"),
        ("market", "its scheme was 'market'"),
        ("postgresql:market", "its scheme was 'postgresql'"),
        ("sqlite:///", "it named no file"),
        ("sqlite:///:memory:", "it named no file"),
        ("postgresql://localhost", "it named no database"),
        ("postgresql://localhost:port/market", "its port was no number"),
        ("postgresql://localhost:70000/market", "its port was no number"),
        ("postgresql://localhost:0/market", "its port was no number"),
        ("postgresql://localhost/market?nonsense=1", "invalid URI query parameter"),
        ("postgresql://ada:sec%zzret@localhost/market", "invalid percent-encoded token"),
        ("postgresql://ada:secret@[::1/market", "end of string reached"),
    ],
)
def test_a_malformed_address_is_refused_without_its_password(url: str, fact: str) -> None:
    with pytest.raises(ValueError, match=fact) as refused:
        read_database_url(url, FILE)
    assert "expected postgresql://" in str(refused.value)
    assert "sec" not in str(refused.value)


@pytest.mark.slow
def test_a_process_makes_its_tables_in_the_database_of_the_address(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    address = {"DATABASE_URL": postgres.create("tables")}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"],
        cwd=ROOT, env=environment(tmp_path) | address, check=True, timeout=120,
    )  # fmt: skip
    with postgres.connect("tables") as connection:
        found = connection.execute("SELECT count(*) FROM feeds_storedbar").fetchall()
    assert found == [(0,)]
    assert not (tmp_path / "market.sqlite3").exists()


@pytest.mark.slow
def test_a_process_with_a_malformed_address_does_not_start(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, capture_output=True, text=True,
        env=environment(tmp_path) | {"DATABASE_URL": "mysql://localhost/market"}, timeout=60,
    )  # fmt: skip
    assert done.returncode != 0
    assert "DATABASE_URL: its scheme was 'mysql', expected postgresql://" in done.stderr
