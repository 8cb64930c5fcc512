"""A reader starts from a board and misses nothing after it, or has to start again."""

import asyncio

import pytest

from feeds.bus.interface import Attachment, Overrun
from feeds.bus.memory import READER_BATCHES, MemoryBus
from feeds.market.board import Board
from feeds.market.events import Batch, Quote
from tests.support.market_script import NOW, listing


def quote(bid: int) -> Quote:
    return Quote("NVX", bid, bid + 1, 1, 1, NOW)


async def read_all(attachment: Attachment, board: Board) -> None:
    """Apply what is waiting, as a hub does."""

    async def follow() -> None:
        async for batch in attachment.batches():
            for sequence, event in enumerate(batch.events, batch.first):
                board.apply(sequence, event)

    reader = asyncio.ensure_future(follow())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)


async def test_a_late_reader_ends_where_an_early_one_does() -> None:
    bus = MemoryBus()
    early = await bus.attach()
    await bus.publish(Batch("e1", 1, (listing("NVX"), quote(10))))
    late = await bus.attach()
    await bus.publish(Batch("e1", 3, (quote(11), quote(12))))
    boards = [early.board, late.board]
    for attachment in (early, late):
        await read_all(attachment, attachment.board)
    assert boards[0].rows["NVX"].values == boards[1].rows["NVX"].values
    assert [board.sequence for board in boards] == [4, 4]


async def test_a_board_of_a_reader_does_not_move_with_the_bus() -> None:
    bus = MemoryBus()
    await bus.publish(Batch("e1", 1, (listing("NVX"),)))
    attachment = await bus.attach()
    await bus.publish(Batch("e1", 2, (quote(11),)))
    assert attachment.board.sequence == 1


async def test_a_new_epoch_starts_from_an_empty_board() -> None:
    bus = MemoryBus()
    await bus.publish(Batch("e1", 1, (listing("NVX"),)))
    await bus.publish(Batch("e2", 1, (listing("ORB"),)))
    attachment = await bus.attach()
    assert (attachment.epoch, set(attachment.board.rows)) == ("e2", {"ORB"})


async def test_a_reader_too_far_behind_ends_and_holds_no_more_than_its_bound() -> None:
    bus = MemoryBus()
    await bus.publish(Batch("e1", 1, (listing("NVX"),)))
    attachment = await bus.attach()
    for number in range(READER_BATCHES + 2):
        await bus.publish(Batch("e1", number + 2, (quote(number + 1),)))
    with pytest.raises(Overrun):
        await anext(attachment.batches())


async def test_a_reader_may_be_behind_by_its_bound() -> None:
    bus = MemoryBus()
    attachment = await bus.attach()
    numbers = [*range(1, READER_BATCHES + 1)]
    for number in numbers:
        await bus.publish(Batch("e1", number, ()))
    batches = attachment.batches()
    assert [(await anext(batches)).first for _ in numbers] == numbers


async def test_a_reader_that_is_behind_by_one_more_begins_again() -> None:
    bus = MemoryBus()
    attachment = await bus.attach()
    for number in range(READER_BATCHES + 1):
        await bus.publish(Batch("e1", number + 1, ()))
    with pytest.raises(Overrun):
        await anext(attachment.batches())


async def test_a_detached_reader_is_forgotten() -> None:
    bus = MemoryBus()
    attachment = await bus.attach()
    bus.detach(attachment)
    await bus.publish(Batch("e1", 1, (listing("NVX"),)))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(attachment.batches()), 0.01)
