"""The examples of the reference work as they are shown, against a real server."""

import asyncio
import json
import os
import re
import shlex
import shutil
import sys
from html import unescape
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.people.tokens import PREFIX
from dashboard.wire.schemas.replies import ErrorAnswer, PollAnswer
from tests.support.places import ROOT
from tests.support.schemas import fits, schemas_of
from tests.support.served import Served
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.django_db
Samples = dict[str, str]


@pytest.fixture
def samples(served: Served) -> Samples:
    """Return the samples of the page as viewer sees them on the real server."""
    client = Client()
    client.force_login(User.objects.create_user("viewer"))
    page = client.get("/developers/", headers={"host": served.host}).content.decode()
    found = re.findall(r'<code data-sample="(\w+)">(.*?)</code>', page, re.S)
    return {name: unescape(text) for name, text in found}


async def first_lines(served: Served, command: list[str], count: int = 3) -> list[str]:
    """Run a program until it has printed so many lines, or ended."""
    paths = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "TOKEN": served.token}
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, env=os.environ | paths, limit=2**22
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_S):
            return [(await process.stdout.readline()).decode() for _ in range(count)]
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def run(served: Served, command: list[str], count: int = 3) -> list[str]:
    return asyncio.run(first_lines(served, command, count))


@pytest.mark.slow
def test_the_token_is_made_as_shown(served: Served, samples: Samples) -> None:
    words = shlex.split(samples["token"])
    assert words[:3] == ["uv", "run", "manage.py"]
    assert served.manage(*words[3:]).startswith(PREFIX)


@pytest.mark.slow
def test_the_first_python_example_prints_prices(
    served: Served, samples: Samples, tmp_path: Path
) -> None:
    script = tmp_path / "prices.py"
    script.write_text(samples["python"])
    for line in run(served, [sys.executable, str(script)]):
        assert re.fullmatch(r"[A-Z][A-Z0-9]* ([\d.]+|None)\n", line)


@pytest.mark.slow
def test_the_second_python_example_keeps_a_board(
    served: Served, samples: Samples, tmp_path: Path
) -> None:
    script = tmp_path / "board.py"
    script.write_text(samples["board"])
    lines = run(served, [sys.executable, str(script)], count=6)
    ticks = []
    for line in lines[2:]:
        read = re.fullmatch(r"(\d+) symbols, (\d+) ticks, (\w+):(\d+)\n", line)
        assert read, line
        assert int(read[1]) > 10
        ticks.append(int(read[2]))
    assert ticks == sorted(ticks)
    assert ticks[-1] > ticks[0]


def commands_of(samples: Samples, served: Served) -> list[list[str]]:
    """Return the curl commands as a shell would run them."""
    first, *rest = samples["curl"].splitlines()
    assert first == 'TOKEN=$(uv run manage.py token "viewer")'
    lines = [line.replace("$TOKEN", served.token) for line in rest if line.startswith("curl ")]
    return [shlex.split(line) for line in lines]


@pytest.mark.slow
def test_the_shell_examples_get_frames(served: Served, samples: Samples) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    stream, poll, longpoll = commands_of(samples, served)
    lines = [line for line in run(served, stream, count=12) if line.startswith("data: ")]
    assert [schemas_of(line.removeprefix("data: ")) for line in lines[:2]] == [
        ["Welcome"], ["TickerSnapshot"],
    ]  # fmt: skip
    assert all(len(schemas_of(line.removeprefix("data: "))) == 1 for line in lines)
    (answer,) = run(served, poll, count=1)
    assert fits(answer, PollAnswer)
    assert {frame["channel"] for frame in json.loads(answer)["frames"]} == {
        "ticker", "status", "heartbeat",
    }  # fmt: skip
    position = json.loads(answer)["position"]
    (answer,) = run(served, [word.replace("POSITION", position) for word in longpoll], count=1)
    assert fits(answer, PollAnswer)
    assert json.loads(answer)["frames"][0]["channel"] == "trades"


def test_the_addresses_of_the_examples_are_those_of_this_server(
    served: Served, samples: Samples
) -> None:
    for command in commands_of(samples, served):
        assert command[-1].startswith(served.url)
        assert command[command.index("-u") + 1] == f"viewer:{served.token}"
    assert served.host in samples["python"]
    assert served.host in samples["board"]


def test_a_refusal_over_http_has_its_schema(served: Served) -> None:
    """The answer to a request without a sign-in is described, too."""
    for address in ("poll", "sse"):
        with pytest.raises(HTTPError) as refused:
            urlopen(Request(f"{served.url}{address}/v1/", headers={"Authorization": "Basic eA=="}))
        assert refused.value.code == 401
        assert fits(refused.value.read(), ErrorAnswer)
