"""What entries of the audit trail tell of contact methods and outgoing webhooks: one class for each kind."""

from dataclasses import dataclass

from app.records.audit_kinds import AuditEntry, AuditKind


@dataclass(frozen=True, kw_only=True)
class WebhookCreated(AuditEntry):
    """An administrator added an outgoing webhook."""

    kind = AuditKind.WEBHOOK_CREATED
    webhook: int


@dataclass(frozen=True, kw_only=True)
class WebhookChanged(AuditEntry):
    """An administrator changed an outgoing webhook, or turned it on or off."""

    kind = AuditKind.WEBHOOK_CHANGED
    webhook: int


@dataclass(frozen=True, kw_only=True)
class WebhookSecretMade(AuditEntry):
    """An administrator gave an outgoing webhook a new secret."""

    kind = AuditKind.WEBHOOK_SECRET_MADE
    webhook: int


@dataclass(frozen=True, kw_only=True)
class WebhookDeleted(AuditEntry):
    """An administrator deleted an outgoing webhook."""

    kind = AuditKind.WEBHOOK_DELETED
    webhook: int


@dataclass(frozen=True, kw_only=True)
class WebhookReplayed(AuditEntry):
    """An administrator had a delivery sent once more."""

    kind = AuditKind.WEBHOOK_REPLAYED
    webhook: int
    message: int


@dataclass(frozen=True, kw_only=True)
class MethodAdded(AuditEntry):
    """A person added a contact method."""

    kind = AuditKind.METHOD_ADDED
    method: int


@dataclass(frozen=True, kw_only=True)
class MethodProved(AuditEntry):
    """A person proved a contact method by its code."""

    kind = AuditKind.METHOD_PROVED
    method: int


@dataclass(frozen=True, kw_only=True)
class MethodRemoved(AuditEntry):
    """A person removed a contact method."""

    kind = AuditKind.METHOD_REMOVED
    method: int


@dataclass(frozen=True, kw_only=True)
class MethodEnded(AuditEntry):
    """A browser has ended its subscription; it is used once it is proved again."""

    kind = AuditKind.METHOD_ENDED
    method: int


@dataclass(frozen=True, kw_only=True)
class RulesChosen(AuditEntry):
    """A person chose when to be told by what."""

    kind = AuditKind.RULES_CHOSEN
    user_id: int
