"""Reads DATABASE_URL: which database, and how its connections behave.

Connections to PostgreSQL come from a pool, and every wait for one has an end. The address is read
by libpq itself, which comes with psycopg: another parser would know other sockets, hosts and
options than the connection that is made with it.
"""

from pathlib import Path
from typing import Any, Final

POOL: Final = {"min_size": 0, "max_size": 16, "timeout": 1.5, "reconnect_timeout": 2.0}
"""Connections of one process. A query that finds none within `timeout` seconds fails.

After `reconnect_timeout` the pool gives up an attempt, so that the next query begins a new one: the
waits between attempts double, and after a long outage the next would come minutes later.
"""
LIMITS: Final = {
    "connect_timeout": 2,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 5_000,
    "options": "-c statement_timeout=15s -c lock_timeout=1500ms",
}
"""Seconds to connect and until a silent server counts as lost; milliseconds for `tcp_user_timeout`.

The address may set any of them otherwise, as in `?options=-c%20statement_timeout%3D0`.
"""
PORTS: Final = range(1, 65_536)
EXPECTED: Final = "expected postgresql://user:password@host:5432/name or sqlite:////folder/file"
SQLITE: Final = "sqlite:///"


def read_database_url(url: str, default_file: Path) -> dict[str, Any]:
    """Return Django's settings of a database; an empty URL is SQLite in a file of the data folder.

    Raises:
        ValueError: no such address; the text never shows the password.
    """
    if not url:
        return _sqlite(default_file)
    if url.startswith(SQLITE):
        return _sqlite(_file_of(url))
    if url.startswith(("postgresql://", "postgres://")):
        return _postgresql(url)
    raise ValueError(f"its scheme was {url.partition(':')[0][:20]!r}, {EXPECTED}")


def _file_of(url: str) -> Path:
    path = url.removeprefix(SQLITE)
    if not path or "?" in path or path == ":memory:":
        raise ValueError(f"it named no file, {EXPECTED}")
    return Path(path).resolve()


def _sqlite(file: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": file,
        "OPTIONS": {
            "timeout": 1.5,  # seconds to wait for a lock; then the answer is 503
            # A transaction that first reads and then writes fails at once when another one wrote in
            # between, whatever the timeout. This one takes the lock at its start, and waits for it.
            "transaction_mode": "IMMEDIATE",
            # With WAL readers and the writer do not wait for each other. NORMAL may lose the newest
            # commits in a power cut, never the file, and spares a sync for each.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }


def _postgresql(url: str) -> dict[str, Any]:
    address = _parsed(url)
    named = {key: address.pop(key, "") for key in ("dbname", "user", "password", "host", "port")}
    if not named["dbname"]:
        raise ValueError(f"it named no database, {EXPECTED}")
    if named["port"] and not _is_port(named["port"]):
        raise ValueError(f"its port was no number from 1 to 65535, {EXPECTED}")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": named["dbname"],
        "USER": named["user"],
        "PASSWORD": named["password"],
        "HOST": named["host"],
        "PORT": named["port"],
        "CONN_MAX_AGE": 0,  # the pool keeps connections; Django puts them back at once
        "CONN_HEALTH_CHECKS": True,  # a connection that a restart has ended is replaced
        "OPTIONS": LIMITS | address | {"pool": POOL},
    }


def _parsed(url: str) -> dict[str, Any]:
    # Imported when it is needed: SQLite needs none of it, and every process starts with this.
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        return {key: value for key, value in conninfo_to_dict(url).items() if value is not None}
    except ProgrammingError as error:
        fact = str(error).partition('"')[0].strip(" :\n")  # what it quotes may be the password
        raise ValueError(f"{fact}, {EXPECTED}") from None


def _is_port(text: str) -> bool:
    """Say whether this is a port, or several with commas between, as for several hosts."""
    ports = text.split(",")
    return all(port.isdecimal() and int(port) in PORTS for port in ports)
