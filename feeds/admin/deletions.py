"""Deletions that are confirmed with counts: a feed may have millions of stored bars.

Django's own page loads and lists every row that goes along. Must not delete: services do.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Final

from django.contrib import admin, messages
from django.contrib.admin import actions
from django.db import router
from django.db.models import Model, ProtectedError, QuerySet
from django.db.models.deletion import Collector
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html

from feeds.admin.read_only import RowAdmin

MOST_ROWS: Final = 5_000
"""Rows that one deletion takes at most: its page sends a field back for each. Settings allow
DATA_UPLOAD_MAX_NUMBER_FIELDS of them."""
ROWS_SHOWN: Final = 100
Found = tuple[list[Any], dict[Any, int], set[Any], list[Any]]


class DeletionAdmin(RowAdmin):
    """Rows whose deletion says how many other rows go along.

    `cascades` are read-only rows that go along, which Django's admin would refuse.
    """

    cascades: ClassVar[tuple[type[Model], ...]] = ()

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Found:
        """Return links to the first rows, counts by kind, missing permissions and what protects.

        Nobody needs a permission for the rows of `cascades`, which nobody deletes by hand.
        """
        rows = list(objs)
        using = router.db_for_write(self.model)
        collector = Collector(using=using)
        try:
            collector.collect(rows)
        except ProtectedError as error:
            return self._shown(rows), {}, set(), [*map(str, error.protected_objects)]
        needed = {
            model._meta.verbose_name
            for model, found in _collected(collector)
            if model not in self.cascades and not self._may_delete(request, model, found)
        }
        return self._shown(rows), _counts(collector), needed, []

    def _may_delete(self, request: HttpRequest, model: type[Model], found: Iterable[Model]) -> bool:
        """Say whether this person may delete these rows; rows without a page go along freely."""
        if not self.admin_site.is_registered(model):
            return True
        page = self.admin_site.get_model_admin(model)
        return all(page.has_delete_permission(request, row) for row in found)

    def _shown(self, rows: list[Model]) -> list[str]:
        """Return links to the first rows, and how many more there are."""
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_change"
        links = [
            format_html('<a href="{}">{}</a>', reverse(name, args=[row.pk]), row)
            for row in rows[:ROWS_SHOWN]
        ]
        rest = len(rows) - len(links)
        return [*links, f"and {rest:,} more"] if rest else list(links)


@admin.action(permissions=["delete"], description="Delete selected %(verbose_name_plural)s")
def delete_selected(
    page: "admin.ModelAdmin[Any]", request: HttpRequest, queryset: QuerySet[Any]
) -> TemplateResponse | None:
    """Delete rows of any page after a confirmation; refuse more than MOST_ROWS before it."""
    count = queryset.count()
    if count > MOST_ROWS:
        messages.error(
            request,
            f"Nothing was deleted: {count:,} rows are selected, and one deletion takes "
            f"{MOST_ROWS:,} at most. Narrow the list with its filters.",
        )
        return None
    return actions.delete_selected(page, request, queryset)


def _collected(collector: Collector) -> Iterator[tuple[type[Model], Iterable[Model]]]:
    """Yield the rows of each kind; those that go without being loaded stay unread."""
    yield from collector.data.items()
    for rows in collector.fast_deletes:
        # In pieces: a feed may have millions of bars.
        yield rows.model, rows.iterator(chunk_size=ROWS_SHOWN)


def _counts(collector: Collector) -> dict[Any, int]:
    counts: Counter[Any] = Counter()
    for model, found in collector.data.items():
        counts[model._meta.verbose_name_plural] += len(found)
    for rows in collector.fast_deletes:
        counts[rows.model._meta.verbose_name_plural] += rows.count()
    return {name: count for name, count in counts.items() if count}
