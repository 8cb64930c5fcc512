"""What operators can do to feeds and instruments: labels, permissions, forms, services, answers.

The admin's buttons and actions and the flight deck offer the same commands. Must not write rows or
poke anybody: services do.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Model

from feeds.exceptions import ChangeRefused
from feeds.market.events import FeedState
from feeds.models import Feed
from feeds.models.permissions import HALT, RUN
from feeds.services.changes import Outcome, change_each
from feeds.services.feeds import (
    close_feed,
    pause_feed,
    set_rate,
    start_feed,
    start_recording,
    step_feed,
    stop_recording,
)
from feeds.services.instruments import halt_instruments, resume_instruments

NAMES_SHOWN: Final = 5
"""A message about more rows than this counts the rest."""


class ReasonForm(forms.Form):
    """The reason of a command, which everybody may read."""

    reason = forms.CharField(max_length=200, required=False)


class HaltForm(forms.Form):
    """The reason of a halt, which must not be empty."""

    reason = forms.CharField(
        max_length=200, error_messages={"required": "A halt needs a reason; everyone will read it."}
    )


class RateForm(ReasonForm):
    """A rate within the limits of the model, and the reason."""

    rate = forms.FloatField(
        label="Ticks per second", validators=Feed._meta.get_field("rate").validators
    )
    field_order = ("rate", "reason")


@dataclass(frozen=True)
class CommandAnswer:
    """Sentences for the operator: what was done, and what was not and why; either may be empty."""

    done: str = ""
    not_done: str = ""


@dataclass(frozen=True, kw_only=True)
class OperatorCommand:
    """Something an operator does to rows, and the words that say what came of it.

    `state` completes "NVX is …" or "NVX and ORB are …" for rows that needed no change. `warning`
    says what cannot be taken back; a page shows it before the button. `is_main` marks what a person
    most likely came for, where it is offered.
    """

    label: str
    permission: str
    run: Callable[..., Outcome]
    done: str
    state: str
    is_offered: Callable[[Any], bool] = lambda row: True  # noqa: ARG005
    form: type[forms.Form] = ReasonForm
    warning: str = ""
    is_main: bool = False

    def perform(
        self, rows: Iterable[Model], data: Mapping[str, Any], *, actor: User
    ) -> CommandAnswer:
        """Do the command to rows, with the values of a form; one refusal stops no other row."""
        form = self.form(data)
        if not form.is_valid():
            return CommandAnswer(not_done=errors_of(form))
        try:
            return self._answer(self.run(rows, **form.cleaned_data, actor=actor))
        except ValidationError as error:
            return CommandAnswer(not_done=reason_of(error))

    def _answer(self, outcome: Outcome) -> CommandAnswer:
        sentences = [_sentence(refusal) for refusal in outcome.refusals]
        if names := outcome.unchanged:
            verb = "is" if len(names) == 1 else "are"
            sentences.append(f"{_listed(names)} {verb} {self.state}.")
        done = f"{self.done}: {_listed(outcome.changed)}." if outcome.changed else ""
        return CommandAnswer(done, " ".join(sentences))


def _feed_command(service: Callable[..., bool | None], **facts: Any) -> OperatorCommand:
    """Return a command whose service takes a single feed."""

    def run(feeds: Iterable[Feed], **inputs: Any) -> Outcome:
        return change_each(service, feeds, **inputs)

    return OperatorCommand(permission=RUN, run=run, **facts)


_instrument_command = partial(OperatorCommand, permission=HALT)

FEED_COMMANDS: Final = {
    "start": _feed_command(
        start_feed,
        label="Start",
        done="Started",
        state="already running",
        is_main=True,
        is_offered=lambda feed: feed.state != FeedState.RUNNING,
    ),
    "pause": _feed_command(
        pause_feed,
        label="Pause",
        done="Paused",
        state="already paused",
        is_offered=lambda feed: feed.state == FeedState.RUNNING,
    ),
    "step": _feed_command(
        step_feed,
        label="Step",
        done="Ran for a second",
        state="already running",
        is_offered=lambda feed: feed.state == FeedState.PAUSED,
    ),
    "close": _feed_command(
        close_feed,
        label="Close",
        done="Closed",
        state="already closed",
        warning="This ends the trading session, which does not come back. Nobody gets prices until "
        "the feed is started again.",
        is_offered=lambda feed: feed.state != FeedState.CLOSED,
    ),
    "rate": _feed_command(
        set_rate,
        label="Set the rate",
        done="Set the rate",
        state="already set to this rate",
        form=RateForm,
    ),
    "record": _feed_command(
        start_recording,
        label="Record",
        done="Recording",
        state="already being recorded",
        is_offered=lambda feed: not feed.is_recorded,
    ),
    "keep": _feed_command(
        stop_recording,
        label="Stop recording",
        done="Stopped recording",
        state="not being recorded",
        is_offered=lambda feed: feed.is_recorded,
    ),
}
INSTRUMENT_COMMANDS: Final = {
    "halt": _instrument_command(
        label="Halt",
        run=halt_instruments,
        done="Halted",
        state="already halted",
        is_offered=lambda instrument: not instrument.halt_reason,
        form=HaltForm,
    ),
    "resume": _instrument_command(
        label="Resume",
        run=resume_instruments,
        done="Resumed",
        state="not halted",
        is_main=True,
        is_offered=lambda instrument: bool(instrument.halt_reason),
    ),
}


def states_of(command: OperatorCommand) -> list[str]:
    """Return in which states of a feed a command can do something: "PAUSED", "PAUSED+recorded"."""
    feeds = [
        Feed(state=state.value, is_recorded=is_recorded)
        for state in FeedState
        for is_recorded in (False, True)
    ]
    return [recorded_state(feed) for feed in feeds if command.is_offered(feed)]


def recorded_state(feed: Feed) -> str:
    """Return the state of a feed, and whether it is recorded: "PAUSED", "PAUSED+recorded"."""
    return f"{feed.state}+recorded" if feed.is_recorded else str(feed.state)


def reason_of(error: ChangeRefused | ValidationError) -> str:
    """Return as sentences why a service refused something."""
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    return _sentence(str(error))


def errors_of(form: forms.Form) -> str:
    """Return what is wrong with a form, field by field, as text."""
    return " ".join(
        f"{form[name].label}: {' '.join(map(str, errors))}" for name, errors in form.errors.items()
    )


def _sentence(fact: str) -> str:
    return f"{fact[:1].upper()}{fact[1:]}."


def _listed(names: Sequence[str]) -> str:
    """Return names as people write them: "NVX", "NVX and ORB", "A, B, C, D, E and 6 more"."""
    shown = list(names[:NAMES_SHOWN])
    rest = len(names) - len(shown)
    last = f"{rest} more" if rest else shown.pop()
    return f"{', '.join(shown)} and {last}" if shown else last
