"""The demo with a few more addresses, for tests only.

/census/   counts what its process holds, once cyclic garbage is collected
/holdings/ counts the same and collects nothing: a process that is left alone
/board/    shows the board of the engine's side of the bus, or the replica of a process without one
/begun/    answers once there is a board
/end/      ends every WebSocket with 1000, as proxies and servers do with what is too old for them
/age/      makes every WebSocket decades old, for a server that looks at that
/queries/  counts the statements to the database since the last look, by how they begin
/loop/     tells what held the loop up since the last look; the first look begins the watch
/hold-up/  holds the loop up
/full/, /read-only/ and /writable/ change what the SQLite database takes
/mute/     answers no handshake of a WebSocket
/scope/    tells what the server hands to the application, over HTTP and by a WebSocket
/tests/js/ has the tests of scripts, as files
/tests/page/ shows a page of the site to its viewer or admin, without its scripts: tests bring these

Everything else is the real thing: same command, same server, same application. CENSUS_LIMITS is a
JSON object of limits that are shorter than the real ones. The line of JSON has a token as well: to
ask the command for one takes as long as to start the server. CENSUS_PLANT names a fault of delivery
that is there on purpose (tests/support/planted_frames.py).
"""

import asyncio
import gc
import json
import os
import re
import sys
from collections import Counter
from typing import Any

import django

from dashboard.process.garbage import collect_seldom, exempt_what_is_loaded
from tests.support.checkpoints import saved_ms
from tests.support.loop_watch import LoopWatch
from tests.support.places import ROOT
from tests.support.planted_frames import with_plant
from tests.support.waiting import until

watch = LoopWatch()
sockets: set[Any] = set()
SCRIPTS = ROOT / "tests" / "js"
PLANT = "CENSUS_PLANT"


def count() -> dict[str, int]:
    """Return what this process holds: connections, how many were cut, tasks, files and threads."""
    gc.collect()
    return count_as_it_is()


def count_as_it_is() -> dict[str, int]:
    """Return the same without collecting garbage."""
    import threading

    from dashboard import runtime

    hub = runtime.current().hub
    subscribers = [connection._subscriber for connection in hub.connections]
    return {
        "connections": len(subscribers),
        "cuts": hub.traffic.cuts,
        "symbols": sum(len(list(subscriber._ticker.symbols)) for subscriber in subscribers),
        "paused": sum(subscriber.pace.is_paused for subscriber in subscribers),
        "tasks": len(asyncio.all_tasks()),
        "files": sum(map(is_counted, os.listdir("/proc/self/fd"))) - pooled(),
        "threads": threading.active_count(),
    }


def is_counted(descriptor: str) -> bool:
    """Say whether an open file is not the database's: threads open that when they first need it."""
    try:
        return "sqlite3" not in os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return False  # the descriptor of the list itself


def pooled() -> int:
    """Return how many connections to PostgreSQL the process keeps."""
    from django.db import connection

    pool = getattr(connection, "pool", None)
    return pool.get_stats()["pool_size"] if pool else 0


def board() -> dict[str, Any]:
    """Return the position, and each row as a snapshot entry and as people see it."""
    from dashboard import runtime
    from dashboard.pages.market_display import display_row
    from tests.support.board_rows import entry_of

    market = runtime.current()
    source = market.hub.replica if runtime.is_shared() else market.bus._mirror
    rows = source.board.rows
    return {
        "position": f"{source.epoch}:{source.board.sequence}",
        "rows": {symbol: entry_of(symbol, row) for symbol, row in rows.items()},
        "display": {symbol: display_row(symbol, row) for symbol, row in rows.items()},
    }


START_S = 60


async def begun() -> None:
    """Wait for the first board, and until the thread that stores the market has begun.

    Tests count threads and open files from here on.
    """
    from django.conf import settings

    await until(lambda: board()["rows"], START_S)
    if "sqlite" in settings.DATABASES["default"]["ENGINE"]:
        await until(lambda: saved_ms(settings.MARKET_DATA_DIR), START_S)


async def end() -> None:
    """End every WebSocket with 1000."""
    for send in list(sockets):
        await send({"type": "websocket.close", "code": 1000})


def age() -> None:
    """Make every WebSocket decades old and let Daphne look; uvicorn knows no age."""
    for send in sockets:
        for protocol in getattr(send, "args", ()):
            protocol.socket_opened = 0
            protocol.check_timeouts()


ADDRESSES = {
    "/census/": count,
    "/holdings/": count_as_it_is,
    "/board/": board,
    "/begun/": begun,
    "/end/": end,
    "/age/": age,
    "/queries/": lambda: statements.take(),
    "/loop/": watch.look,
    "/hold-up/": watch.hold_up,
}


async def tell_scope(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer with root path and headers, bytes as Latin-1."""
    headers = [[part.decode("latin-1") for part in header] for header in scope["headers"]]
    text = json.dumps({"root_path": scope.get("root_path", ""), "headers": headers})
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": text.encode()})
        return
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": text})
    await send({"type": "websocket.close", "code": 1000})


async def send_script(path: str, send: Any) -> None:
    """Answer with a file of tests/js."""
    file = (ROOT / path.lstrip("/")).resolve()
    is_known = file.is_relative_to(SCRIPTS) and file.is_file()
    headers = [(b"content-type", b"text/javascript")]
    await send(
        {"type": "http.response.start", "status": 200 if is_known else 404, "headers": headers}
    )
    await send({"type": "http.response.body", "body": file.read_bytes() if is_known else b""})


class Pages:
    """Pages as the server draws them for people, without what is loaded beside them."""

    def __init__(self) -> None:
        self._clients: dict[str, Any] = {}

    async def send(self, scope: dict[str, Any], send: Any) -> None:
        """Answer with a page; the admin's are drawn for the admin, all others for the viewer."""
        from asgiref.sync import sync_to_async

        host = dict(scope["headers"])[b"host"].decode()
        address = f"{scope['path'].removeprefix(PAGES)}?{scope['query_string'].decode()}"
        text = await sync_to_async(self._drawn)("/" + address, host)
        headers = [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": text.encode()})

    def _drawn(self, address: str, host: str) -> str:
        user = "admin" if address.startswith("/admin/") else "viewer"
        client = self._clients.get(user) or self._clients.setdefault(user, self._signed_in(user))
        response = client.get(address, headers={"host": host})
        assert response.status_code == 200, (address, response.status_code)
        return BESIDE.sub("", response.content.decode())

    def _signed_in(self, user: str) -> Any:
        from django.contrib.auth import get_user_model
        from django.test import Client

        client = Client()
        client.force_login(get_user_model().objects.get(username=user))
        return client


PAGES = "/tests/page/"
BESIDE = re.compile(r"<script\b.*?</script>|<link\b[^>]*>", re.DOTALL)
pages = Pages()


async def ignore(receive: Any) -> None:
    """Answer nothing until nobody waits any more."""
    while (await receive())["type"] != "websocket.disconnect":
        pass


def with_census(application: Any) -> Any:
    """Return the application with the addresses in front."""

    async def counted(scope: dict[str, Any], receive: Any, send: Any) -> None:
        look = ADDRESSES.get(scope.get("path", ""))
        if scope["type"] == "websocket":
            sockets.add(send)
        try:
            if scope.get("path") == "/scope/":
                await tell_scope(scope, receive, send)
                return
            if scope.get("path", "").startswith("/tests/js/"):
                await send_script(scope["path"], send)
                return
            if scope.get("path", "").startswith(PAGES):
                await pages.send(scope, send)
                return
            if scope.get("path") in PRAGMAS:
                await asyncio.to_thread(storage.limit, scope["path"])
                look = count
            if scope.get("path") == "/mute/":
                await ignore(receive)
                return
            if look is None:
                await application(scope, receive, send)
                return
            found = look()
            body = json.dumps(await found if asyncio.iscoroutine(found) else found).encode()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": body})
        finally:
            sockets.discard(send)

    return counted


FULL = "PRAGMA max_page_count = 1"
"""SQLite takes the present size for the least possible."""
PRAGMAS = {
    "/full/": FULL,
    "/read-only/": "PRAGMA query_only = 1",
    "/writable/": "PRAGMA max_page_count = 1073741823; PRAGMA query_only = 0",
}
FILLER = "INSERT INTO django_session VALUES (hex(randomblob(16)), ?, '2000-01-01')"


class Statements:
    """What this process asks the database, by the first characters of each statement."""

    def __init__(self) -> None:
        self._found: Counter[str] = Counter()

    def watch(self) -> None:
        """Count from now on, in every thread."""
        from django.db.backends.utils import CursorWrapper

        execute = CursorWrapper.execute

        def counted(cursor: Any, sql: str, params: Any = None) -> Any:
            self._found[sql[:SHOWN]] += 1
            return execute(cursor, sql, params)

        CursorWrapper.execute = counted

    def take(self) -> dict[str, int]:
        """Return the counts since the last look."""
        found, self._found = self._found, Counter()
        return dict(found)


SHOWN = 60
statements = Statements()


class Storage:
    """The SQLite connections of this process, present and future, which a test can limit."""

    def __init__(self) -> None:
        self._connections: list[Any] = []
        self._pragmas = ""

    def adopt(self, connection: Any) -> Any:
        """Treat a new connection like all others."""
        self._connections.append(connection)
        connection.executescript(self._pragmas)
        return connection

    def limit(self, path: str) -> None:
        """Change all connections; a full database is filled to the last byte first."""
        import sqlite3
        from contextlib import suppress

        self._pragmas = PRAGMAS[path]
        for connection in list(self._connections):
            with suppress(sqlite3.ProgrammingError):  # it was closed
                connection.executescript(self._pragmas)
        if path == "/full/":
            self._fill()

    def _fill(self) -> None:
        import sqlite3
        from contextlib import closing

        from django.conf import settings

        name = settings.DATABASES["default"]["NAME"]
        with closing(sqlite3.connect(name, timeout=10, isolation_level=None)) as filling:
            filling.execute(FULL)
            for size in (20_000, 2_000, 200, 20, 1):
                for _ in range(10_000):
                    try:
                        filling.execute(FILLER, ["x" * size])
                    except sqlite3.OperationalError:
                        break


storage = Storage()


def watch_storage() -> None:
    """Let every connection of Django be limited."""
    from django.db.backends.sqlite3.base import DatabaseWrapper

    connect = DatabaseWrapper.get_new_connection

    def adopting(self: Any, parameters: dict[str, Any]) -> Any:
        return storage.adopt(connect(self, parameters))

    DatabaseWrapper.get_new_connection = adopting


def shorten_limits() -> None:
    """Replace limits before anything has read them."""
    from dataclasses import replace

    from dashboard.servers import limits

    limits.LIMITS = replace(limits.LIMITS, **json.loads(os.environ.get("CENSUS_LIMITS", "{}")))


if __name__ == "__main__":
    collect_seldom()
    shorten_limits()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    django.setup()
    watch_storage()
    statements.watch()
    from django.conf import settings
    from django.contrib.auth import get_user_model

    from dashboard.management.commands.demo import Command
    from tests.support.tokens import kept_token

    class CensusCommand(Command):
        """The demo, counted."""

        _token = ""

        def application(self) -> Any:
            """Return the application with the census in front."""
            return with_census(with_plant(super().application(), os.environ.get(PLANT, "")))

        def _serve(self, *args: Any, **kwargs: Any) -> None:
            viewer = get_user_model().objects.get(username="viewer")
            self._token = kept_token(viewer, settings.MARKET_DATA_DIR / "viewer-token")
            super()._serve(*args, **kwargs)

        def _announce(self, url: str, passwords: dict[str, str], *, as_json: bool) -> None:
            assert as_json
            ready = {"url": url, "users": passwords, "token": self._token}
            self.stdout.write(json.dumps(ready))
            self.stdout.flush()

    try:
        CensusCommand().run_from_argv([sys.argv[0], "demo", *sys.argv[1:]])
    finally:
        exempt_what_is_loaded()
