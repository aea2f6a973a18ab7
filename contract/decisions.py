"""What automation can decide about an open episode, in the words that automation and app share."""

from enum import StrEnum


class DecisionKind(StrEnum):
    """The three things that can be decided."""

    RUN = "run"
    DEFERRED = "deferred"
    DECLINED = "declined"


class Reason(StrEnum):
    """Why not now (these pass) or not at all (these are final)."""

    COOLDOWN = "cooldown"
    TARGET_LOCKED = "target_locked"
    ROLLING_OUT = "rolling_out"
    TARGET_UNKNOWN = "target_unknown"
    TARGET_BUDGET = "target_budget"
    GLOBAL_BUDGET = "global_budget"
    MAINTENANCE = "maintenance"
    PAUSED = "paused"
    AWAITING_APPROVAL = "awaiting_approval"

    NOT_IN_POLICY = "not_in_policy"
    MODE_OFF = "mode_off"
    SHADOW = "shadow"
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    ALREADY_RESOLVED = "already_resolved"
    INVALID_TARGET = "invalid_target"
    MANAGED_ELSEWHERE = "managed_elsewhere"
    FLAPPING = "flapping"
    TOO_OLD = "too_old"
    APPROVAL_REJECTED = "approval_rejected"
    APPROVAL_EXPIRED = "approval_expired"
