"""Webhooks from the row to a receiver: failures, hangs, redirects, and processes that die."""

import asyncio
from collections import defaultdict
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

import msgspec
import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User

from dashboard.models import Dispatch, Notification
from dashboard.reaching import courier as courier_module
from dashboard.reaching import outgoing as outgoing_module
from dashboard.reaching.claims import Parcel, SendOutcome
from dashboard.reaching.courier import Courier
from dashboard.reaching.endpoints import ReachRules
from dashboard.reaching.outgoing import TOTAL_S, Outgoing
from dashboard.reaching.sending import Sender
from dashboard.reaching.vapid import VapidKey
from feeds.clock import SystemClock
from tests.support.destinations import hook, make_due, states
from tests.support.personal_rows import notify
from tests.support.receiver import HANG, receiving
from tests.support.signatures import is_signed
from tests.support.waiting import until, until_found

pytestmark = pytest.mark.django_db(transaction=True)
HANG_S = 0.3
LOOPBACK = ReachRules(http=True, networks=(ip_network("127.0.0.0/8"),))


def courier_of(rules: ReachRules = LOOPBACK) -> Courier:
    clock = SystemClock()
    vapid = VapidKey(Path("unused"), subject="")
    sender = Sender(Outgoing(rules, clock=clock), vapid, clock=clock)
    return Courier(sender.send, origin="https://m.example")


@asynccontextmanager
async def running(courier: Courier):
    task = asyncio.create_task(courier.run())
    yield task
    assert not task.done(), task.exception()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def until_states(courier: Courier, *wanted: str) -> None:
    """Wait for the states, with all waits cut short."""

    async def are_reached() -> bool:
        courier.wake()
        return await database_sync_to_async(states)() == list(wanted)

    await until_found(are_reached)


async def test_a_notification_arrives_signed_after_failures(monkeypatch) -> None:
    """500, a hang and a line that breaks; each attempt has the same id, and then it arrives."""
    ada = await database_sync_to_async(User.objects.create_user)("ada")
    async with receiving() as receiver:
        row = await database_sync_to_async(hook)(ada, receiver.url)
        receiver.answers = ["HTTP/1.1 500 Oh\r\n\r\n", HANG, "HTT"]
        await database_sync_to_async(notify)()
        courier = courier_of()
        errors = []
        async with running(courier):
            for attempt in range(1, 5):
                await until(lambda count=attempt: len(receiver.arrivals) == count)
                await until(lambda: not courier._open)
                errors.append((await Dispatch.objects.aget()).error)
                limit_s = HANG_S if attempt == 1 else TOTAL_S  # the second answer hangs
                monkeypatch.setattr(outgoing_module, "TOTAL_S", limit_s)
                await database_sync_to_async(make_due)()
                courier.wake()
        assert await database_sync_to_async(states)() == ["delivered"]
    assert errors[0] == "The answer was 500."
    assert errors[1].startswith("No answer within")
    assert errors[2].startswith("The answer was no HTTP")
    notification = await Notification.objects.aget()
    ids = {arrival.headers["webhook-id"] for arrival in receiver.arrivals}
    assert ids == {f"notification_{notification.pk}"}
    assert all(is_signed(arrival, row.secret) for arrival in receiver.arrivals)
    assert not is_signed(receiver.arrivals[0]._replace(body=b"{}"), row.secret)
    said = msgspec.json.decode(receiver.arrivals[-1].body)
    assert said["data"]["url"] == "https://m.example/notifications/"


async def test_a_redirect_to_a_private_address_is_a_failure_that_says_so() -> None:
    ada = await database_sync_to_async(User.objects.create_user)("ada")
    async with receiving() as private, receiving() as receiver:
        await database_sync_to_async(hook)(ada, receiver.url)
        receiver.answers = [f"HTTP/1.1 307 Moved\r\nLocation: {private.url}\r\n\r\n"]
        await database_sync_to_async(notify)()
        courier = courier_of()
        async with running(courier):
            await until(lambda: receiver.arrivals and not courier._open)
        assert private.arrivals == []
    dispatch = await Dispatch.objects.aget()
    assert (dispatch.state, dispatch.status) == ("waiting", 307)
    assert dispatch.error == "The answer was 307, a redirect, which is not followed."


async def test_without_the_setting_nothing_reaches_a_private_address() -> None:
    ada = await database_sync_to_async(User.objects.create_user)("ada")
    async with receiving() as receiver:
        await database_sync_to_async(hook)(ada, receiver.url)
        await database_sync_to_async(notify)()
        courier = courier_of(ReachRules(http=True))
        async with running(courier):
            await until_found(lambda: Dispatch.objects.exclude(error="").aexists())
        assert receiver.arrivals == []
    assert (
        await Dispatch.objects.aget()
    ).error == "The address is in a private or reserved network."


async def test_a_receiver_that_hangs_holds_up_nobody_else() -> None:
    ada = await database_sync_to_async(User.objects.create_user)("ada")
    bob = await database_sync_to_async(User.objects.create_user)("bob")
    async with receiving() as slow, receiving() as quick:
        slow.answers = [HANG]
        await database_sync_to_async(hook)(ada, slow.url)
        await database_sync_to_async(hook)(bob, quick.url)
        await database_sync_to_async(notify)()
        courier = courier_of()
        async with running(courier):
            await until(lambda: slow.arrivals and quick.arrivals)
            await until_states(courier, "waiting", "delivered")


async def test_what_was_in_hand_when_a_process_died_is_sent_by_the_next() -> None:
    ada = await database_sync_to_async(User.objects.create_user)("ada")
    async with receiving() as receiver:
        receiver.answers = [HANG]
        await database_sync_to_async(hook)(ada, receiver.url)
        await database_sync_to_async(notify)()
        async with running(courier_of()):
            await until(lambda: receiver.arrivals)
        assert await database_sync_to_async(states)() == ["waiting"]
        await database_sync_to_async(make_due)()
        courier = courier_of()
        async with running(courier):
            await until_states(courier, "delivered")
        assert len(receiver.arrivals) == 2
    first, second = receiver.arrivals
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


async def test_two_processes_send_each_message_once() -> None:
    """Both look all the time; the rows decide which of them sends."""
    sent: list[str] = []

    async def send(parcel) -> SendOutcome:
        sent.append(f"{parcel.address} {parcel.message_id}")
        await asyncio.sleep(0)
        return SendOutcome(status=200)

    def make_rows() -> None:
        for number in range(6):
            user = User.objects.create_user(f"user{number}")
            hook(user, f"https://a.example/{number}")
        notify()

    await database_sync_to_async(make_rows)()
    first, second = Courier(send), Courier(send)
    async with running(first), running(second):
        await until_states(first, *["delivered"] * 6)
    assert len(sent) == len(set(sent)) == 6


class Post:
    """Claims, sends and outcomes without rows: what is asked for, and what is still on its way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *batches: list[Parcel]) -> None:
        self.batches = list(batches)
        self.asked: list[tuple[int, set[int], list[int]]] = []
        self.outcomes: list[int] = []
        self.ends = defaultdict(asyncio.Event)
        self.courier = Courier(self.send, origin="https://m.example")
        monkeypatch.setattr(courier_module, "claim_parcels", self.claim)
        monkeypatch.setattr(courier_module, "note_outcome", self.note)
        for name in ("LOOK_S", "BUSY_LOOK_S"):  # nothing happens by the clock
            monkeypatch.setattr(courier_module, name, 600)

    def claim(self, *, origin: str, limit: int, busy: list[int], full: list[int]) -> list[Parcel]:
        assert origin == "https://m.example"
        self.asked.append((limit, set(busy), full))
        return self.batches.pop(0) if self.batches else []

    async def send(self, parcel: Parcel) -> SendOutcome:
        await self.ends[parcel.dispatch_id].wait()
        return SendOutcome(status=204)

    def note(self, parcel: Parcel, outcome: SendOutcome, *, chance: float) -> None:
        assert (outcome.status, 0 <= chance < 1) == (204, True)
        self.outcomes.append(parcel.dispatch_id)


def parcels(*user_ids: int) -> list[Parcel]:
    return [
        Parcel(
            dispatch_id=number, destination_id=100 + number, user_id=user_id, attempt=1,
            kind="webhook", address="", message_id="", body=b"",
        )
        for number, user_id in enumerate(user_ids)
    ]  # fmt: skip


async def test_what_is_on_its_way_leaves_less_room_until_it_is_done(monkeypatch) -> None:
    post = Post(monkeypatch, parcels(7, 7, 7, 8, 8))
    async with running(post.courier):
        await until(lambda: len(post.courier._open) == 5)
        post.courier.wake()
        await until(lambda: len(post.asked) == 2)
        post.ends[1].set()
        await until(lambda: len(post.asked) == 3)
    everything = {100, 101, 102, 103, 104}
    assert post.asked == [(16, set(), []), (11, everything, [7]), (12, everything - {101}, [])]
    assert post.outcomes == [1]


async def test_with_sixteen_on_their_way_nothing_more_is_claimed(monkeypatch) -> None:
    post = Post(monkeypatch, parcels(*range(16)))
    async with running(post.courier):
        await until(lambda: len(post.courier._open) == 16)
        looked = asyncio.create_task(post.courier._claim())
        assert await looked == []
        post.courier.wake()
        post.ends[3].set()
        await until(lambda: len(post.asked) == 2)
    assert [limit for limit, _, _ in post.asked] == [16, 1]


async def test_an_outcome_that_cannot_be_stored_ends_nothing(monkeypatch) -> None:
    from django.db import OperationalError

    def fail(*_: object, **__: object) -> None:
        raise OperationalError("locked")

    ada = await database_sync_to_async(User.objects.create_user)("ada")
    note = courier_module.note_outcome
    monkeypatch.setattr(courier_module, "note_outcome", fail)
    async with receiving() as receiver:
        await database_sync_to_async(hook)(ada, receiver.url)
        await database_sync_to_async(notify)()
        courier = courier_of()
        async with running(courier):
            await until(lambda: receiver.arrivals and not courier._open)
            monkeypatch.setattr(courier_module, "note_outcome", note)
            await database_sync_to_async(make_due)()
            await until_states(courier, "delivered")
    assert len(receiver.arrivals) == 2
