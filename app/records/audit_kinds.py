"""The kinds of entries of the audit trail."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from app.records.facts import Facts


class AuditKind(StrEnum):
    """What an entry of the audit trail tells."""

    MAIL_FAILED = "mail_failed"
    MAIL_RETRIED = "mail_retried"
    MAIL_TESTED = "mail_tested"
    MAILS_CHOSEN = "mails_chosen"
    ALERT_TESTED = "alert_tested"
    JOURNAL_EVENT_UNREADABLE = "journal_event_unreadable"
    JOURNAL_GAP = "journal_gap"
    JOURNAL_REPLACED = "journal_replaced"
    POLICY_CHANGED = "policy_changed"
    AUTOMATION_PAUSED = "automation_paused"
    AUTOMATION_RESUMED = "automation_resumed"
    RUN_APPROVED = "run_approved"
    RUN_REJECTED = "run_rejected"
    MAINTENANCE_PLANNED = "maintenance_planned"
    MAINTENANCE_ENDED = "maintenance_ended"
    HEARTBEAT_CREATED = "heartbeat_created"
    HEARTBEAT_CHANGED = "heartbeat_changed"
    HEARTBEAT_PAUSED = "heartbeat_paused"
    HEARTBEAT_RESUMED = "heartbeat_resumed"
    HEARTBEAT_MOVED = "heartbeat_moved"
    HEARTBEAT_DELETED = "heartbeat_deleted"
    TEAM_CREATED = "team_created"
    TEAM_CHANGED = "team_changed"
    TEAM_DELETED = "team_deleted"
    SCHEDULE_CREATED = "schedule_created"
    SCHEDULE_CHANGED = "schedule_changed"
    SCHEDULE_DELETED = "schedule_deleted"
    LAYER_CHANGED = "layer_changed"
    OVERRIDE_MADE = "override_made"
    OVERRIDE_ENDED = "override_ended"
    WEBHOOK_CREATED = "webhook_created"
    WEBHOOK_CHANGED = "webhook_changed"
    WEBHOOK_SECRET_MADE = "webhook_secret_made"  # noqa: S105 - a word, no secret
    WEBHOOK_DELETED = "webhook_deleted"
    WEBHOOK_REPLAYED = "webhook_replayed"
    METHOD_ADDED = "method_added"
    METHOD_PROVED = "method_proved"
    METHOD_REMOVED = "method_removed"
    METHOD_ENDED = "method_ended"
    RULES_CHOSEN = "rules_chosen"
    CHAIN_CREATED = "chain_created"
    CHAIN_CHANGED = "chain_changed"
    CHAIN_DELETED = "chain_deleted"
    ROUTES_CHANGED = "routes_changed"
    INVITED = "invited"
    INVITATION_WITHDRAWN = "invitation_withdrawn"
    REGISTRATION_ASKED = "registration_asked"
    USER_CREATED = "user_created"
    USER_RENAMED = "user_renamed"
    ROLE_CHANGED = "role_changed"
    STATUS_CHANGED = "status_changed"
    ACCOUNT_LINKED = "account_linked"
    LOGIN = "login"
    LOGIN_FAILED = "login_failed"
    LOGOUT = "logout"
    SIGNED_OUT = "signed_out"
    SECOND_STEP = "second_step"
    SECOND_STEP_FAILED = "second_step_failed"
    ATTEMPTS_REFUSED = "attempts_refused"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a word, no secret
    PASSWORD_RESET_ASKED = "password_reset_asked"  # noqa: S105 - a word, no secret
    FACTOR_ADDED = "factor_added"
    FACTOR_REMOVED = "factor_removed"
    FACTORS_RESET = "factors_reset"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    RECOVERY_CODE_USED = "recovery_code_used"
    PASSKEY_REFUSED = "passkey_refused"
    TOKEN_CREATED = "token_created"  # noqa: S105 - a word, no secret
    TOKEN_KEPT = "token_kept"  # noqa: S105 - a word, no secret
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - a word, no secret


@dataclass(frozen=True, kw_only=True)
class AuditEntry(Facts):
    """One entry of the audit trail."""

    kind: ClassVar[AuditKind]
