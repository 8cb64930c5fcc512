"""The commands that serve hand on what they were given, and end as they should."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Iterator
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from dashboard import asgi, runtime
from dashboard.management.commands import demo, runfeed, runserver, serve
from dashboard.management.migration_look import PatientCommand
from dashboard.servers.uvicorn import STOP_SIGNALS

ANY_PORT = ("--port", "0")


def run(name: str, *options: str) -> list[str]:
    out = StringIO()
    call_command(name, *options, stdout=out)
    return out.getvalue().splitlines()


@pytest.fixture
def busy_port() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield str(listener.getsockname()[1])


# --- serve and runserver --------------------------------------------------------------------
def test_a_server_has_its_socket_and_says_when_it_is_ready(monkeypatch) -> None:
    done: list[Any] = []

    def serve_shortly(
        application: Any, listener: socket.socket, *, server: str, on_ready: Callable[[], None]
    ) -> None:
        done.append((application, server, listener.getsockname()))
        on_ready()

    monkeypatch.setattr(serve, "serve", serve_shortly)
    monkeypatch.setattr(PatientCommand, "check_migrations", lambda _: done.append("migrations"))
    said = run("serve", *ANY_PORT, "--server", "uvicorn")
    looked, (application, server, (host, port)) = done
    assert (looked, application, server) == ("migrations", asgi.application, "uvicorn")
    assert said == [f"Ready: http://{host}:{port}/"]
    assert host == "127.0.0.1"


def test_the_demo_serves_the_same_application() -> None:
    assert demo.Command().application() is asgi.application


@pytest.mark.parametrize(
    ("name", "options"), [("serve", ["--port"]), ("runfeed", ["--metrics-port"])]
)
def test_an_address_that_is_taken_is_named(
    monkeypatch: pytest.MonkeyPatch, busy_port: str, name: str, options: list[str]
) -> None:
    monkeypatch.setattr(PatientCommand, "check_migrations", lambda _: None)
    monkeypatch.setattr(runtime, "is_shared", lambda: True)
    with pytest.raises(CommandError, match=rf"^127\.0\.0\.1:{busy_port} cannot be used \(Address"):
        run(name, *options, busy_port)


@pytest.mark.parametrize(
    ("name", "option"),
    [("serve", "server"), ("demo", "server"), ("loadtest", "server"), ("loadtest", "transport")],
)
def test_a_choice_that_is_not_offered_is_refused(name: str, option: str) -> None:
    with pytest.raises(CommandError, match=f"argument --{option}: invalid choice: 'gopher'"):
        run(name, f"--{option}", "gopher")


def test_the_development_server_stops_the_market_and_counts_refusals(monkeypatch) -> None:
    refusals = object()
    market = SimpleNamespace(
        ping_s=7.0,
        stop=lambda: None,
        hub=SimpleNamespace(traffic=SimpleNamespace(refusals=refusals)),
    )
    monkeypatch.setattr(runtime, "current", lambda: market)
    monkeypatch.setattr(runserver, "DaphneServer", lambda **options: options)
    monkeypatch.setattr(runserver, "uploads_of", lambda asked: ("uploads of", asked))
    assert runserver.Command().server_cls(endpoints=["x"]) == {
        "ping_s": 7.0,
        "on_stop": market.stop,
        "uploads": ("uploads of", market),
        "refusals": refusals,
        "endpoints": ["x"],
    }


# --- runfeed --------------------------------------------------------------------------------
class FeedForAMoment:
    """A feed that runs until the process is asked to stop."""

    metrics = "metrics"
    served: list[Any]
    number: signal.Signals

    async def run(self, stop: asyncio.Event) -> None:
        await asyncio.sleep(0)
        self.served.append("begun")
        os.kill(os.getpid(), self.number)
        async with asyncio.timeout(20):
            await stop.wait()
        self.served.append("stopped")


class ServerBeside:
    """A server that serves until it is stopped."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self._end = asyncio.Event()

    async def serve(self, sockets: list[socket.socket]) -> None:
        FeedForAMoment.served.append((self.application, sockets[0].getsockname()[1]))
        async with asyncio.timeout(20):
            await self._end.wait()
        FeedForAMoment.served.append("server ended")

    def stop(self) -> None:
        self._end.set()


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What happens, in its order; the signals are as before in the end."""
    former = {number: signal.signal(number, lambda *_: None) for number in STOP_SIGNALS}
    monkeypatch.setattr(FeedForAMoment, "served", [], raising=False)
    monkeypatch.setattr(runtime, "is_shared", lambda: True)
    monkeypatch.setattr(runtime, "FeedRuntime", FeedForAMoment)
    monkeypatch.setattr(runfeed, "SideServer", ServerBeside)
    yield FeedForAMoment.served
    for number, handler in former.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_a_feed_ends_by_a_signal_and_bears_a_second_one(
    monkeypatch: pytest.MonkeyPatch, served: list[Any], number: signal.Signals
) -> None:
    monkeypatch.setattr(FeedForAMoment, "number", number, raising=False)
    assert run("runfeed") == ["The feed runs, or waits for another to end. Ctrl-C stops it."]
    assert served == ["begun", "stopped"]
    assert [signal.getsignal(each) for each in STOP_SIGNALS] == [signal.SIG_IGN] * len(STOP_SIGNALS)


def test_a_feed_serves_its_metrics_where_it_says(
    monkeypatch: pytest.MonkeyPatch, served: list[Any]
) -> None:
    monkeypatch.setattr(FeedForAMoment, "number", signal.SIGTERM, raising=False)
    where, _ = run("runfeed", "--metrics-port", "0")
    port = int(where.removeprefix("Metrics: http://127.0.0.1:").removesuffix("/metrics"))
    assert served == [("metrics", port), "begun", "stopped", "server ended"]


def test_a_feed_alone_needs_something_that_is_shared(
    monkeypatch: pytest.MonkeyPatch, served: list[Any]
) -> None:
    monkeypatch.setattr(runtime, "is_shared", lambda: False)
    with pytest.raises(CommandError, match="runfeed needs REDIS_URL"):
        run("runfeed")
    assert served == []
