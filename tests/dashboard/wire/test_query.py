"""A query string says what commands say, or is refused with a reason."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.exceptions import CommandRefused
from dashboard.wire.commands import Subscribe
from dashboard.wire.query import DEFAULT, is_patient, read_question
from dashboard.wire.registry import Error


def test_without_channels_all_but_trades_are_wanted() -> None:
    question = read_question(b"symbols=NVX")
    assert [subscribe.channel for subscribe in question.subscribes] == list(DEFAULT)
    assert question.wait_s == 0


def test_one_position_stands_for_all_channels_unless_one_is_named() -> None:
    query = b"symbols=NVX,ORB&channels=ticker,trades,status&since=e:5&trades_since=e:3&max_rate=4"
    ticker, trades, status = read_question(query).subscribes
    assert ticker == Subscribe("ticker", symbols=("NVX", "ORB"), max_rate=4, since="e:5")
    assert trades == Subscribe("trades", symbols=("NVX", "ORB"), max_rate=4, since="e:3")
    assert status == Subscribe("status", since="e:5")


def test_the_last_event_id_is_a_position() -> None:
    query = b"symbols=A&channels=ticker&ticker_since=e:2&since=e:1"
    (ticker,) = read_question(query, last_event_id="e:9").subscribes
    assert ticker.since == "e:9"


def test_fields_are_the_ticker_s_and_a_star_is_everything() -> None:
    query = b"symbols=A,*&channels=ticker,trades&fields=p,b"
    ticker, trades = read_question(query).subscribes
    assert (ticker.symbols, ticker.fields) == (("*",), ("p", "b"))
    assert trades.fields is None


def test_what_a_person_knows_is_said() -> None:
    query = b"channels=notifications,watchlist&notifications_since=7&unread=2&watchlist=A,B"
    notices, watchlist = read_question(query).subscribes
    assert (notices.since, notices.unread) == ("7", 2)
    assert watchlist.symbols == ("A", "B")


def test_an_empty_watchlist_is_a_known_one() -> None:
    (watchlist,) = read_question(b"channels=watchlist&watchlist=&lists=v7").subscribes
    assert watchlist == Subscribe("watchlist", symbols=(), lists="v7")


def test_bars_are_asked_for_by_their_own_names_or_by_the_common_ones() -> None:
    own = read_question(b"channels=bars&symbols=A&bars=B,C&since=e:5&bars_since=e:7&interval=1s")
    assert own.subscribes == (Subscribe("bars", symbols=("B", "C"), since="e:7", interval="1s"),)
    common = read_question(b"channels=bars&symbols=A,B&since=e:5")
    assert common.subscribes == (Subscribe("bars", symbols=("A", "B"), since="e:5", interval="1m"),)
    assert read_question(b"channels=bars").subscribes == ()


@pytest.mark.parametrize(
    "query",
    [
        b"\xff", b"max_rate=99&symbols=A", b"max_rate=x&symbols=A", b"wait=31", b"wait=-1",
        b"wait=nan", b"max_rate=nan&symbols=A", b"&".join([b"a=1"] * 25), b"wait=30.001",
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(query: bytes) -> None:
    with pytest.raises(CommandRefused) as refused:
        read_question(query)
    assert refused.value.code == Error.BAD_PARAMETERS


@pytest.mark.parametrize(
    ("query", "fact"),
    [
        (b"wait=x", "the query cannot be read"),
        (b"\xff", "the query cannot be read"),
        (b"wait=31", "Expected `float` <= 30.0"),
    ],
)
def test_a_refusal_says_what_is_wrong(query: bytes, fact: str) -> None:
    with pytest.raises(CommandRefused, match=fact) as refused:
        read_question(query)
    assert refused.value.method == "subscribe"


@pytest.mark.parametrize(
    ("query", "is_so"),
    [
        (b"", False), (b"wait=0", False), (b"wait=0.5", True), (b"wait=1", True),
        (b"wait=30", True), (b"wait=5&wait=0", False), (b"wait=31", False), (b"\xff", False),
    ],
)  # fmt: skip
def test_a_poll_is_patient_if_it_names_a_wait(query: bytes, *, is_so: bool) -> None:
    assert is_patient(query) is is_so


def test_corrections_are_asked_for_by_a_one() -> None:
    channels = b"channels=ticker,trades,bars&symbols=A"
    for asked, wanted in ((b"&corrections=1", True), (b"&corrections=0", False), (b"", False)):
        read = read_question(channels + asked).subscribes
        assert [each.corrections for each in read] == [wanted] * 3


@given(st.binary(max_size=200))
def test_junk_is_a_question_or_refused(query: bytes) -> None:
    with suppress(CommandRefused):
        read_question(query)


def test_books_are_asked_for_by_their_own_names_or_by_the_common_ones() -> None:
    own = read_question(b"channels=depth,ticker&symbols=A,B&depth=B&depth_since=e:7&since=e:5")
    assert own.subscribes[0] == Subscribe("depth", symbols=("B",), since="e:7")
    common = read_question(b"channels=depth&symbols=A,B&since=e:5")
    assert common.subscribes == (Subscribe("depth", symbols=("A", "B"), since="e:5"),)
    assert read_question(b"channels=depth").subscribes == ()


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b"wait=30", b"wait=30.001"),
        (b"wait=0", b"wait=-0.001"),
        (b"symbols=A&max_rate=20", b"symbols=A&max_rate=20.001"),
        (b"symbols=A&max_rate=0.2", b"symbols=A&max_rate=0.199"),
        (b"&".join([b"a=1"] * 24), b"&".join([b"a=1"] * 25)),
    ],
)
def test_a_query_lies_within_its_limits(good: bytes, bad: bytes) -> None:
    assert read_question(good)
    with pytest.raises(CommandRefused):
        read_question(bad)


def test_names_that_mean_nothing_are_ignored() -> None:
    (deck,) = read_question(b"channels=deck&deck_since=e1:5&x=1").subscribes
    assert (deck.channel, deck.since) == ("deck", None)
