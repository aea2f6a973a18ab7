"""Overrides: somebody takes over for a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.accounts import service as accounts
from app.clock import now
from app.database import transaction
from app.errors import FieldError, InvalidInput, InvalidTransition, NotFound
from app.extensions import db
from app.formats import exact
from app.oncall import queries
from app.paging import MAX_ID
from app.records import audit
from app.records.actors import Actor
from app.records.oncall import Override
from app.records.oncall_entries import OverrideEnded, OverrideMade
from app.text import entered
from contract import limits
from contract.text import one_line

LONGEST = timedelta(days=limits.OVERRIDE_DAYS)
FURTHEST = timedelta(days=2 * 366)


@dataclass(frozen=True, kw_only=True)
class OverridePlan:
    """Who takes over from when to when, from whom, and why; without ``instead_of`` from all."""

    person_id: int
    starts_at: datetime
    ends_at: datetime
    instead_of_id: int | None = None
    reason: str = ""


def make(schedule_id: int, plan: OverridePlan, *, actor: Actor) -> Override:
    """Have somebody take over; what began in the past begins now.

    Raises:
        NotFound: there is no such schedule.
        InvalidInput: the times make no override, somebody can't be on call, or there are too many.

    """
    moment = now()
    starts_at = max(plan.starts_at, moment)
    _check(plan, starts_at, moment)
    with transaction():
        schedule = queries.get(schedule_id, is_locked=True)
        unended = select(func.count()).select_from(Override)
        unended = unended.where(Override.schedule_id == schedule_id, Override.ends_at > moment)
        if (db.session.scalar(unended) or 0) >= limits.OVERRIDES:
            raise InvalidInput(f"A schedule has at most {limits.OVERRIDES} overrides that are not over.")
        override = Override(
            schedule_id=schedule_id,
            user_id=plan.person_id,
            instead_of_id=plan.instead_of_id,
            starts_at=starts_at,
            ends_at=plan.ends_at,
            reason=one_line(entered("reason", plan.reason, limits.COMMENT)),
            created_by=actor.name,
            created_by_id=actor.user_id,
        )
        db.session.add(override)
        db.session.flush()
        taker = queries.names([plan.person_id])[plan.person_id]
        summary = f"{actor.name} had {taker} take over schedule {schedule.id}, {schedule.name}, from "
        summary += f"{exact(starts_at)} to {exact(plan.ends_at)}"
        audit.record(OverrideMade(schedule=schedule.id, override=override.id), actor, summary)
    return override


def end(override_id: int, *, actor: Actor) -> int:
    """End an override now, or call off one that has not begun; return the schedule's id.

    Raises:
        NotFound: there is none with this id.
        InvalidTransition: it is over already.

    """
    with transaction():
        override = None
        if override_id <= MAX_ID:
            override = db.session.get(Override, override_id, with_for_update=True)
        if override is None:
            raise NotFound(f"There is no override {override_id}.")
        moment, schedule_id = now(), override.schedule_id
        if override.ends_at <= moment:
            raise InvalidTransition("This override is over already.")
        if override.starts_at >= moment:
            db.session.delete(override)
        else:
            override.ends_at = moment
        summary = f"{actor.name} ended override {override_id} of schedule {schedule_id}"
        audit.record(OverrideEnded(schedule=schedule_id, override=override_id), actor, summary)
    return schedule_id


def _check(plan: OverridePlan, starts_at: datetime, moment: datetime) -> None:
    errors: list[FieldError] = []
    if plan.ends_at <= starts_at:
        is_over = plan.ends_at <= moment
        message = "This time is over already." if is_over else "The end must be after the start."
        errors.append({"field": "ends_at", "message": message})
    elif plan.ends_at - starts_at > LONGEST:
        errors.append({"field": "ends_at", "message": f"An override lasts at most {LONGEST.days} days."})
    if starts_at > moment + FURTHEST:
        errors.append({"field": "starts_at", "message": "This is more than two years ahead."})
    if plan.person_id not in {person.id for person in accounts.assignable()}:
        errors.append({"field": "person", "message": "Choose somebody who can be on call."})
    if plan.instead_of_id is not None and plan.instead_of_id not in queries.names([plan.instead_of_id]):
        errors.append({"field": "instead_of", "message": "There is no such person."})
    elif plan.instead_of_id == plan.person_id:
        errors.append({"field": "instead_of", "message": "Nobody can take over from themselves."})
    if errors:
        raise InvalidInput(errors[0]["message"], errors)
