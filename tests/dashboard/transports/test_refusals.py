"""Every refusal is counted by its reason, on every transport."""

import pytest
from django.db import OperationalError

from dashboard.people.admission import NotAdmitted
from dashboard.process.refusal_reasons import RefusalReason
from dashboard.transports import gatekeeper, websocket
from dashboard.transports.gatekeeper import Gatekeeper, RequestRefused
from dashboard.transports.websocket import MarketConsumer
from tests.support.exchange import Exchange, HandClock, person

SCOPE = {"type": "http", "query_string": b"", "headers": []}


def answers(monkeypatch: pytest.MonkeyPatch, module, answer) -> None:
    async def identify(scope, **_):
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(module, "identify", identify)


@pytest.mark.parametrize(
    ("answer", "reason", "fact"),
    [
        (NotAdmitted(foreign="elsewhere"), RefusalReason.FOREIGN, "elsewhere"),
        (NotAdmitted(foreign=None), RefusalReason.SIGNED_OUT, "no valid session or token"),
        (OperationalError("locked"), RefusalReason.NO_DATABASE, "locked"),
    ],
)
async def test_a_stranger_is_counted(monkeypatch, answer, reason: RefusalReason, fact: str) -> None:
    exchange = Exchange()
    answers(monkeypatch, gatekeeper, answer)
    with pytest.raises((RequestRefused, OperationalError), match=f"^{fact}$"):
        await Gatekeeper(exchange.hub, requests_per_s=1).admit(SCOPE)
    assert exchange.hub.traffic.refusals == {reason: 1}

    answers(monkeypatch, websocket, answer)
    consumer = MarketConsumer(hub=exchange.hub)
    consumer.scope, consumer.send = {}, ignore
    await consumer.dispatch({"type": "websocket.connect"})
    assert exchange.hub.traffic.refusals == {reason: 2}


async def test_bad_and_too_frequent_requests_are_counted(monkeypatch) -> None:
    exchange = Exchange()
    answers(monkeypatch, gatekeeper, person())
    doorman = Gatekeeper(exchange.hub, requests_per_s=1)
    await doorman.admit(SCOPE)
    assert not exchange.hub.traffic.refusals
    with pytest.raises(RequestRefused):
        await doorman.admit(SCOPE | {"query_string": b"wait=x"})
    assert exchange.hub.traffic.refusals == {RefusalReason.BAD_REQUEST: 1}
    for _ in range(2):
        with pytest.raises(RequestRefused):
            for _ in range(9):
                await doorman.admit(SCOPE)
    assert exchange.hub.traffic.refusals[RefusalReason.TOO_MANY_REQUESTS] == 2


async def test_budgets_that_are_whole_again_are_forgotten_and_others_are_kept(monkeypatch) -> None:
    """Otherwise somebody who asks too often would have a new budget at once."""
    monkeypatch.setattr(gatekeeper, "IDLE_USERS", 3)
    clock = HandClock()
    doorman = Gatekeeper(Exchange(clock).hub, requests_per_s=1)

    async def asks(user_id: int) -> bool:
        answers(monkeypatch, gatekeeper, person(user_id))
        try:
            await doorman.let_in(SCOPE)
        except RequestRefused:
            return False
        return True

    assert [await asks(1) for _ in range(4)] == [True, True, True, False]
    assert [await asks(2), await asks(3)] == [True, True]
    assert set(doorman._buckets) == {1, 2, 3}
    clock.now_s += 1
    assert await asks(4)
    assert set(doorman._buckets) == {1, 4}
    assert [await asks(1), await asks(1)] == [True, False]


@pytest.mark.parametrize(
    ("headers", "since"),
    [
        ([(b"accept", b"e1:7"), (b"last-event-id", b"e1:9"), (b"host", b"e1:8")], "e1:9"),
        ([(b"accept", b"e1:7")], "e1:5"),
        ([(b"last-event-id", b"\xe9")], "\u00e9"),
    ],
)
async def test_only_the_last_event_id_replaces_the_position(monkeypatch, headers, since) -> None:
    answers(monkeypatch, gatekeeper, person())
    scope = {"type": "http", "query_string": b"channels=status&since=e1:5", "headers": headers}
    doorman = Gatekeeper(Exchange().hub, requests_per_s=1)
    identity, question = await doorman.admit(scope)
    assert (identity, [each.since for each in question.subscribes]) == (person(), [since])


async def ignore(message: dict) -> None:
    pass
