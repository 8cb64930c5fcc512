"""What is packed comes back the same; what is not ours is refused, whatever it is."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.exceptions import InvalidPacking
from feeds.market.board import Board
from feeds.market.events import Batch, Event
from feeds.market.packing import pack_batch, pack_board, unpack_batch, unpack_board
from tests.support.market_script import listing, scripts


def folded(board: Board, events: list[Event]) -> Board:
    for event in events:
        board.apply(board.sequence + 1, event)
    return board


@given(scripts)
def test_a_batch_comes_back_the_same(events: list[Event]) -> None:
    batch = Batch("e1", 7, tuple(events))
    assert unpack_batch(pack_batch(batch)) == batch


@given(scripts, st.integers(0, 80))
def test_a_board_comes_back_the_same_and_goes_on_the_same(events: list[Event], cut: int) -> None:
    whole = folded(Board(), events)
    resumed = folded(unpack_board(pack_board(folded(Board(), events[:cut]))), events[cut:])
    assert pack_board(resumed) == pack_board(whole)
    assert resumed.rows.keys() == whole.rows.keys()


@given(st.binary(max_size=200))
def test_junk_is_refused(content: bytes) -> None:
    for unpack in (unpack_batch, unpack_board):
        with pytest.raises(InvalidPacking):
            unpack(content)


@given(st.data())
def test_a_damaged_batch_is_refused_or_another_batch(data: st.DataObject) -> None:
    content = bytearray(pack_batch(Batch("e1", 1, (listing("NVX"),))))
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert isinstance(unpack_batch(bytes(content)), Batch)
    except InvalidPacking:
        return


def test_an_event_that_cannot_have_happened_is_refused() -> None:
    quote = {"type": "quote", "symbol": "NVX", "bid_ticks": 9, "ask_ticks": 3, "bid_size": 1}
    batch = {"epoch": "e1", "first": 1, "events": [quote | {"ask_size": 1, "ts_event": 1}]}
    with pytest.raises(InvalidPacking, match="bid was 9"):
        unpack_batch(msgspec.msgpack.encode(batch))


def test_a_row_with_too_few_values_is_refused() -> None:
    content = msgspec.msgpack.decode(pack_board(folded(Board(), [listing("NVX")])))
    content[1]["NVX"][6].pop()
    with pytest.raises(InvalidPacking, match="expected 12"):
        unpack_board(msgspec.msgpack.encode(content))


@pytest.mark.parametrize(
    ("parts", "is_read"),
    [
        ([None] * 7, True),
        ([None] * 8, True),
        ([[7, 1, 1, 1, 1, 5, 1], *[None] * 6], True),
        ([None] * 6, False),
        ([None] * 9, False),
        ([[7, 1, 1, 1, 1, 5], *[None] * 6], False),
        ([*[None] * 6, [7, 1, 1, 1, 1, 5, 1, 0]], False),
    ],
)
def test_bars_of_another_form_are_refused(parts: list[list[int] | None], is_read: bool) -> None:
    content = msgspec.msgpack.decode(pack_board(folded(Board(), [listing("NVX")])))
    content[4] = {"NVX": [1, parts]}
    packed = msgspec.msgpack.encode(content)
    if not is_read:
        with pytest.raises(InvalidPacking, match="the bars of 'NVX' have the wrong number"):
            unpack_board(packed)
        return
    bars = unpack_board(packed).bars.symbols["NVX"]
    assert (bars.growing, bars.is_reported) == (parts[:7], len(parts) == 8)
