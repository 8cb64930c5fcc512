"""The sums of a process grow by what happened, each by its own."""

from dashboard.delivery.traffic import Traffic
from dashboard.process.refusal_reasons import RefusalReason
from dashboard.wire.registry import Close


def test_what_is_sent_is_counted_by_frames_and_characters() -> None:
    traffic = Traffic()
    assert traffic.send(["abcd", "ef"]) == ["abcd", "ef"]
    assert traffic.send([]) == []
    assert traffic.send(["g"]) == ["g"]
    assert (traffic.frames, traffic.characters) == (3, 7)


def test_the_counts_of_a_reader_that_leaves_stay() -> None:
    """The end counts only where the server ended the connection."""
    traffic = Traffic()
    traffic.leave((3, 9), None)
    traffic.leave((2, 4), Close.TOO_SLOW)
    assert (traffic.changes, traffic.merged) == (5, 13)
    assert traffic.ends == {Close.TOO_SLOW: 1}


def test_only_who_found_no_room_was_refused() -> None:
    traffic = Traffic()
    for reason in RefusalReason:
        traffic.refusals[reason] += 1
    assert traffic.refused == 4
    traffic.refusals[RefusalReason.ACCOUNT_FULL] += 4
    assert traffic.refused == 8
