"""A real nginx of the tests' own, with TLS, and the configuration that the docs recommend.

    with running_nginx(folder, port=port, to=served.port) as nginx:
        nginx.url, nginx.tls          # https://127.0.0.1:PORT, and the context that trusts it

It runs as a child in the foreground, on loopback only, with all its files in `folder`.
"""

import datetime
import ipaddress
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
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.documents import document
from tests.support.waiting import wait_until

HOST = "127.0.0.1"
START_S = 10
MAIN = """
daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{site}
}}
"""


class Nginx(NamedTuple):
    """A running nginx: its public origin, the one of plain http, and who trusts it."""

    url: str
    plain_url: str
    tls: ssl.SSLContext


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server((HOST, 0)) as free:
        return int(free.getsockname()[1])


def recommended(*, port: int, plain_port: int, to: int, pem: Path) -> str:
    """Return the site of docs/operations.md at other addresses."""
    found = re.search(r"```nginx\n(.*?)```", document("operations.md"), re.DOTALL)
    assert found is not None
    site = found[1]
    for old, new in {
        "listen 80;": f"listen {HOST}:{plain_port};",
        "listen 443 ssl;": f"listen {HOST}:{port} ssl;",
        "https://$host$": f"https://{HOST}:{port}$",
        "/etc/ssl/market.pem": str(pem),
        "/etc/ssl/market.key": str(pem),
        "http://127.0.0.1:8001": f"http://{HOST}:{to}",
    }.items():
        assert old in site
        site = site.replace(old, new)
    return site


@contextmanager
def running_nginx(folder: Path, *, port: int, to: int) -> Iterator[Nginx]:
    """Run nginx in front of a server; skip where there is none."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    pem, plain_port = folder / "site.pem", free_port()
    pem.write_bytes(_certificate())
    site = recommended(port=port, plain_port=plain_port, to=to, pem=pem)
    conf = folder / "nginx.conf"
    conf.write_text(MAIN.format(folder=folder, site=site))
    with (folder / "nginx.log").open("wb") as log:
        command = [program, "-e", "stderr", "-p", str(folder), "-c", str(conf)]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait_for(port, process, folder / "nginx.log")
        tls = ssl.create_default_context(cafile=str(pem))
        yield Nginx(f"https://{HOST}:{port}", f"http://{HOST}:{plain_port}", tls)
    finally:
        process.terminate()
        process.wait(START_S)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    wait_until(lambda: process.poll() is not None or _listens(port), START_S)
    assert process.poll() is None, f"nginx did not start: {log.read_text()}"


def _listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), 1).close()
    except OSError:
        return False
    return True


def _certificate() -> bytes:
    """Return a key and a certificate of its own for the loopback address, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "market tests")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)
