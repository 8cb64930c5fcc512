"""How often frames go, and why: wish, paint, credit and line, on a clock of the test."""

import pytest

from dashboard.delivery.pace import CREDIT_S, LATE_S, PAINT_SHARE, ReaderPace
from dashboard.wire.registry import DEFAULT_RATE, MAX_RATE, MIN_RATE


def test_a_reader_that_says_nothing_gets_what_it_wished() -> None:
    pace = ReaderPace(100.0)
    for number in range(1000):
        pace.note_sent(number, 100.0)
    assert (pace.rate, pace.take_news(200.0)) == (DEFAULT_RATE, None)


def test_frames_that_waited_for_a_batch_keep_the_pace() -> None:
    """Where batches come every 40 ms, frames go after 80 or 120: ten a second all the same."""
    pace, sent = ReaderPace(0.0), 0
    for batch in range(250):
        if pace.is_due(batch * 0.04):
            pace.note_sent(batch, batch * 0.04)
            sent += 1
    assert 95 <= sent <= 101


@pytest.mark.parametrize("late_s", [0.0, 0.049, 0.05, 0.06, 0.08, 0.081, 5.0])
@pytest.mark.parametrize("rate", [MIN_RATE, 1.0, 10.0, MAX_RATE])
def test_however_late_a_frame_is_the_next_is_not_due_at_the_same_moment(
    rate: float, late_s: float
) -> None:
    pace = ReaderPace(0.0)
    pace.limit(rate, 0.0)
    pace.note_sent(1, late_s)
    assert not pace.is_due(late_s)
    assert pace.is_due(late_s + 1 / rate)


def test_after_a_rest_the_first_goes_at_once_and_the_next_an_interval_later() -> None:
    pace = ReaderPace(0.0)
    pace.note_sent(1, 7.0)
    assert not pace.is_due(7.09)
    assert pace.is_due(7.11)


@pytest.mark.parametrize(("paint_ms", "rate"), [(1, 10), (38, 3.9), (300, 0.5), (5000, MIN_RATE)])
def test_painting_takes_no_more_than_its_share_of_the_page(paint_ms: float, rate: float) -> None:
    pace = ReaderPace(0.0)
    pace.note_painted(1, paint_ms, 0.0)
    assert pace.rate == pytest.approx(rate, rel=0.05)
    assert rate * paint_ms / 1000 <= PAINT_SHARE * 1.1 or rate == MIN_RATE


def test_the_reader_hears_of_another_pace_and_its_reason_once() -> None:
    pace = ReaderPace(0.0)
    pace.note_painted(1, 38, 0.0)
    assert pace.take_news(2.0) == (3.9, "paint 38 ms")
    pace.note_painted(2, 37, 2.5)
    assert pace.take_news(4.0) is None
    pace.note_painted(3, 2, 5.0)
    assert pace.take_news(6.0) == (10.0, "")


def test_news_of_the_pace_wait_and_are_not_lost() -> None:
    pace = ReaderPace(0.0)
    pace.note_painted(1, 38, 0.1)
    assert pace.take_news(0.2) is None
    assert pace.is_news
    assert pace.take_news(1.2) == (3.9, "paint 38 ms")


def test_a_page_that_stops_painting_runs_out_of_credit_and_gets_it_back() -> None:
    pace, now_s = ReaderPace(0.0), 0.0
    pace.note_painted(0, 2, now_s)
    for number in range(1, round(DEFAULT_RATE * CREDIT_S) + 1):
        now_s = pace.due_s
        pace.note_sent(number, now_s)
    assert pace.rate == pytest.approx(MIN_RATE)
    assert pace.take_news(now_s + 1) == (MIN_RATE, "nothing painted")
    pace.note_painted(number, 2, now_s + 1)
    assert pace.rate == DEFAULT_RATE
    assert pace.is_due(now_s + 1.2)


def test_a_slow_line_is_named_and_forgotten_when_it_is_fast_again() -> None:
    pace = ReaderPace(0.0)
    for _ in range(20):
        pace.note_wait(0.8)
    assert pace.take_news(2.0) == (1.3, "line 799 ms")
    for _ in range(40):
        pace.note_wait(0.0)
    assert pace.rate == DEFAULT_RATE
    assert pace.take_news(4.0) == (10.0, "")


def test_a_higher_rate_takes_effect_before_the_old_interval_is_over() -> None:
    pace = ReaderPace(0.0)
    pace.limit(MIN_RATE, 0.0)
    pace.note_sent(1, 0.0)
    pace.limit(20, 1.0)
    assert pace.is_due(1.06)


def test_a_paused_reader_is_never_due() -> None:
    pace = ReaderPace(0.0)
    pace.is_paused = True
    assert not pace.is_due(1e9)


def test_frames_of_an_old_epoch_cost_no_credit_in_the_new_one() -> None:
    pace, now_s = ReaderPace(0.0), 0.0
    pace.note_painted(4990, 2, now_s)
    for number in [*range(5000, 5010), *range(1, 60)]:
        now_s = pace.due_s
        pace.note_sent(number, now_s)
        if number < 100 and number % 10 == 0:
            pace.note_painted(number, 2, now_s)
        assert pace.rate == DEFAULT_RATE


def test_a_lower_rate_holds_the_next_frame_back() -> None:
    pace = ReaderPace(0.0)
    pace.limit(2, 0.0)
    pace.note_sent(1, 0.0)
    assert pace.rate == 2
    assert not pace.is_due(0.49)
    assert pace.is_due(0.5)


def test_a_lower_rate_than_the_page_paints_is_its_own_choice() -> None:
    pace = ReaderPace(0.0)
    pace.note_painted(1, 38, 0.0)
    pace.limit(2, 0.0)
    assert (pace.rate, pace.reason) == (2, "")
    pace.limit(10, 0.0)
    assert (round(pace.rate, 1), pace.reason) == (3.9, "paint 38 ms")


@pytest.mark.parametrize(("wait_s", "is_noted"), [(0.0009, False), (0.001, True)])
def test_a_socket_that_takes_a_frame_within_a_millisecond_changes_nothing(
    wait_s: float, is_noted: bool
) -> None:
    pace = ReaderPace(0.0)
    pace.note_wait(wait_s)
    assert (pace.is_news, pace.is_steady) == (is_noted, not is_noted)


def test_a_line_that_waits_a_millisecond_on_average_is_not_steady() -> None:
    pace = ReaderPace(0.0)
    pace.note_wait(0.003333333333333333)
    assert pace._wait_ms == 1.0
    assert pace.take_news(9.0) is None
    assert (pace.is_news, pace.is_steady) == (False, False)
    pace.note_wait(0.0)
    assert pace.take_news(9.0) is None
    assert pace.is_steady


@pytest.mark.parametrize(
    ("rate", "reason"), [(3.9, ""), (4.0, ""), (4.1, "paint 38 ms"), (20, "paint 38 ms")]
)
def test_painting_is_the_reason_only_below_the_rate_that_the_reader_chose(rate, reason) -> None:
    pace = ReaderPace(0.0)
    pace.note_painted(1, 37.5, 0.0)
    pace.limit(rate, 0.0)
    assert pace.reason == reason


@pytest.mark.parametrize(("rate", "reason"), [(4, ""), (5, "line 250 ms")])
def test_the_line_is_the_reason_only_below_the_rate_that_the_reader_chose(rate, reason) -> None:
    pace = ReaderPace(0.0)
    pace._wait_ms = 250.0
    pace.limit(rate, 0.0)
    assert (pace.rate, pace.reason) == (4.0, reason)


@pytest.mark.parametrize(("ceiling", "reason"), [(3.9, "memory is short"), (4.0, "paint 38 ms")])
def test_memory_is_the_reason_only_below_all_others(ceiling: float, reason: str) -> None:
    pace = ReaderPace(0.0)
    pace.note_painted(1, 37.5, 0.0)
    pace.cap(ceiling, 0.0)
    assert (pace.rate, pace.reason) == (pytest.approx(ceiling), reason)


@pytest.mark.parametrize(
    ("was", "rate", "is_news"),
    [(10, 11.9, False), (10, 12, True), (12, 10.1, False), (12, 10, True), (10, 8.4, False)],
)
def test_another_pace_is_news_when_it_differs_by_a_fifth(was, rate, is_news: bool) -> None:
    pace = ReaderPace(0.0)
    pace.limit(was, 0.0)
    pace.take_news(2.0)
    pace.limit(rate, 2.0)
    assert pace.take_news(4.0) == ((rate, "") if is_news else None)
    assert not pace.is_news


def test_the_reason_is_news_even_at_the_same_rate_and_another_rate_for_the_same_reason() -> None:
    pace = ReaderPace(0.0)
    pace.note_painted(1, 37.5, 0.0)
    assert pace.take_news(2.0) == (4.0, "paint 38 ms")
    pace.limit(4, 2.0)
    assert pace.take_news(4.0) == (4.0, "")
    pace.limit(10, 4.0)
    assert pace.take_news(6.0) == (4.0, "paint 38 ms")
    pace.note_painted(2, 100, 6.0)
    assert pace.take_news(8.0) == (1.5, "paint 100 ms")


@pytest.mark.parametrize(("now_s", "news"), [(0.999, None), (1.0, (2.0, ""))])
def test_news_of_the_pace_come_once_a_second(now_s: float, news) -> None:
    pace = ReaderPace(0.0)
    pace.limit(2, 0.0)
    assert pace.take_news(now_s) == news


@pytest.mark.parametrize(("rate", "credit"), [(MIN_RATE, 3), (1.0, 3), (2.0, 6), (10.0, 30)])
def test_so_many_frames_may_be_unconfirmed(rate: float, credit: int) -> None:
    """Three seconds of them, and three at least; the last but one is the last without a look."""
    pace = ReaderPace(0.0)
    pace.limit(rate, 0.0)
    assert not pace.is_last_credit
    pace.note_painted(1, 1, 0.0)
    seen = []
    for number in range(2, credit + 2):
        seen.append((pace.is_last_credit, pace.reason))
        pace.note_sent(number, pace.due_s)
    assert seen == [(False, "")] * (credit - 1) + [(True, "")]
    assert (pace.is_last_credit, pace.reason) == (True, "nothing painted")


def test_a_new_pace_is_steady_and_limited_by_nothing() -> None:
    pace = ReaderPace(7.0)
    assert (pace.is_steady, pace.is_news, pace.is_paused, pace.reason) == (True, False, False, "")
    assert (pace.is_due(6.999), pace.is_due(7.0)) == (False, True)


def test_what_an_old_epoch_left_unconfirmed_holds_the_new_one_back_no_longer() -> None:
    pace = ReaderPace(0.0)
    pace.note_painted(5000, 2, 0.0)
    for number in range(5001, 5031):
        pace.note_sent(number, pace.due_s)
    assert pace.rate == MIN_RATE
    pace.note_sent(1, pace.due_s)
    assert (pace.rate, [n for n, _ in pace.unpainted]) == (DEFAULT_RATE, [1])


def test_frames_up_to_the_same_place_are_unconfirmed_one_by_one() -> None:
    pace = ReaderPace(0.0)
    pace.note_painted(1, 1, 0.0)
    for sequence in (5, 5, 6):
        pace.note_sent(sequence, pace.due_s)
    assert [sequence for sequence, _ in pace.unpainted] == [5, 5, 6]
    pace.note_painted(5, 1, 1.0)
    assert [sequence for sequence, _ in pace.unpainted] == [6]


def with_a_queue(frames: int) -> ReaderPace:
    """Return a pace at 0 s when so many frames went at once and none is confirmed."""
    pace = ReaderPace(-1.0)
    pace.note_painted(0, 1, -1.0)
    for number in range(1, frames + 1):
        pace.note_sent(number, 0.0)
    return pace


def window_of(pace: ReaderPace, first: int, now_s: float) -> int:
    """Return how many frames may be on their way; none may be now, nor when this is known."""
    count = 1
    while not pace.is_last_credit:
        pace.note_sent(first + count, now_s)
        count += 1
    pace.unpainted = None
    pace.note_painted(first, 1, now_s)
    return count


def test_a_single_late_confirmation_changes_nothing() -> None:
    pace = with_a_queue(10)
    pace.note_painted(1, 1, 9.0)
    assert (pace.rate, pace.reason) == (DEFAULT_RATE, "")


@pytest.mark.parametrize(
    ("delay_s", "rate", "reason"),
    [(1.5, DEFAULT_RATE, ""), (1.51, 8 / 1.51, "line 1510 ms"), (6.0, 2 / 6, "line 6000 ms"),
     (60.0, MIN_RATE, "line 60000 ms")],
)  # fmt: skip
def test_two_late_confirmations_let_as_many_frames_on_their_way_as_arrive_in_time(
    delay_s: float, rate: float, reason: str
) -> None:
    pace = with_a_queue(10)
    pace.note_painted(1, 1, delay_s)
    pace.note_painted(2, 1, delay_s)
    assert (pace.rate, pace.reason) == (pytest.approx(rate), reason)


def test_a_line_with_a_queue_gets_no_more_until_that_is_gone() -> None:
    pace = with_a_queue(10)
    pace.note_painted(1, 1, 6.0)
    pace.note_painted(2, 1, 6.0)
    pace.note_sent(11, pace.due_s)  # it was due already
    next_s = pace.due_s
    for confirmed in range(3, 10):
        pace.note_painted(confirmed, 1, 6.0)
        assert not pace.is_due(next_s - 0.01)
    pace.note_painted(10, 1, 6.0)
    assert pace.is_due(6.1)


def test_what_went_before_fewer_were_allowed_says_nothing_of_them() -> None:
    pace = with_a_queue(10)
    pace.note_painted(1, 1, 6.0)
    pace.note_painted(2, 1, 6.0)
    pace.note_painted(10, 1, 30.0)
    assert (pace.rate, pace.reason) == (pytest.approx(2 / 6), "line 6000 ms")
    assert window_of(pace, 11, 30.0) == 2


@pytest.mark.parametrize(
    ("delay_s", "windows"), [(LATE_S / 2 - 0.01, [2, 4, 8, 16, 30, 30]), (LATE_S / 2, [1] * 6)]
)
def test_frames_that_are_confirmed_early_may_be_twice_as_many(
    delay_s: float, windows: list[int]
) -> None:
    pace = with_a_queue(2)
    pace.note_painted(1, 1, 60.0)
    pace.note_painted(2, 1, 60.0)
    seen = []
    for sequence in range(1000, 7000, 1000):
        pace.note_sent(sequence, sequence)
        pace.note_painted(sequence, 1, sequence + delay_s)
        seen.append(window_of(pace, sequence, sequence + delay_s))
    assert seen == windows


def test_a_page_that_confirms_early_again_is_limited_by_nothing() -> None:
    pace = with_a_queue(10)
    pace.note_painted(1, 1, 6.0)
    pace.note_painted(2, 1, 6.0)
    pace.note_painted(10, 1, 6.0)
    pace.note_sent(11, 7.0)
    pace.note_painted(11, 1, 7.2)
    assert (pace.rate, pace.reason) == (DEFAULT_RATE, "")


def test_a_page_that_stops_painting_says_so_also_where_fewer_frames_may_be_on_their_way() -> None:
    pace = with_a_queue(10)
    pace.note_painted(1, 1, 6.0)
    pace.note_painted(2, 1, 6.0)
    pace.note_painted(10, 1, 6.0)
    pace.note_sent(11, 7.0)
    pace.note_painted(11, 1, 7.2)  # four may be on their way, which is no limit
    for sequence in range(12, 16):
        pace.note_sent(sequence, 8.0)
    assert (pace.rate, pace.reason) == (MIN_RATE, "nothing painted")
