"""What the commands of operators do to rows, and the sentences that say what came of it."""

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from feeds.admin.commands import (
    FEED_COMMANDS,
    INSTRUMENT_COMMANDS,
    CommandAnswer,
    RateForm,
    errors_of,
    reason_of,
    recorded_state,
    states_of,
)
from feeds.exceptions import ChangeRefused
from feeds.models import AuditEntry, Feed, Halt, Instrument

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada")


@pytest.fixture(autouse=True)
def feed() -> Feed:
    return Feed.objects.create(slug="demo", name="Demo", rate=200)


def listed(feed: Feed, count: int) -> list[Instrument]:
    for number in range(count):
        Instrument.objects.create(
            feed=feed, symbol=f"A{number}", name="A", sector="Lab", reference_price=1
        )
    return list(Instrument.objects.all())


IS = "Demo is "


@pytest.mark.parametrize(
    ("name", "before", "inputs", "first", "second"),
    [
        ("start", {"state": "PAUSED"}, {}, "Started", IS + "already running."),
        ("pause", {}, {}, "Paused", IS + "already paused."),
        ("close", {}, {}, "Closed", IS + "already closed."),
        ("rate", {}, {"rate": "7"}, "Set the rate", IS + "already set to this rate."),
        ("record", {}, {}, "Recording", IS + "already being recorded."),
        ("keep", {"is_recorded": True}, {}, "Stopped recording", IS + "not being recorded."),
    ],
)
def test_a_command_on_a_feed_says_what_it_did_and_then_that_nothing_was_to_do(
    ada: User, name: str, before: dict, inputs: dict, first: str, second: str
) -> None:
    Feed.objects.update(**before)
    command, sent = FEED_COMMANDS[name], inputs | {"reason": "lunch"}
    answers = [command.perform([Feed.objects.get()], sent, actor=ada) for _ in range(2)]
    assert answers == [CommandAnswer(done=f"{first}: Demo."), CommandAnswer(not_done=second)]
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.reason) == (ada, "lunch")
    assert command.permission == "feeds.run_feed"


def test_a_refusal_stops_no_other_row_and_is_a_sentence(ada: User) -> None:
    Feed.objects.update(state="CLOSED")
    Feed.objects.create(slug="other", name="Other")
    answer = FEED_COMMANDS["pause"].perform(Feed.objects.all(), {}, actor=ada)
    assert answer.done == "Paused: Other."
    assert answer.not_done == "Demo is closed; start it before you pause it."
    answer = FEED_COMMANDS["step"].perform(Feed.objects.all(), {}, actor=ada)
    assert answer.done == "Ran for a second: Other."
    assert answer.not_done == "Demo is not paused; only a paused feed can step."


@pytest.mark.parametrize(
    ("count", "names", "are"),
    [
        (1, "A0", "A0 is"),
        (2, "A0 and A1", "A0 and A1 are"),
        (5, "A0, A1, A2, A3 and A4", "A0, A1, A2, A3 and A4 are"),
        (6, "A0, A1, A2, A3, A4 and 1 more", "A0, A1, A2, A3, A4 and 1 more are"),
    ],
)
def test_five_instruments_are_named_and_the_others_counted(
    ada: User, feed: Feed, count: int, names: str, are: str
) -> None:
    rows, sent = listed(feed, count), {"reason": "news"}
    halt, resume = INSTRUMENT_COMMANDS["halt"], INSTRUMENT_COMMANDS["resume"]
    said = [command.perform(rows, sent, actor=ada) for command in (halt, halt, resume, resume)]
    assert said == [
        CommandAnswer(f"Halted: {names}.", ""),
        CommandAnswer("", f"{are} already halted."),
        CommandAnswer(f"Resumed: {names}.", ""),
        CommandAnswer("", f"{are} not halted."),
    ]
    assert halt.permission == resume.permission == "feeds.halt_instrument"
    assert not Halt.objects.filter(ended_at=None).exists()


def test_a_halt_needs_a_reason_of_at_most_200_characters(ada: User, feed: Feed) -> None:
    rows, halt = listed(feed, 1), INSTRUMENT_COMMANDS["halt"]
    for reason, fault in [
        ("", "Reason: A halt needs a reason; everyone will read it."),
        ("x" * 201, "Reason: Ensure this value has at most 200 characters (it has 201)."),
    ]:
        assert halt.perform(rows, {"reason": reason}, actor=ada) == CommandAnswer("", fault)
    assert not Halt.objects.exists()
    assert halt.perform(rows, {"reason": "x" * 200}, actor=ada).done == "Halted: A0."


def test_every_wrong_input_is_named_and_nothing_is_done(ada: User) -> None:
    sent = {"rate": "", "reason": "x" * 201}
    faults = (
        "Ticks per second: This field is required. "
        "Reason: Ensure this value has at most 200 characters (it has 201)."
    )
    assert errors_of(RateForm(sent)) == faults
    answer = FEED_COMMANDS["rate"].perform(Feed.objects.all(), sent, actor=ada)
    assert answer == CommandAnswer("", faults)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("start", "PAUSED PAUSED+recorded CLOSED CLOSED+recorded"),
        ("pause", "RUNNING RUNNING+recorded"),
        ("step", "PAUSED PAUSED+recorded"),
        ("close", "RUNNING RUNNING+recorded PAUSED PAUSED+recorded"),
        ("rate", "RUNNING RUNNING+recorded PAUSED PAUSED+recorded CLOSED CLOSED+recorded"),
        ("record", "RUNNING PAUSED CLOSED"),
        ("keep", "RUNNING+recorded PAUSED+recorded CLOSED+recorded"),
    ],
)
def test_a_command_is_offered_where_it_can_do_something(name: str, states: str) -> None:
    assert states_of(FEED_COMMANDS[name]) == states.split()


@pytest.mark.parametrize(("reason", "offered"), [("news", "resume"), (None, "halt"), ("", "halt")])
def test_a_halt_is_offered_or_its_end(reason: str | None, offered: str) -> None:
    row = Instrument(symbol="NVX")
    row.halt_reason = reason
    found = [name for name, command in INSTRUMENT_COMMANDS.items() if command.is_offered(row)]
    assert found == [offered]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ChangeRefused("demo is closed"), "Demo is closed."),
        (ValidationError(["Too fast.", "Too late."]), "Too fast. Too late."),
    ],
)
def test_a_refusal_is_a_sentence(error: Exception, text: str) -> None:
    assert reason_of(error) == text


def test_the_state_of_a_feed_says_whether_it_is_recorded() -> None:
    assert recorded_state(Feed(state="PAUSED")) == "PAUSED"
    assert recorded_state(Feed(state="PAUSED", is_recorded=True)) == "PAUSED+recorded"


def test_what_somebody_most_likely_came_for_is_marked_and_a_close_warns() -> None:
    commands = FEED_COMMANDS | INSTRUMENT_COMMANDS
    assert [name for name, command in commands.items() if command.is_main] == ["start", "resume"]
    assert [name for name, command in commands.items() if command.warning] == ["close"]
