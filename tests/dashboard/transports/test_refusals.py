"""Every refusal is counted by its reason, on every transport."""

import pytest
from django.db import OperationalError

from dashboard.people.admission import NotAdmitted
from dashboard.process.refusal_reasons import RefusalReason
from dashboard.transports import gatekeeper, websocket
from dashboard.transports.gatekeeper import Gatekeeper, RequestRefused
from dashboard.transports.websocket import MarketConsumer
from tests.support.exchange import Exchange, person

SCOPE = {"type": "http", "query_string": b"", "headers": []}


def answers(monkeypatch: pytest.MonkeyPatch, module, answer) -> None:
    async def identify(scope, **_):
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(module, "identify", identify)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (NotAdmitted(foreign="elsewhere"), RefusalReason.FOREIGN),
        (NotAdmitted(foreign=None), RefusalReason.SIGNED_OUT),
        (OperationalError("locked"), RefusalReason.NO_DATABASE),
    ],
)
async def test_a_stranger_is_counted(monkeypatch, answer, reason: RefusalReason) -> None:
    exchange = Exchange()
    answers(monkeypatch, gatekeeper, answer)
    with pytest.raises((RequestRefused, OperationalError)):
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


async def ignore(message: dict) -> None:
    pass
