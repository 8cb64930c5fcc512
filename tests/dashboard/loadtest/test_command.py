"""The command that measures says why it cannot, and leaves no server behind."""

import json
import os
import subprocess
import sys
from io import BytesIO, StringIO

import msgspec
import pytest
from django.core.management import CommandError, call_command

from dashboard.loadtest.plan import Plan, Report
from dashboard.management.commands import loadtest
from dashboard.wire.registry import Transport


def test_a_server_that_does_not_start_is_named_and_ended(monkeypatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    def say_nothing(_: str, *__: str) -> subprocess.Popen[bytes]:
        script = "import os, signal; os.close(1); signal.pause()"
        started.append(subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE))
        return started[-1]

    monkeypatch.setattr(loadtest, "_manage", say_nothing)
    monkeypatch.setattr(loadtest, "_separate_cores", lambda _: None)
    with pytest.raises(CommandError, match="the server did not start"):
        call_command("loadtest")
    [process] = started
    assert process.poll() is not None


def test_a_command_of_the_server_has_its_own_data_and_no_limits(monkeypatch) -> None:
    monkeypatch.setenv("PATH", "/somewhere")
    monkeypatch.setattr(sys, "argv", ["manage.py", "loadtest"])
    monkeypatch.setattr(subprocess, "Popen", lambda words, **options: (words, options))
    words, options = loadtest._manage("/data", "token", "ada")
    assert words == [sys.executable, "manage.py", "token", "ada"]
    assert options["stdout"] == subprocess.PIPE
    assert options["env"]["MARKET_DATA_DIR"] == "/data"
    assert options["env"]["PATH"] == "/somewhere"
    for limit in ("MARKET_REQUESTS_PER_S", "MARKET_CONNECTIONS_PER_USER"):
        assert int(options["env"][limit]) >= 100_000


# --- a server at an address -----------------------------------------------------------------
REPORT = Report(
    transport="websocket", clients=1, symbols=1, seconds=1.0, frames=1, updates=1,
    market_ticks_per_s=1, ticks=1, merged=0, requests=0, bytes_in=1, bytes_out=1,
    bytes_per_update=1.0, age_ms={"p50": 3.0}, gaps=0, reconnects=0, snapshots=0,
    server_cpu_s=None, updates_per_cpu_s=None, cpu_us_per_update=None,
    server_bytes_per_client=None,
)  # fmt: skip
THERE = ("--url", "http://x.test", "--token", "t")


@pytest.fixture
def plans(monkeypatch) -> list[Plan]:
    """Return the plans that were run; nothing is measured."""
    made: list[Plan] = []

    async def run(plan: Plan) -> Report:
        made.append(plan)
        return REPORT

    monkeypatch.setattr(loadtest, "run", run)
    return made


def test_without_options_the_load_is_the_usual_one(plans: list[Plan]) -> None:
    call_command("loadtest", *THERE, stdout=StringIO())
    assert plans == [
        Plan(
            url="http://x.test", user="viewer", token="t", transport=Transport.WEBSOCKET,
            clients=300, symbols=20, seconds=20.0, warmup_s=3.0, interval_s=1.0, max_rate=10.0,
            server_pid=None,
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "transport"),
    [
        ("ws", Transport.WEBSOCKET),
        ("websocket", Transport.WEBSOCKET),
        ("sse", Transport.SSE),
        ("longpoll", Transport.LONGPOLL),
        ("poll", Transport.POLL),
    ],
)
def test_every_option_is_in_the_plan(plans: list[Plan], name: str, transport: Transport) -> None:
    options = ("clients=7", "symbols=6", "seconds=5.5", "warmup=4.5", "interval=3.5")
    flags = [f"--{option}" for option in (*options, "max-rate=2.5", "user=ada")]
    call_command("loadtest", *THERE, *flags, f"--pid={os.getpid()}", f"--transport={name}",
                 stdout=StringIO())  # fmt: skip
    [plan] = plans
    assert (plan.transport, plan.user, plan.server_pid) == (transport, "ada", os.getpid())
    assert (plan.clients, plan.symbols, plan.seconds) == (7, 6, 5.5)
    assert (plan.warmup_s, plan.interval_s, plan.max_rate) == (4.5, 3.5, 2.5)


@pytest.mark.parametrize(
    ("allowed", "refused"),
    [
        ("clients=1", "clients=0"),
        ("clients=100000", "clients=100001"),
        ("symbols=2000", "symbols=2001"),
        ("seconds=0.1", "seconds=0.09"),
        ("seconds=3600", "seconds=3601"),
        ("warmup=0", "warmup=-1"),
        ("warmup=600", "warmup=601"),
        ("interval=0.05", "interval=0.04"),
        ("interval=600", "interval=601"),
        ("instruments=5000", "instruments=5001"),
        ("rate=0.1", "rate=0.09"),
    ],
)
def test_an_option_has_a_range(plans: list[Plan], allowed: str, refused: str) -> None:
    call_command("loadtest", *THERE, f"--{allowed}", stdout=StringIO())
    with pytest.raises(CommandError, match=f"^--{refused.partition('=')[0]} was .*, expected"):
        call_command("loadtest", *THERE, f"--{refused}")
    assert len(plans) == 1


def test_a_report_is_for_people_or_for_programs(plans: list[Plan]) -> None:
    out = StringIO()
    call_command("loadtest", *THERE, "--json", stdout=out)
    figures = json.loads(out.getvalue())
    assert figures == msgspec.to_builtins(REPORT)
    out = StringIO()
    call_command("loadtest", *THERE, stdout=out)
    lines = out.getvalue().splitlines()
    assert len(lines) == len(figures)
    assert lines[0] == "         transport  websocket"
    assert "            age_ms  {'p50': 3.0}" in lines


def test_a_server_that_cannot_be_measured_is_refused_in_words(plans, monkeypatch) -> None:
    with pytest.raises(CommandError, match="--url needs --token"):
        call_command("loadtest", "--url", "http://x.test")
    with pytest.raises(CommandError, match="there is no process 99999999"):
        call_command("loadtest", *THERE, "--pid=99999999")
    assert not plans

    async def fail(plan: Plan) -> Report:
        raise ExceptionGroup("all", [ExceptionGroup("some", [OSError("the server answered 401")])])

    monkeypatch.setattr(loadtest, "run", fail)
    said = r"^http://x.test cannot be measured: the server answered 401$"
    with pytest.raises(CommandError, match=said):
        call_command("loadtest", *THERE)


# --- a server of its own --------------------------------------------------------------------
class MadeUpProcess:
    """A server that says where it is, or a command that prints a token."""

    def __init__(self) -> None:
        self.pid = 7
        self.stdout = BytesIO(b'{"url": "http://127.0.0.1:8001"}\n')
        self.ended: list[str] = []

    def communicate(self, timeout: float) -> tuple[bytes, None]:
        return b"mkt_secret\n", None

    def terminate(self) -> None:
        self.ended.append("terminate")

    def wait(self, timeout: float) -> None:
        self.ended.append("wait")


def test_a_server_of_its_own_is_measured_and_ended(plans: list[Plan], monkeypatch) -> None:
    asked: list[tuple[str, ...]] = []
    server = MadeUpProcess()

    def manage(folder: str, *arguments: str) -> MadeUpProcess:
        asked.append(arguments)
        return server if arguments[0] == "demo" else MadeUpProcess()

    separated: list[int] = []
    monkeypatch.setattr(loadtest, "_manage", manage)
    monkeypatch.setattr(loadtest, "_separate_cores", separated.append)
    call_command("loadtest", stdout=StringIO())
    [plan] = plans
    assert (plan.url, plan.token, plan.server_pid) == ("http://127.0.0.1:8001", "mkt_secret", 7)
    assert asked == [
        ("demo", "--json", "--port", "0", "--no-browser", "--instruments=500", "--rate=2000",
         "--server=daphne"),
        ("token", "viewer"),
    ]  # fmt: skip
    assert separated == [7]
    assert server.ended == ["terminate", "wait"]


@pytest.mark.parametrize(("cores", "given"), [({3}, []), ({4, 2, 3}, [(7, [2]), (0, [3, 4])])])
def test_server_and_readers_have_different_cores(monkeypatch, cores, given) -> None:
    shared: list[tuple[int, list[int]]] = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: cores, raising=False)
    monkeypatch.setattr(
        os, "sched_setaffinity", lambda pid, some: shared.append((pid, some)), raising=False
    )
    loadtest._separate_cores(7)
    assert shared == given
