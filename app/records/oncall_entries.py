"""What entries of the audit trail tell of teams and schedules: one class for each kind."""

from dataclasses import dataclass

from app.records.audit_kinds import AuditEntry, AuditKind


@dataclass(frozen=True, kw_only=True)
class _OfATeam(AuditEntry):
    """What concerns one team."""

    team: int


@dataclass(frozen=True, kw_only=True)
class _OfASchedule(AuditEntry):
    """What concerns one schedule."""

    schedule: int


@dataclass(frozen=True, kw_only=True)
class TeamCreated(_OfATeam):
    """A person made a team."""

    kind = AuditKind.TEAM_CREATED


@dataclass(frozen=True, kw_only=True)
class TeamChanged(_OfATeam):
    """A person changed a team's name, lead or members."""

    kind = AuditKind.TEAM_CHANGED


@dataclass(frozen=True, kw_only=True)
class TeamDeleted(_OfATeam):
    """A person deleted a team."""

    kind = AuditKind.TEAM_DELETED


@dataclass(frozen=True, kw_only=True)
class ScheduleCreated(_OfASchedule):
    """A person made a schedule."""

    kind = AuditKind.SCHEDULE_CREATED


@dataclass(frozen=True, kw_only=True)
class ScheduleChanged(_OfASchedule):
    """A person changed a schedule's name, team or time zone."""

    kind = AuditKind.SCHEDULE_CHANGED


@dataclass(frozen=True, kw_only=True)
class ScheduleDeleted(_OfASchedule):
    """A person deleted a schedule."""

    kind = AuditKind.SCHEDULE_DELETED


@dataclass(frozen=True, kw_only=True)
class LayerChanged(_OfASchedule):
    """A person added, changed or removed a layer."""

    kind = AuditKind.LAYER_CHANGED
    layer: int


@dataclass(frozen=True, kw_only=True)
class OverrideMade(_OfASchedule):
    """A person took over, or had somebody take over."""

    kind = AuditKind.OVERRIDE_MADE
    override: int


@dataclass(frozen=True, kw_only=True)
class OverrideEnded(_OfASchedule):
    """A person ended an override, or called it off."""

    kind = AuditKind.OVERRIDE_ENDED
    override: int
