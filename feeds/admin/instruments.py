"""The admin of instruments: pages to add and change them, with buttons to halt and resume them.

Must not write rows or poke anybody: services do.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ActionForm
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, QueryDict
from django.utils.safestring import SafeString

from feeds.admin.commands import INSTRUMENT_COMMANDS
from feeds.admin.concurrent_edits import ConcurrentForm
from feeds.admin.operating import SPACE, MarketAdmin, actor_of
from feeds.admin.state_marks import named_state
from feeds.clock import SystemClock
from feeds.market.events import FeedState
from feeds.models import Halt, Instrument
from feeds.services.instruments import bars_lost_by, delete_instruments, save_instrument
from feeds.sessions.phases import phase_of

if TYPE_CHECKING:
    RowFilter: TypeAlias = admin.SimpleListFilter
else:
    RowFilter = admin.SimpleListFilter


MESSAGES: Final = {
    "tick_size": "Another tick size deletes %s stored bars, because their prices count in ticks. "
    "Save again to delete them.",
    "lot_size": "Another lot size deletes %s stored bars, because their volumes count in lots. "
    "Save again to delete them.",
}


class InstrumentActionForm(ActionForm):
    """The inputs of the actions on instruments; each action checks its own."""

    reason = forms.CharField(required=False, label=f"{SPACE}Reason:")


class InstrumentForm(ConcurrentForm):
    """An instrument. A tick or lot size that deletes bars is taken when it comes a second time."""

    lost_bars = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "lot_size" in self.fields:  # it is not for who may only look
            self.fields["lot_size"].required = False

    def clean_lot_size(self) -> Decimal:
        """Return the lot size; without one it stays as it is, and a new instrument has 1."""
        said: Decimal | None = self.cleaned_data["lot_size"]
        return cast(Decimal, self.instance.lot_size) if said is None else said

    def clean(self) -> dict[str, Any]:
        """Tell how many bars another tick or lot size deletes, before it does."""
        found, row = super().clean() or {}, self.instance
        if not row.pk or not (found.get("tick_size") and found.get("lot_size")):
            return found
        changed = "lot_size" if found["tick_size"] == row.tick_size else "tick_size"
        row.tick_size, row.lot_size = found["tick_size"], found["lot_size"]
        count = bars_lost_by(row)
        if count and not found.get("lost_bars"):
            self.data = data = cast(QueryDict, self.data).copy()
            # The page sends it back: so the second save is from somebody who has read the number.
            data[self.add_prefix("lost_bars")] = str(count)
            self.add_error(changed, MESSAGES[changed] % f"{count:,}")
        return found


class PhaseFilter(RowFilter):
    """Keep the instruments that are halted, or those that are not."""

    title = "trading"
    parameter_name = "halted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the choices."""
        return [("yes", "Halted"), ("no", "Not halted")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Keep the chosen ones."""
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(halt_reason__isnull=self.value() == "no")


class InstrumentAdmin(MarketAdmin):
    """Instruments, with buttons for those who may halt and resume them."""

    commands = INSTRUMENT_COMMANDS
    action_form = InstrumentActionForm
    form = InstrumentForm
    actions = ("halt", "resume")
    list_display = ("symbol", "phase", "name", "sector", "feed_state", "price", "step", "lot")
    list_filter = (PhaseFilter, "feed", "sector")
    list_select_related = ("feed",)
    search_fields = ("symbol", "name", "sector")
    fields = (
        "feed",
        "symbol",
        "phase",
        "name",
        "sector",
        "tick_size",
        "reference_price",
        "lot_size",
        "volatility",
        "activity",
        "lost_bars",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Instrument]:
        """Add the reason of the open halt, null when there is none."""
        halt = Halt.objects.filter(instrument=OuterRef("pk"), ended_at=None).values("reason")[:1]
        rows: QuerySet[Instrument] = super().get_queryset(request)
        return rows.annotate(halt_reason=Subquery(halt))

    def get_readonly_fields(
        self,
        request: HttpRequest,  # noqa: ARG002
        obj: Instrument | None = None,
    ) -> tuple[str, ...]:
        """Keep feed and symbol of a row: with others it would be another instrument."""
        return ("phase",) if obj is None else ("feed", "symbol", "phase")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let only those who may resume delete a halted instrument: its deletion ends the halt."""
        is_allowed = super().has_delete_permission(request, obj)
        if obj is None or self.has_operate_permission(request):
            return is_allowed
        return is_allowed and not obj.halts.filter(ended_at=None).exists()

    def save_model(self, request: HttpRequest, obj: Instrument, form: Any, change: bool) -> None:  # noqa: ARG002
        """Save through the service."""
        is_confirmed = bool(form.cleaned_data.get("lost_bars"))
        save_instrument(obj, actor=actor_of(request), deletes_bars=is_confirmed)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Instrument]) -> None:
        """Delete them at once: there may be thousands."""
        delete_instruments(queryset, actor=actor_of(request))

    @admin.display(description="Phase", ordering=F("halt_reason").asc(nulls_last=True))
    def phase(self, instrument: Any) -> str:
        """Return the phase, and the reason of a halt."""
        reason = getattr(instrument, "halt_reason", None)
        # The page of a new instrument shows the phase as well.
        if instrument.feed_id is None:
            return "-"
        segment = instrument.feed.schedule().at(SystemClock().now_ms()).segment
        state = FeedState(instrument.feed.state)
        phase = phase_of(state, segment, is_halted=reason is not None)
        name = phase.replace("_", "-").capitalize()
        return name if reason is None else f"{name}: {reason}"

    @admin.display(description="Feed", ordering="feed")
    def feed_state(self, instrument: Instrument) -> SafeString:
        """Return the feed with its state."""
        return named_state(instrument.feed)

    @admin.display(description="Price", ordering="reference_price")
    def price(self, instrument: Instrument) -> str:
        """Return the reference price with the decimals of the tick size."""
        decimals = instrument.definition().decimals
        return f"{instrument.reference_price:,.{decimals}f}"

    @admin.display(description="Tick", ordering="tick_size")
    def step(self, instrument: Instrument) -> str:
        """Return the tick size without the zeros that the database adds."""
        return f"{instrument.tick_size.normalize():f}"

    @admin.display(description="Lot", ordering="lot_size")
    def lot(self, instrument: Instrument) -> str:
        """Return the lot size without the zeros that the database adds."""
        return f"{instrument.lot_size.normalize():f}"

    @admin.action(permissions=["operate"], description="Halt selected instruments")
    def halt(self, request: HttpRequest, queryset: QuerySet[Instrument]) -> None:
        """Halt them."""
        self.operate(request, "halt", queryset)

    @admin.action(permissions=["operate"], description="Resume selected instruments")
    def resume(self, request: HttpRequest, queryset: QuerySet[Instrument]) -> None:
        """Resume them."""
        self.operate(request, "resume", queryset)
