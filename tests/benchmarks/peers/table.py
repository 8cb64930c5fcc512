"""All servers of the comparison, by the names that the command takes."""

from typing import Final

from tests.benchmarks.peers import bare_send, nchan, node, project, python_socketio, tutorial
from tests.benchmarks.peers.peer import Peer

NODE: Final = "node"
"""The server with which all others are compared."""
QUICK: Final = (NODE, "uvicorn", "daphne")
PEERS: Final = {
    NODE: Peer(node.start_ws, conflates=True, text="Node `ws`, conflated by hand"),
    "uvicorn": Peer(project.in_memory("uvicorn"), conflates=True, text="uvicorn"),
    "daphne": Peer(project.in_memory("daphne"), conflates=True, text="Daphne"),
    "uvicorn-redis": Peer(
        project.behind_redis("uvicorn"), conflates=True, text="uvicorn behind Redis"
    ),
    "daphne-redis": Peer(
        project.behind_redis("daphne"), conflates=True, text="Daphne behind Redis"
    ),
    "tutorial-memory": Peer(
        tutorial.on_layer(tutorial.MEMORY), conflates=False, text="tutorial, layer in memory"
    ),
    "tutorial-core": Peer(
        tutorial.on_layer(tutorial.CORE), conflates=False, text="tutorial, channels_redis core"
    ),
    "tutorial-pubsub": Peer(
        tutorial.on_layer(tutorial.PUBSUB), conflates=False, text="tutorial, channels_redis pubsub"
    ),
    "socketio": Peer(node.start_socket_io, conflates=False, text="Socket.IO rooms on Node"),
    "python-socketio": Peer(
        python_socketio.start, conflates=False, text="python-socketio rooms on uvicorn"
    ),
    "nchan": Peer(nchan.start, conflates=False, text="nginx nchan, a channel for each symbol"),
    "bare-send": Peer(bare_send.start, conflates=True, text="bare `send()` in a loop"),
}
