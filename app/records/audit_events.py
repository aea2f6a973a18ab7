"""What entries of the audit trail tell of the installation: one class for each kind."""

from dataclasses import dataclass

from app.records.audit_kinds import AuditFacts, AuditKind


@dataclass(frozen=True, kw_only=True)
class MailFailed(AuditFacts):
    """A mail could not be delivered."""

    kind = AuditKind.MAIL_FAILED
    mail: int


@dataclass(frozen=True, kw_only=True)
class MailRetried(AuditFacts):
    """A person had a dead mail tried again."""

    kind = AuditKind.MAIL_RETRIED
    mail: int


@dataclass(frozen=True, kw_only=True)
class MailTested(AuditFacts):
    """A person asked for a test mail."""

    kind = AuditKind.MAIL_TESTED


@dataclass(frozen=True, kw_only=True)
class AlertTested(AuditFacts):
    """A person sent a test alert."""

    kind = AuditKind.ALERT_TESTED


@dataclass(frozen=True, kw_only=True)
class JournalEventUnreadable(AuditFacts):
    """An event of the journal could not be read."""

    kind = AuditKind.JOURNAL_EVENT_UNREADABLE
    seq: int
    fields: list[str]


@dataclass(frozen=True, kw_only=True)
class JournalGap(AuditFacts):
    """Events were pruned from the journal before they were read."""

    kind = AuditKind.JOURNAL_GAP
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class JournalReplaced(AuditFacts):
    """Another journal stands where the one was that had been read."""

    kind = AuditKind.JOURNAL_REPLACED
    offset: int
    last_seq: int


@dataclass(frozen=True, kw_only=True)
class PolicyChanged(AuditFacts):
    """The automation's policy changed."""

    kind = AuditKind.POLICY_CHANGED


@dataclass(frozen=True, kw_only=True)
class AutomationPaused(AuditFacts):
    """A person paused the automation."""

    kind = AuditKind.AUTOMATION_PAUSED


@dataclass(frozen=True, kw_only=True)
class AutomationResumed(AuditFacts):
    """A person let the automation start runs again."""

    kind = AuditKind.AUTOMATION_RESUMED


@dataclass(frozen=True, kw_only=True)
class RunApproved(AuditFacts):
    """A person approved a run."""

    kind = AuditKind.RUN_APPROVED
    approval: str


@dataclass(frozen=True, kw_only=True)
class RunRejected(AuditFacts):
    """A person rejected a run."""

    kind = AuditKind.RUN_REJECTED
    approval: str


@dataclass(frozen=True, kw_only=True)
class MaintenancePlanned(AuditFacts):
    """A person planned maintenance."""

    kind = AuditKind.MAINTENANCE_PLANNED
    window: int


@dataclass(frozen=True, kw_only=True)
class MaintenanceEnded(AuditFacts):
    """A person ended maintenance, or called it off."""

    kind = AuditKind.MAINTENANCE_ENDED
    window: int
