"""A day is read back as it was, or it is refused: a later life must not count wrong trades."""

import sys
import zlib

import msgspec
import pytest
from msgspec.structs import replace

from feeds.exceptions import InvalidCheckpoint
from feeds.realism import days
from feeds.realism.days import DayFacts, DayState, TradesState, pack_day, unpack_day

TWO_SAMPLES_OF_A_MINUTE = TradesState(b"s" * 8, b"p" * 16, b"m" * 4, b"v" * 8, b"t" * 8)
FACTS = DayFacts(5, 9, True, 40.0, 60.0, 45.0, {"NVX": 3})
DAY = DayState(2, sys.byteorder, {"NVX": "Energy"}, {"NVX": TWO_SAMPLES_OF_A_MINUTE}, FACTS)


def test_a_day_comes_back_as_it_was() -> None:
    assert unpack_day(pack_day(DAY)) == DAY
    quiet = replace(DAY, trades={}, sectors={}, facts=DayFacts())
    assert unpack_day(pack_day(quiet)) == quiet


@pytest.mark.parametrize("content", [b"", b"no day", zlib.compress(b"no day"), pack_day(DAY)[:-9]])
def test_bytes_that_are_no_day_are_refused(content: bytes) -> None:
    with pytest.raises(InvalidCheckpoint, match=f"^{len(content)} bytes cannot be read: "):
        unpack_day(content)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": 1}, "version was 1, expected 2"),
        ({"version": 3}, "version was 3, expected 2"),
        ({"byteorder": "middle"}, f"byte order was middle, expected {sys.byteorder}"),
    ],
)
def test_a_day_of_another_form_is_refused(changes: dict, said: str) -> None:
    with pytest.raises(InvalidCheckpoint, match=f"^{said}$"):
        unpack_day(pack_day(replace(DAY, **changes)))


@pytest.mark.parametrize(
    "changes",
    [
        {"samples": b"s" * 9},
        {"samples": b"s" * 12},
        {"samples": b"", "prices": b""},
        {"prices": b"p" * 8},
        {"minutes": b"m" * 5},
        {"minutes": b"", "volumes": b"", "trades": b""},
        {"volumes": b"v" * 16},
        {"trades": b"t" * 16},
        {"volumes": b"v" * 16, "trades": b"t" * 16},
    ],
)
def test_numbers_of_a_symbol_that_do_not_fit_together_are_refused(changes: dict) -> None:
    wrong = replace(TWO_SAMPLES_OF_A_MINUTE, **changes)
    trades = {"NVX": TWO_SAMPLES_OF_A_MINUTE, "ORB": wrong}
    with pytest.raises(InvalidCheckpoint, match="numbers of a symbol do not fit together"):
        unpack_day(pack_day(replace(DAY, trades=trades)))


def test_bytes_that_unpack_to_too_much_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    length = len(msgspec.msgpack.encode(DAY))
    monkeypatch.setattr(days, "MOST_BYTES", length)
    assert unpack_day(pack_day(DAY)) == DAY
    monkeypatch.setattr(days, "MOST_BYTES", length - 1)
    with pytest.raises(InvalidCheckpoint, match="cannot be read"):
        unpack_day(pack_day(DAY))
