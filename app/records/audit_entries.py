"""What entries of the audit trail tell of the installation: one class for each kind."""

from dataclasses import dataclass

from app.records.audit_kinds import AuditEntry, AuditKind


@dataclass(frozen=True, kw_only=True)
class MailFailed(AuditEntry):
    """A mail could not be delivered."""

    kind = AuditKind.MAIL_FAILED
    mail: int


@dataclass(frozen=True, kw_only=True)
class MailRetried(AuditEntry):
    """A person had a dead mail tried again."""

    kind = AuditKind.MAIL_RETRIED
    mail: int


@dataclass(frozen=True, kw_only=True)
class MailTested(AuditEntry):
    """A person asked for a test mail."""

    kind = AuditKind.MAIL_TESTED


@dataclass(frozen=True, kw_only=True)
class AlertTested(AuditEntry):
    """A person sent a test alert."""

    kind = AuditKind.ALERT_TESTED


@dataclass(frozen=True, kw_only=True)
class JournalEventUnreadable(AuditEntry):
    """An event of the journal could not be read."""

    kind = AuditKind.JOURNAL_EVENT_UNREADABLE
    seq: int
    fields: list[str]


@dataclass(frozen=True, kw_only=True)
class JournalGap(AuditEntry):
    """Events were pruned from the journal before they were read."""

    kind = AuditKind.JOURNAL_GAP
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class JournalReplaced(AuditEntry):
    """Another journal stands where the one was that had been read."""

    kind = AuditKind.JOURNAL_REPLACED
    offset: int
    last_seq: int


@dataclass(frozen=True, kw_only=True)
class PolicyChanged(AuditEntry):
    """The automation's policy changed."""

    kind = AuditKind.POLICY_CHANGED


@dataclass(frozen=True, kw_only=True)
class AutomationPaused(AuditEntry):
    """A person paused the automation."""

    kind = AuditKind.AUTOMATION_PAUSED


@dataclass(frozen=True, kw_only=True)
class AutomationResumed(AuditEntry):
    """A person let the automation start runs again."""

    kind = AuditKind.AUTOMATION_RESUMED


@dataclass(frozen=True, kw_only=True)
class RunApproved(AuditEntry):
    """A person approved a run."""

    kind = AuditKind.RUN_APPROVED
    approval: str


@dataclass(frozen=True, kw_only=True)
class RunRejected(AuditEntry):
    """A person rejected a run."""

    kind = AuditKind.RUN_REJECTED
    approval: str


@dataclass(frozen=True, kw_only=True)
class MaintenancePlanned(AuditEntry):
    """A person planned maintenance."""

    kind = AuditKind.MAINTENANCE_PLANNED
    window: int


@dataclass(frozen=True, kw_only=True)
class MaintenanceEnded(AuditEntry):
    """A person ended maintenance, or called it off."""

    kind = AuditKind.MAINTENANCE_ENDED
    window: int


@dataclass(frozen=True, kw_only=True)
class HeartbeatCreated(AuditEntry):
    """A person had a job watched."""

    kind = AuditKind.HEARTBEAT_CREATED
    heartbeat: int


@dataclass(frozen=True, kw_only=True)
class HeartbeatChanged(AuditEntry):
    """A person changed how a job is watched."""

    kind = AuditKind.HEARTBEAT_CHANGED
    heartbeat: int


@dataclass(frozen=True, kw_only=True)
class HeartbeatPaused(AuditEntry):
    """A person paused the watch over a job."""

    kind = AuditKind.HEARTBEAT_PAUSED
    heartbeat: int


@dataclass(frozen=True, kw_only=True)
class HeartbeatResumed(AuditEntry):
    """A person had a job watched again."""

    kind = AuditKind.HEARTBEAT_RESUMED
    heartbeat: int


@dataclass(frozen=True, kw_only=True)
class HeartbeatMoved(AuditEntry):
    """A person gave a heartbeat a new address; the old one is dead."""

    kind = AuditKind.HEARTBEAT_MOVED
    heartbeat: int


@dataclass(frozen=True, kw_only=True)
class HeartbeatDeleted(AuditEntry):
    """A person ended the watch over a job."""

    kind = AuditKind.HEARTBEAT_DELETED
    heartbeat: int


@dataclass(frozen=True, kw_only=True)
class _OfAChain(AuditEntry):
    """What was done to an escalation chain."""

    chain: int


@dataclass(frozen=True, kw_only=True)
class ChainCreated(_OfAChain):
    """A person made an escalation chain."""

    kind = AuditKind.CHAIN_CREATED


@dataclass(frozen=True, kw_only=True)
class ChainChanged(_OfAChain):
    """A person changed an escalation chain."""

    kind = AuditKind.CHAIN_CHANGED


@dataclass(frozen=True, kw_only=True)
class ChainDeleted(_OfAChain):
    """A person deleted an escalation chain."""

    kind = AuditKind.CHAIN_DELETED


@dataclass(frozen=True, kw_only=True)
class RoutesChanged(AuditEntry):
    """A person changed which incidents go to which chain."""

    kind = AuditKind.ROUTES_CHANGED
    route: int
