"""A poll answers as a resume does, and says nothing when there is nothing to say."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from dashboard.loadtest.reader import Reader
from dashboard.people.access import Rights
from dashboard.transports import gatekeeper
from dashboard.transports.gatekeeper import Gatekeeper
from dashboard.transports.poll import PollApplication
from dashboard.wire.personal import Notice, Personal
from dashboard.wire.query import FIELD_LIMIT
from dashboard.wire.registry import SYMBOL_LIMIT, Transport
from feeds.market.events import Phase, Status
from tests.support.exchange import Exchange, person, quote
from tests.support.market_script import NOW, listing
from tests.support.waiting import until

Ask = Callable[..., Awaitable[tuple[int, dict[str, Any]]]]


async def forever() -> dict[str, Any]:
    """Be a reader that stays."""
    await asyncio.Event().wait()
    raise AssertionError


@pytest.fixture
def ask(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Ask once, as person 1: replaces the server and the look into the database."""

    async def identify(scope: dict[str, Any]) -> Any:
        return person(1)

    monkeypatch.setattr(gatekeeper, "identify", identify)
    exchange.rows.personal[1] = Personal(watchlist=("NVX",), unread=0, notices=())
    application = PollApplication(
        hub=exchange.hub,
        gatekeeper=Gatekeeper(exchange.hub, requests_per_s=1000),
        read_personal=exchange.rows.read_personal,
    )

    async def ask(query: str, *, method: str = "GET") -> tuple[int, dict[str, Any]]:
        await exchange.settle()
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {"method": method, "query_string": query.encode("latin-1"), "headers": []}
        await application(scope, forever, send)
        return sent[0]["status"], json.loads(sent[1]["body"] or "{}")

    return ask


def kinds(answer: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(frame["channel"], frame.get("type")) for frame in answer["frames"]]


async def test_the_first_answer_tells_everything(ask: Ask) -> None:
    status, answer = await ask("symbols=NVX,ORB")
    assert status == 200
    assert kinds(answer) == [
        ("status", "snapshot"), ("ticker", "snapshot"), ("notifications", "snapshot"),
        ("watchlist", "snapshot"), ("heartbeat", None),
    ]  # fmt: skip
    assert answer["position"] == "e1:2"


KNOWN = "notifications_since=0&unread=0&watchlist=NVX"


async def test_without_news_the_answer_is_304(exchange: Exchange, ask: Ask) -> None:
    assert (await ask(f"symbols=NVX&since=e1:2&{KNOWN}"))[0] == 304
    assert exchange.hub.handshakes == {Transport.POLL: 1}
    assert not exchange.hub.connections


async def test_ticks_of_other_symbols_are_no_news(exchange: Exchange, ask: Ask) -> None:
    await exchange.happen(quote(10))
    assert (await ask(f"symbols=ORB&since=e1:2&{KNOWN}"))[0] == 304


async def test_a_quiet_reader_does_not_fall_off_the_tape(exchange: Exchange, ask: Ask) -> None:
    """A 304 has no position: in time before the end of the tape, an answer without news has one."""
    position, statuses = "e1:2", set()
    for _ in range(8):
        await exchange.happen(*(quote(bid) for bid in range(1, 401)))
        status, answer = await ask(f"symbols=ORB&channels=ticker,trades&since={position}")
        statuses.add(status)
        assert all(frame["channel"] == "heartbeat" for frame in answer.get("frames", []))
        position = answer.get("position", position)
    assert statuses == {200, 304}


@pytest.mark.parametrize(("events", "status"), [(1_000, 304), (1_001, 200)])
async def test_a_quiet_reader_gets_a_position_when_it_is_far_behind(
    exchange: Exchange, ask: Ask, events: int, status: int
) -> None:
    await exchange.happen(*(quote(bid) for bid in range(1, events + 1)))
    assert (await ask("symbols=ORB&channels=ticker&since=e1:2"))[0] == status


async def test_news_are_what_a_resume_tells(exchange: Exchange, ask: Ask) -> None:
    await exchange.happen(quote(10), quote(11))
    _, answer = await ask(f"symbols=NVX&since=e1:2&{KNOWN}")
    assert kinds(answer) == [("ticker", None), ("heartbeat", None)]
    update = answer["frames"][0]
    assert (update["from"], update["seq"], update["data"]["NVX"]["n"]) == (2, 4, 2)


async def test_polls_in_a_row_make_the_board(exchange: Exchange, ask: Ask) -> None:
    """Each poll goes on where the last one ended; nothing is lost and every tick is counted."""
    reader, position = Reader(), ""
    for bid in range(1, 20):
        _, answer = await ask(f"symbols=NVX&since={position}&{KNOWN}")
        for frame in answer.get("frames", []):
            reader.apply(frame)
        position = answer.get("position", position)
        await exchange.happen(quote(bid), *([listing("QAL")] if bid == 7 else []))
        if bid == 9:
            await exchange.happen(Status("NVX", Phase.HALTED, "news", NOW))
    _, answer = await ask(f"symbols=NVX&since={position}&{KNOWN}")
    for frame in answer["frames"]:
        reader.apply(frame)
    assert (reader.rows["NVX"]["b"], reader.rows["NVX"]["ph"]) == (0.19, "HALTED")
    assert reader.ticks["NVX"] == 19
    assert set(reader.instruments) == {"NVX", "ORB", "QAL"}


async def test_a_notice_and_its_reading_are_news(exchange: Exchange, ask: Ask) -> None:
    notice = Notice(id=7, title="t", body="", level="info", t=NOW, read=False)
    exchange.rows.personal[1] = Personal(watchlist=("NVX",), unread=1, notices=(notice,))
    _, answer = await ask(f"symbols=NVX&since=e1:2&{KNOWN}")
    assert answer["frames"][0]["data"][0]["id"] == 7
    known = "symbols=NVX&since=e1:2&notifications_since=7&watchlist=NVX"
    assert (await ask(f"{known}&unread=1"))[0] == 304
    read = msgspec.structs.replace(notice, read=True)
    exchange.rows.personal[1] = Personal(watchlist=("NVX",), unread=0, notices=(read,))
    _, answer = await ask(f"{known}&unread=1")
    assert answer["frames"][0]["unread"] == 0


async def test_a_changed_watchlist_is_news(exchange: Exchange, ask: Ask) -> None:
    exchange.rows.personal[1] = Personal(watchlist=("ORB",), unread=0, notices=())
    _, answer = await ask(f"symbols=NVX&since=e1:2&{KNOWN}")
    assert answer["frames"][0]["data"] == ["ORB"]


async def test_staff_are_answered_while_the_database_is_in_trouble(
    exchange: Exchange, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange.hub, "_read_trouble", lambda: "The disk is full.")
    assert (await ask(f"symbols=NVX&since=e1:2&{KNOWN}"))[0] == 304
    staff = msgspec.structs.replace(person(1), rights=Rights(is_staff=True))

    async def identify(scope: dict[str, Any]) -> Any:
        return staff

    monkeypatch.setattr(gatekeeper, "identify", identify)
    status, answer = await ask(f"symbols=NVX&since=e1:2&{KNOWN}")
    assert (status, [frame["trouble"] for frame in answer["frames"]]) == (
        200,
        ["The disk is full."],
    )
    monkeypatch.setattr(exchange.hub, "_read_trouble", str)
    assert (await ask(f"symbols=NVX&since=e1:2&{KNOWN}"))[0] == 304


@pytest.mark.parametrize("wait", ["", "&wait=5"])
@pytest.mark.parametrize("since", ["", ":5", "E:-1", "E:5%20", "5", "[1]", "e9:1"])
async def test_a_poll_from_a_junk_position_names_the_gap_of_every_channel(
    ask: Ask, since: str, wait: str
) -> None:
    channels = "ticker,trades,bars,depth,status,notifications"
    named = f"symbols=NVX&channels={channels}&notifications_since=e1:1{wait}"
    _, answer = await ask(f"{named}&since={since}")
    gaps = {f["channel"]: f.get("gap") for f in answer["frames"] if f["channel"] != "heartbeat"}
    assert gaps == dict.fromkeys(channels.split(","), True)
    _, first = await ask(named.replace("notifications_since=e1:1", ""))
    assert not any("gap" in frame for frame in first["frames"])


@pytest.mark.parametrize("since", ["junk", "e9:1", "e1:99999"])
async def test_a_lost_position_gets_a_snapshot(ask: Ask, since: str) -> None:
    _, answer = await ask(f"symbols=NVX&since={since}&{KNOWN}")
    assert ("ticker", "snapshot") in kinds(answer)


async def test_too_much_is_refused(ask: Ask) -> None:
    symbols = ",".join(f"S{number}" for number in range(SYMBOL_LIMIT + 1))
    status, answer = await ask(f"symbols={symbols}")
    assert (status, answer["error"]["name"]) == (400, "too_many_symbols")
    status, answer = await ask("a=1&" * (FIELD_LIMIT + 1))
    assert (status, answer["error"]["name"]) == (400, "bad_parameters")
    assert (await ask("\u00e9"))[0] == 400


async def test_only_get_is_answered(ask: Ask) -> None:
    assert (await ask("", method="POST"))[0] == 405


async def test_a_long_poll_waits_while_the_market_is_silent(exchange: Exchange, ask: Ask) -> None:
    await exchange.settle()
    exchange.hub.replica.stale_ms = NOW
    known = f"symbols=NVX&since=e1:2&wait=0.05&{KNOWN}"
    status, answer = await ask(known)
    assert (status, kinds(answer)) == (200, [("heartbeat", None)])
    assert answer["frames"][0]["stale"] == NOW


async def test_a_long_poll_waits_for_news_and_counts_as_one(exchange: Exchange, ask: Ask) -> None:
    asking = asyncio.ensure_future(ask(f"symbols=NVX&since=e1:2&wait=20&{KNOWN}"))
    await until(lambda: exchange.hub.connections)
    assert exchange.hub.handshakes == {Transport.LONGPOLL: 1}
    await exchange.happen(quote(10))
    status, answer = await asyncio.wait_for(asking, 5)
    assert (status, answer["position"], kinds(answer)) == (
        200,
        "e1:3",
        [("ticker", None), ("heartbeat", None)],
    )
    assert not exchange.hub.connections


AHEAD = f"symbols=NVX&channels=status,ticker,trades,bars&since=e1:4&{KNOWN}"


async def test_a_reader_that_is_ahead_of_this_process_gets_nothing_old(
    exchange: Exchange, ask: Ask
) -> None:
    assert (await ask(AHEAD))[0] == 304
    exchange.hub.replica.stale_ms = NOW
    status, answer = await ask(AHEAD)
    assert (status, answer["position"], kinds(answer)) == (200, "e1:4", [("heartbeat", None)])
    assert answer["frames"][0]["seq"] == 4


async def test_a_long_poll_of_a_reader_that_is_ahead_waits_for_what_is_new(
    exchange: Exchange, ask: Ask
) -> None:
    await exchange.settle()
    asking = asyncio.ensure_future(ask(f"{AHEAD}&wait=20"))
    await exchange.happen(quote(10), quote(11))
    await exchange.settle()
    await exchange.happen(quote(12))
    status, answer = await asking
    assert (status, answer["position"]) == (200, "e1:5")
    (frame, _) = answer["frames"]
    assert (frame["channel"], frame["from"], frame["data"]["NVX"]["b"]) == ("ticker", 4, 0.12)


async def test_a_reader_that_can_go_on_in_some_channels_only_comes_again(ask: Ask) -> None:
    status, answer = await ask("symbols=NVX&channels=ticker,trades&trades_since=e1:4")
    assert (status, answer["error"]["name"]) == (503, "unavailable")
