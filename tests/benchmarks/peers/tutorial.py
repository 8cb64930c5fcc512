"""The design of the tutorial of Django Channels: each symbol a group, each socket a consumer.

With the layer in memory the server makes its ticks itself. With a layer on Redis another process
makes them.
"""

import json
from typing import Final

from tests.benchmarks.peers.peer import Bench, Running, Start, Work, do_nothing, made_up_symbols
from tests.benchmarks.peers.processes import HOST, first_line, python, running, wait_for_port
from tests.benchmarks.readers.wires import ProjectWire
from tests.support.ports import free_port
from tests.support.redis_server import running_redis

PROGRAMS: Final = "tests.benchmarks.peers.programs"
MEMORY: Final = "channels.layers.InMemoryChannelLayer"
CORE: Final = "channels_redis.core.RedisChannelLayer"
PUBSUB: Final = "channels_redis.pubsub.RedisPubSubChannelLayer"


def on_layer(layer: str) -> Start:
    """Return how to start the server on a channel layer."""

    def start(work: Work, bench: Bench) -> Running:
        others: dict[str, int] = {}
        surroundings = {"PEER_LAYER": layer, "PEER_WORK": json.dumps(work)}
        if layer != MEMORY:
            redis = bench.stack.enter_context(running_redis(bench.folder))
            assert redis.process is not None
            others["redis"] = redis.process.pid
            surroundings["PEER_REDIS"] = redis.url
        port, log = free_port(), bench.folder / "daphne.log"
        application = f"{PROGRAMS}.tutorial_site:application"
        command = python("daphne", "-v", 0, "-b", HOST, "-p", port, application)
        server = bench.stack.enter_context(running(command, bench.cores.server, log, surroundings))
        wait_for_port(server, port, log)

        def begin() -> None:
            publisher = bench.stack.enter_context(
                running(python(f"{PROGRAMS}.tutorial_ticks"), bench.cores.others, log, surroundings)
            )
            first_line(publisher, log)
            others["publisher"] = publisher.pid

        return Running(
            port, server.pid, ProjectWire(pace=work.pace, has_positions=False),
            made_up_symbols(work.instruments), others, do_nothing if layer == MEMORY else begin,
        )  # fmt: skip

    return start
