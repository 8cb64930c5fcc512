"""The rows of the market: what admins want it to be. Rows are the truth; the engine follows.

Must not write (services do), know sockets, or be imported by pure rooms. Django looks here for all
of them, whatever their module.
"""

from feeds.models.audit import AuditEntry, AuditSubject
from feeds.models.bars import FormerBar, StoredBar
from feeds.models.checkpoints import MarketCheckpoint
from feeds.models.entitlements import Entitlement
from feeds.models.feeds import Feed
from feeds.models.instruments import Halt, Instrument
from feeds.models.interventions import Intervention, Scenario, ScenarioStep
from feeds.models.pending_imports import PendingImport
from feeds.models.realism import RealismDay
from feeds.models.recordings import Played, Recording

__all__ = [
    "AuditEntry",
    "AuditSubject",
    "Entitlement",
    "Feed",
    "FormerBar",
    "Halt",
    "Instrument",
    "Intervention",
    "MarketCheckpoint",
    "PendingImport",
    "Played",
    "RealismDay",
    "Recording",
    "Scenario",
    "ScenarioStep",
    "StoredBar",
]
