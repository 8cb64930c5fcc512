"""Which header values are refused, and what the log says of them."""

import pytest

from dashboard.servers.header_bytes import RECENT_BYTES, RecentBytes, bad_header


@pytest.mark.parametrize("byte", [0x00, 0x08, 0x0A, 0x0D, 0x1F, 0x7F])
def test_a_control_character_is_found_and_its_header_named(byte: int) -> None:
    assert bad_header(b"X-User: a" + bytes([byte]) + b"b\r") == "X-User"


@pytest.mark.parametrize("byte", [0x09, 0x20, 0x7E, 0x80, 0x85, 0xFF])
def test_all_other_bytes_are_well(byte: int) -> None:
    assert bad_header(b"X-User: a" + bytes([byte]) + b"b\r") is None


@pytest.mark.parametrize("line", [b"", b"GET / HTTP/1.1", b"X User: \x00", b": \x00", b"X\x00: a"])
def test_what_is_no_header_has_no_name(line: bytes) -> None:
    assert bad_header(line) is None


def test_a_name_has_at_most_100_bytes() -> None:
    assert bad_header(b"a" * 100 + b":\x01") == "a" * 100
    assert bad_header(b"a" * 101 + b":\x01") is None


def test_the_first_bad_header_of_a_request_is_named_however_it_was_cut() -> None:
    recent = RecentBytes()
    for part in (b"GET / HTTP/1.1\r\nA: 1\r\nB: ", b"\x01\r\nC: \x02\r\n", b"\r\nD: \x03\r\n"):
        recent.add(part)
    assert recent.bad_header() == "B"
    recent = RecentBytes()
    recent.add(b"GET / HTTP/1.1\r\nA: 1\r\n\r\nD: \x03\r\n")
    assert recent.bad_header() is None


def test_only_as_much_is_kept_as_a_header_can_be_long() -> None:
    recent = RecentBytes()
    line = b"A: \x01\r\n"
    recent.add(line)
    recent.add(b"x" * (RECENT_BYTES - len(line)))
    assert recent.bad_header() == "A"
    recent.add(b"x")
    assert recent.bad_header() is None
