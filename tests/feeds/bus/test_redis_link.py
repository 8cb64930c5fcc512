"""What the commands of the bus do on Redis, and that the stream in memory does the same."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from redis.exceptions import RedisError, ResponseError

from feeds.bus import redis_link
from feeds.bus.redis_link import BEFORE_FIRST_ID, BOARD, STREAM, Entry, Head, Id, RedisLink
from tests.feeds.bus.link_in_memory import LinkInMemory
from tests.support.redis_server import RedisServer

Link = RedisLink | LinkInMemory
FIRST, SECOND, THIRD = (Entry(Id(7, number), b"%d" % number) for number in (1, 2, 3))


@pytest_asyncio.fixture
async def over_redis(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RedisLink]:
    monkeypatch.setattr(redis_link, "BLOCK_MS", 10)
    link = RedisLink(redis.url)
    yield link
    await link.close()


@pytest.fixture(params=["redis", "memory"])
def link(request: pytest.FixtureRequest) -> Link:
    if request.param == "redis":
        found: RedisLink = request.getfixturevalue("over_redis")
        return found
    memory = LinkInMemory()
    memory.silence.release()
    return memory


async def test_entries_are_read_after_and_before_ids(link: Link) -> None:
    await link.write([FIRST, SECOND, THIRD], keep=1_000)
    assert await link.read(BEFORE_FIRST_ID) == [FIRST, SECOND, THIRD]
    assert await link.read(Id(7, 1)) == [SECOND, THIRD]
    assert await link.read(Id(7, 3)) == []
    assert await link.next_after(Id(7, 1)) == [SECOND]
    assert await link.next_after(Id(7, 3)) == []
    assert await link.last_until("+", count=2) == [THIRD, SECOND]
    assert await link.last_until(Id(7, 2), count=5) == [SECOND, FIRST]
    assert await link.last_until("(7-2", count=5) == [FIRST]
    assert await link.newest() == Id(7, 3)


async def test_a_term_is_taken_once_and_readers_see_nothing_of_it(link: Link) -> None:
    assert await link.newest() == BEFORE_FIRST_ID
    assert await link.claim(7)
    assert await link.newest() == Id(7, 0)
    assert not await link.claim(7)
    assert not await link.claim(6)
    assert await link.read(BEFORE_FIRST_ID) == []
    await link.write([FIRST], keep=1_000)
    assert not await link.claim(7)
    assert await link.claim(8)
    assert (await link.newest(), await link.read(BEFORE_FIRST_ID)) == (Id(8, 0), [FIRST])


async def test_an_entry_below_the_newest_is_refused(link: Link) -> None:
    """A feed that was replaced cannot write any more."""
    await link.claim(8)
    with pytest.raises(RedisError, match="equal or smaller"):
        await link.write([FIRST], keep=1_000)
    assert await link.last_until("+", count=5) == []


async def test_the_board_is_replaced_as_a_whole(link: Link) -> None:
    assert await link.head() is None
    for head in (Head("e1", Id(7, 1), b"one"), Head("e2", Id(8, 2), b"two")):
        await link.write_head(head)
        assert await link.head() == head


async def test_redis_keeps_as_many_entries_as_are_wanted_and_few_more(
    over_redis: RedisLink,
) -> None:
    entries = [Entry(Id(7, number), b"") for number in range(1, 501)]
    await over_redis.write(entries, keep=150)
    left = await over_redis.last_until("+", count=1_000)
    assert left[0].id == Id(7, 500)
    assert 150 <= len(left) <= 250


async def test_what_others_wrote_is_no_batch_and_no_board(
    over_redis: RedisLink, redis: RedisServer
) -> None:
    redis.client().xadd(STREAM, {"other": b"x"}, id="7-1")
    assert await over_redis.read(BEFORE_FIRST_ID) == [Entry(Id(7, 1), None)]
    whole = {"epoch": "e1", "id": "7-1", "board": b"b"}
    for part in whole:
        redis.client().delete(BOARD)
        redis.client().hset(BOARD, mapping={k: v for k, v in whole.items() if k != part})
        assert await over_redis.head() is None
    redis.client().hset(BOARD, mapping=whole | {"id": "junk"})
    assert await over_redis.head() is None


async def test_a_key_of_another_type_is_an_error_and_not_an_empty_stream(
    over_redis: RedisLink, redis: RedisServer
) -> None:
    redis.client().set(STREAM, "text")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await over_redis.newest()
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await over_redis.claim(7)
