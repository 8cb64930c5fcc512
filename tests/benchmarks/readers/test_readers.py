"""The lean readers of the benchmark understand what servers write, however it arrives."""

import pytest

from tests.benchmarks.readers.counts import Counts
from tests.benchmarks.readers.websocket import frames_in, masked
from tests.benchmarks.readers.wires import SocketIOWire

TICK = b'{"channel":"ticker","from":6,"seq":7,"ts":1000,"data":{"A":{"p":1,"ms":5},"B":{"p":2}}}'


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_frames_of_every_length_are_read(size: int) -> None:
    content = b"x" * size
    frame = sent(content) + sent(b"next")
    assert frames_in(frame + b"\x81") == ([(1, content), (1, b"next")], b"\x81")
    assert frames_in(frame[: len(sent(content)) - 1])[0] == []


def sent(content: bytes) -> bytes:
    size = len(content)
    if size < 126:
        return bytes((0x81, size)) + content
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + content
    return b"\x81\x7f" + size.to_bytes(8, "big") + content


def test_a_client_masks_its_frames() -> None:
    assert masked(b"ab") == b"\x81\x82\0\0\0\0ab"
    assert masked(b"x" * 300)[:4] == b"\x81\xfe\x01\x2c"


def test_updates_are_counted_with_their_ages() -> None:
    counts = Counts()
    counts.is_counting = True
    assert counts.take(TICK, 1010, 6) == 7
    assert (counts.frames, counts.updates, counts.gaps) == (1, 2, 0)
    assert dict(counts.ages_ms) == {15: 1}


def test_the_ticks_of_the_market_are_those_between_the_frames() -> None:
    counts = Counts()
    counts.is_counting = True
    counts.take(TICK, 1010, 6)
    counts.take(TICK.replace(b'"seq":7', b'"seq":107'), 1060, 7)
    counts.take(TICK, 1010, 6)
    assert counts.ticks == 100


def test_a_frame_that_does_not_follow_the_last_one_is_a_gap() -> None:
    counts = Counts()
    counts.is_counting = True
    counts.take(TICK, 1010, 5)
    assert counts.gaps == 1


@pytest.mark.parametrize(
    "text",
    [
        b'{"channel":"ticker","type":"snapshot","epoch":"e","seq":9,"ts":0,"data":{"A":{"p":1}}}',
        b'{"channel":"heartbeat","seq":9,"ts":0}',
        b'{"channel":"status","seq":9,"data":[{"s":"A"}]}',
        b'{"method":"subscribe","success":true,"id":1,"result":{"symbols":["A"]}}',
    ],
)
def test_what_is_no_update_is_not_counted(text: bytes) -> None:
    counts = Counts()
    counts.is_counting = True
    assert counts.take(text, 1010, 3) in (3, 9)
    assert counts.frames == 0


def test_socket_io_wraps_frames_and_asks_for_pongs() -> None:
    wire = SocketIOWire()
    assert wire.frame_in(b'42["tick",{"seq":1}]') == b'{"seq":1}'
    assert wire.frame_in(b"2") is None
    assert wire.answer_to(b"2") == b"3"
    assert wire.answer_to(b"40") is None
