"""A real nginx of the tests' own, with TLS, and the configurations that the project recommends.

    with running_nginx(folder, recommended(to=served.port)) as nginx:
        nginx.url, nginx.tls          # https://127.0.0.1:PORT, and the context that trusts it

`recommended` is the site of docs/operations.md, `deployed` that of deploy/. It runs as a child in
the foreground, on loopback only, with all its files in `folder`.
"""

import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.certificates import certificate_for
from tests.support.documents import document
from tests.support.places import ROOT
from tests.support.waiting import wait_until

HOST = "127.0.0.1"
START_S = 10
DEPLOY = ROOT / "deploy"
PEM, LOG = "site.pem", "nginx.log"
FILES = """\
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;"""
"""In `http`: nginx keeps its files in a folder of the test, and writes no access log."""
MAIN = """
daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 512; }}
http {{
{files}
{site}
}}
"""


class Addresses(NamedTuple):
    """Ports of a site to be: that of TLS and the one of plain http."""

    port: int
    plain_port: int

    @property
    def url(self) -> str:
        """Return the public origin."""
        return f"https://{HOST}:{self.port}"


class Nginx:
    """A running nginx: its public origin, the one of plain http, and who trusts it."""

    def __init__(self, folder: Path, addresses: Addresses) -> None:
        self.url = addresses.url
        self.plain_url = f"http://{HOST}:{addresses.plain_port}"
        self.tls = ssl.create_default_context(cafile=str(folder / PEM))
        self._folder = folder
        self._port = addresses.port
        self.start()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        command = [_program(), "-e", "stderr", "-p", str(self._folder), "-c", "nginx.conf"]
        with (self._folder / LOG).open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until(lambda: self.process.poll() is not None or _listens(self._port), START_S)
        assert self.process.poll() is None, (self._folder / LOG).read_text()

    def kill(self) -> None:
        """End it as a crash would (kill -9)."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it in order."""
        self.process.terminate()
        self.process.wait(START_S)


def free_addresses() -> Addresses:
    """Return ports that nobody listens on."""
    with socket.create_server((HOST, 0)) as first, socket.create_server((HOST, 0)) as second:
        return Addresses(first.getsockname()[1], second.getsockname()[1])


def recommended(folder: Path, addresses: Addresses, *, to: int) -> str:
    """Return the site of docs/operations.md at other addresses."""
    found = re.search(r"```nginx\n(.*?)```", document("operations.md"), re.DOTALL)
    assert found is not None
    return _moved(found[1], folder, addresses, {
        "listen 80;": f"listen {HOST}:{addresses.plain_port};",
        "listen 443 ssl;": f"listen {HOST}:{addresses.port} ssl;",
        "http://127.0.0.1:8001": f"http://{HOST}:{to}",
    })  # fmt: skip


def deployed(folder: Path, addresses: Addresses, *, to: tuple[int, int]) -> str:
    """Return the site of deploy/, with its two web processes, at other addresses."""
    return _moved((DEPLOY / "nginx.conf").read_text(), folder, addresses, {
        "listen 80;": f"listen {HOST}:{addresses.plain_port};",
        "listen [::]:80;": "",
        "listen 443 ssl http2;": f"listen {HOST}:{addresses.port} ssl http2;",
        "listen [::]:443 ssl http2;": "",
        "127.0.0.1:8001": f"{HOST}:{to[0]}",
        "127.0.0.1:8002": f"{HOST}:{to[1]}",
        "/etc/nginx/market_proxy.conf": str(DEPLOY / "market_proxy.conf"),
    })  # fmt: skip


def _moved(site: str, folder: Path, addresses: Addresses, places: dict[str, str]) -> str:
    pem = str(folder / PEM)
    for old, new in {
        "https://$host$": f"{addresses.url}$",
        "/etc/ssl/market.pem": pem,
        "/etc/ssl/market.key": pem,
        **places,
    }.items():
        assert old in site
        site = site.replace(old, new)
    return site


@contextmanager
def running_nginx(folder: Path, site: str, addresses: Addresses) -> Iterator[Nginx]:
    """Run nginx with a site; skip where there is none."""
    _program()
    (folder / PEM).write_bytes(certificate_for(HOST))
    files = FILES.format(folder=folder)
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, files=files, site=site))
    nginx = Nginx(folder, addresses)
    try:
        yield nginx
    finally:
        nginx.stop()


def _program() -> str:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    return program


def _listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), 1).close()
    except OSError:
        return False
    return True
