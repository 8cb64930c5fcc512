"""Lines below a form that notice when somebody else changed or deleted one while they were open.

Each line is a form of its own (`ConcurrentForm`). Django leaves the errors of a line that is to be
deleted aside, and cannot show a line whose row is gone. Must not write rows: services do.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms import BaseInlineFormSet
from django.forms.formsets import DELETION_FIELD_NAME, INITIAL_FORM_COUNT, TOTAL_FORM_COUNT
from django.http import QueryDict

from feeds.admin.concurrent_edits import author_of

if TYPE_CHECKING:
    Lines: TypeAlias = BaseInlineFormSet[Any, Any, Any]
else:
    Lines = BaseInlineFormSet

KEY: Final = "id"
CHANGED: Final = (
    "Nothing was saved: somebody else changed a line that you want to delete. "
    "It now shows the new values. Save again to delete it all the same."
)
GONE: Final = (
    "Nothing was saved: line %s of yours does not exist any more, and is left out below. %s "
    "Save again to go on without it."
)


class ConcurrentLines(Lines):
    """Lines that are not saved over a change or a deletion that their page did not show.

    `fact` is how the audit of the row above names the lines.
    """

    fact = ""

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self._gone: list[int] = []
        if data is not None and self.instance.pk:
            self._leave_out_the_gone()

    def clean(self) -> None:
        """Refuse if a row is gone, or if one that is to be deleted has other values."""
        super().clean()
        if self._gone:
            lines = ", ".join(str(place + 1) for place in self._gone)
            raise ValidationError(GONE % (lines, self._author()))
        if any(form.non_field_errors() for form in self.deleted_forms if form.instance.pk):
            raise ValidationError(CHANGED)

    def _leave_out_the_gone(self) -> None:
        """Leave lines out of what was sent whose rows are gone. Those to be deleted are done."""
        living = {str(row.pk) for row in self.get_queryset()}
        places = range(self.initial_form_count())
        missing = [place for place in places if self._sent(place, KEY) not in living]
        if not missing:
            return
        self._gone = [p for p in missing if not self._sent(p, DELETION_FIELD_NAME)]
        data = _without(cast(QueryDict, self.data), str(self.prefix), missing)
        counts = {TOTAL_FORM_COUNT: self.total_form_count()}
        counts[INITIAL_FORM_COUNT] = self.initial_form_count()
        for name, count in counts.items():
            data[f"{self.prefix}-{name}"] = str(count - len(missing))
        self.data = data
        # Django keeps the counts of the data before.
        self.__dict__.pop("management_form", None)

    def _sent(self, place: int, name: str) -> str:
        return cast(str, self.data.get(f"{self.add_prefix(place)}-{name}", ""))

    def _author(self) -> str:
        rows = cast(Any, type(self.instance))._default_manager
        return author_of(cast(Model, rows.get(pk=self.instance.pk)), self.fact)


def _without(data: QueryDict, prefix: str, missing: list[int]) -> QueryDict:
    """Return what was sent without some lines; those after them move up."""
    found = QueryDict(mutable=True)
    for key, values in _moved(data, re.compile(rf"((?:initial-)?{prefix}-)(\d+)(-.*)"), missing):
        found.setlist(key, values)
    return found


def _moved(data: QueryDict, line: re.Pattern[str], missing: list[int]) -> Iterator[Any]:
    for key, values in data.lists():
        match = line.fullmatch(key)
        if match is None:
            yield key, values
        elif (place := int(match[2])) not in missing:
            yield f"{match[1]}{place - sum(p < place for p in missing)}{match[3]}", values
