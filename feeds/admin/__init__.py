"""The admin of the market: which rows have pages.

Must not write rows or poke anybody: services do.
"""

from django.contrib import admin

from feeds.admin.deletions import delete_selected
from feeds.admin.entitlements import EntitlementAdmin
from feeds.admin.feeds import FeedAdmin
from feeds.admin.instruments import InstrumentAdmin
from feeds.admin.interventions import InterventionAdmin, ScenarioAdmin
from feeds.admin.read_only import AuditEntryAdmin, HaltAdmin
from feeds.admin.recordings import RecordingAdmin
from feeds.models import (
    AuditEntry,
    Entitlement,
    Feed,
    Halt,
    Instrument,
    Intervention,
    Recording,
    Scenario,
)

admin.site.add_action(delete_selected)
admin.site.register(Feed, FeedAdmin)
admin.site.register(Instrument, InstrumentAdmin)
admin.site.register(Entitlement, EntitlementAdmin)
admin.site.register(Recording, RecordingAdmin)
admin.site.register(Scenario, ScenarioAdmin)
admin.site.register(Intervention, InterventionAdmin)
admin.site.register(Halt, HaltAdmin)
admin.site.register(AuditEntry, AuditEntryAdmin)
