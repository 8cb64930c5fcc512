"""nginx with nchan: a channel for each symbol, and sockets that read several channels.

Another process publishes each tick by a POST. nchan is Debian's package `libnginx-mod-nchan`.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Final

from tests.benchmarks.peers.peer import Bench, Running, Work, made_up_symbols
from tests.benchmarks.peers.processes import HOST, first_line, python, running, wait_for_port
from tests.benchmarks.readers.wires import AddressWire
from tests.support.nginx import FILES
from tests.support.ports import free_port

MODULE: Final = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
PUBLISHER: Final = "tests.benchmarks.peers.programs.nchan_ticks"
CONFIGURATION: Final = """
load_module {module};
{user}
daemon off;
worker_processes 1;
worker_rlimit_nofile 65536;
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 16384; }}
http {{
{files}
    keepalive_requests 1000000000;
    nchan_shared_memory_size 512m;
    nchan_message_buffer_length 20;
    nchan_message_timeout 10s;
    server {{
        listen {host}:{port} backlog=4096;
        location ~ ^/pub/(.+)$ {{
            nchan_publisher http;
            nchan_channel_id $1;
        }}
        location ~ ^/sub/(.+)$ {{
            nchan_subscriber websocket;
            nchan_subscriber_first_message newest;
            nchan_channel_id $1;
            nchan_channel_id_split_delimiter ",";
        }}
    }}
}}
"""


def start(work: Work, bench: Bench) -> Running:
    """Start nginx; the publisher begins when all readers are there."""
    port, log = free_port(), bench.folder / "nginx.log"
    (bench.folder / "nginx.conf").write_text(_configuration(bench.folder, port))
    command = [_program(), "-e", "stderr", "-p", str(bench.folder), "-c", "nginx.conf"]
    server = bench.stack.enter_context(running(command, bench.cores.server, log))
    wait_for_port(server, port, log)
    others: dict[str, int] = {}

    def begin() -> None:
        command = python(PUBLISHER, port, json.dumps(work))
        publisher = bench.stack.enter_context(running(command, bench.cores.others, log))
        first_line(publisher, log)
        others["publisher"] = publisher.pid

    symbols = made_up_symbols(work.instruments)
    return Running(port, server.pid, AddressWire(), symbols, others, begin)


def _configuration(folder: Path, port: int) -> str:
    user = "user root;" if os.geteuid() == 0 else ""
    files = FILES.format(folder=folder)
    return CONFIGURATION.format(
        module=MODULE, user=user, folder=folder, files=files, host=HOST, port=port
    )


def _program() -> str:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None or not MODULE.exists():
        raise SystemExit("nchan is not installed: apt-get install libnginx-mod-nchan")
    return program
