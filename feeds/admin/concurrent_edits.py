"""Forms of rows that notice when somebody else changed the row while they were open.

A form carries the values that its page showed (Django's hidden initial values). If the row has
others by now, nothing is saved, and the form says who changed what. Fields that this person left
alone then show the new values, so that a second save does not take the change back.

Must not write rows: services do.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from django import forms
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Manager, Model, QuerySet
from django.forms.models import model_to_dict
from django.http import QueryDict

from feeds.models import AuditEntry, Entitlement, Feed, Instrument, Scenario, ScenarioStep
from feeds.services.audit import target_of

if TYPE_CHECKING:
    RowForm: TypeAlias = forms.ModelForm[Any]
else:
    RowForm = forms.ModelForm

REFUSAL: Final = (
    "Nothing was saved: somebody else changed this row while your form was open. "
    "Fields that you left alone now show the new values. Check the marked fields and save again."
)
STEPS: Final = "steps"
"""The fact of a scenario that its steps are."""
ENTRIES_READ: Final = 50


class ConcurrentForm(RowForm):
    """A form that refuses to save over a change that its page did not show."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            for field in self.fields.values():
                # Django never reads a disabled field from the browser: it cannot undo a change.
                field.show_hidden_initial = not field.disabled

    def clean(self) -> dict[str, Any] | None:
        """Refuse if the row has other values than the page showed."""
        cleaned = super().clean()
        changed = [] if self.instance._state.adding else list(self._changed_by_others())
        if changed:
            self.add_error(None, REFUSAL)
            # Django gives forms a frozen copy of what was sent.
            self.data = cast(QueryDict, self.data).copy()
        for name, value in changed:
            self._renew(name, value)
            self.add_error(name, f"{author_of(self.instance, name)} Now: {_shown(value)}.")
        return cleaned

    def _changed_by_others(self) -> Iterator[tuple[str, Any]]:
        """Yield the fields that have changed since the page was shown, with their values now."""
        # Locked, so that of two forms saved at the same moment the second sees the first's change.
        # The admin saves forms within a transaction.
        rows = cast("Manager[Model]", type(self.instance)._default_manager)
        row = rows.select_for_update().get(pk=self.instance.pk)
        for name, value in model_to_dict(row, list(self.fields)).items():
            field = self.fields[name]
            if field.show_hidden_initial and field.has_changed(value, self._seen(name)):
                yield name, value

    def _seen(self, name: str) -> Any:
        """Return the value of a field that the page showed, as the browser sent it back."""
        widget = self.fields[name].hidden_widget()
        return widget.value_from_datadict(self.data, self.files, self.add_initial_prefix(name))

    def _renew(self, name: str, value: Any) -> None:
        """Take a value as seen, and show it unless this person has entered another."""
        field, data = self.fields[name], cast(QueryDict, self.data)
        if name not in self.changed_data:
            _put(data, self.add_prefix(name), field.widget, field.prepare_value(value))
        hidden = field.hidden_widget()
        _put(data, self.add_initial_prefix(name), hidden, field.prepare_value(value))


def _put(data: QueryDict, name: str, widget: forms.Widget, value: Any) -> None:
    """Set a value in a form's data as a browser would send it."""
    if isinstance(value, list):
        data.setlist(name, [str(getattr(item, "pk", item)) for item in value])
    elif isinstance(widget, forms.CheckboxInput) and not value:
        # A browser leaves out a box that is not checked.
        data.pop(name, None)
    else:
        data[name] = "" if value is None else str(value)


def author_of(row: Model, name: str) -> str:
    """Return who changed a field last and when, as a sentence; a step is one of its scenario's.

    Not all rows have an audit. The admin's own log of the others does not know changes from
    elsewhere, so it blames nobody: it only says who saved the row there last.
    """
    if isinstance(row, ScenarioStep):
        return author_of(row.scenario, STEPS)
    if isinstance(row, Feed | Instrument | Entitlement | Scenario):
        entry = _change_of(target_of(row), name)
        if entry is not None:
            return f"Changed by {entry.actor_name} at {entry.at:%Y-%m-%d %H:%M:%S} UTC."
    log = _log_of(row).first()
    if log is not None:
        who, when = log.user.get_username(), f"{log.action_time:%Y-%m-%d %H:%M:%S} UTC"
        return f"Changed; {who} saved this row last here, at {when}."
    return "Changed by somebody else."


def _change_of(target: str, name: str) -> AuditEntry | None:
    """Return the newest entry in which a fact of a row changed; some entries have all facts."""
    entries = AuditEntry.objects.filter(subjects__name=target, after__has_key=name)
    newest = entries.order_by("-pk")[:ENTRIES_READ]
    return next((e for e in newest if e.before.get(name) != e.after[name]), None)


def _log_of(row: Model) -> QuerySet[LogEntry]:
    """Return the changes of a row in the admin's own log, the newest first."""
    kind = ContentType.objects.get_for_model(row)
    rows = LogEntry.objects.filter(content_type=kind, object_id=str(row.pk), action_flag=CHANGE)
    return rows.select_related("user").order_by("-action_time", "-pk")


def _shown(value: Any) -> str:
    """Return a value as people read it."""
    match value:
        case bool():
            return "yes" if value else "no"
        case None | "":
            return "empty"
        case list():
            return ", ".join(map(str, value)) or "none"
    return str(value)
