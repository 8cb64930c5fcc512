"""A process loads the server that it runs, and not the other one."""

import subprocess
import sys

import pytest

from tests.support.places import ROOT
from tests.support.storage import environment

LOOK = """
import sys, django
django.setup()
import dashboard.asgi, dashboard.servers.{server}
print(sorted({{"twisted", "uvicorn"}} & set(sys.modules)))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("server", "loaded"), [("uvicorn", "['uvicorn']"), ("daphne", "['twisted']")]
)
def test_only_the_server_that_runs_is_loaded(tmp_path, server: str, loaded: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK.format(server=server)],
        cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == loaded
