"""The examples of the reference tell one story, and change only on purpose."""

import json
from typing import Any

from dashboard.delivery.subscriber import COMMANDS_PER_S
from dashboard.protocol import examples
from dashboard.protocol.examples import COMMANDS, SAID
from dashboard.wire.registry import SYMBOL_LIMIT
from tests.support.places import GOLDEN

EXAMPLES = GOLDEN / "examples.json"


def test_the_reference_shows_these_examples(pytestconfig: Any) -> None:
    shown = json.loads(json.dumps({"commands": COMMANDS, "said": examples._said()}))
    if pytestconfig.getoption("--update-golden"):
        EXAMPLES.write_text(json.dumps(shown, indent=1, ensure_ascii=False) + "\n")
    assert shown == json.loads(EXAMPLES.read_text())
    assert shown["said"] == SAID


def test_the_examples_of_prices_are_of_one_market() -> None:
    row, update = (SAID[name]["data"]["NVX"] for name in ("TickerSnapshot", "TickerUpdate"))
    (trade,) = SAID["TradesSnapshot"]["data"]
    (bar,) = SAID["BarsSnapshot"]["data"]
    book = SAID["DepthSnapshot"]["data"]["NVX"]
    assert row["p"] == update["p"] == trade["p"] == bar["c"] == 101.27
    assert (row["v"], row["o"], row["h"]) == (bar["v"], bar["o"], bar["h"]) == (400, 101.25, 101.27)
    assert [[row["b"], row["bs"]], [row["a"], row["as"]]] == [book["bids"][0], book["asks"][0]]
    assert update["n"] == SAID["TickerUpdate"]["seq"] - SAID["TickerUpdate"]["from"] == 3
    assert trade["i"] == SAID["Heartbeat"]["seq"] == SAID["TradesUpdate"]["seq"] == 7
    assert SAID["PollAnswer"]["position"] == COMMANDS["ack"][0]["params"]["position"]
    assert SAID["StatusUpdate"]["from"] == SAID["StatusSnapshot"]["seq"]


def test_the_examples_of_answers_name_what_holds() -> None:
    assert SAID["Welcome"]["limits"]["commands_per_s"] == COMMANDS_PER_S
    assert SAID["Refusal"]["error"]["message"].startswith(f"limit is {SYMBOL_LIMIT} symbols")
    answers = {"subscribe": "SubscribeAnswer", "set": "SetAnswer", "ping": "Pong"}
    for method, answer in answers.items():
        assert SAID[answer]["id"] == COMMANDS[method][0]["id"]
    ids = [command["id"] for commands in COMMANDS.values() for command in commands]
    assert len(set(ids)) == len(ids)
    deck = SAID["DeckSnapshot"]
    assert deck["connections"] == len(deck["people"]) == sum(deck["process"]["readers"].values())
