"""What follows from a step: pages, an entry on the timeline, when to look next. Within a transaction."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update

from app.clock import now
from app.escalations import notify as paging
from app.escalations import people, storms
from app.escalations.plan import Plan
from app.escalations.steps import LOOK_AT_LEADER, Notify, Stop, Wait, position
from app.extensions import db
from app.formats import exact
from app.records import timeline
from app.records.accounts import User
from app.records.actors import SYSTEM
from app.records.entries import Paged, PageHeld, PageJoined, PagingEnded
from app.records.escalations import (
    ALLOWED,
    Escalation,
    EscalationAction,
    EscalationState,
    Page,
)
from app.records.incidents import Incident
from contract import limits
from contract.text import one_line

UNTOLD = frozenset({"answer", "joined"})
"""Waits that need no entry: the page before them tells."""


def move(escalation: Escalation, action: EscalationAction) -> None:
    """Make the transition; raises KeyError for one that is not allowed."""
    escalation.state = ALLOWED[escalation.state, action]


def end(escalation: Escalation, incident: Incident, stop: Stop, moment: datetime) -> None:
    """Page nobody any more, and let go of those whom the page told of as well."""
    move(escalation, stop.action)
    escalation.ended_at, escalation.reason = moment, stop.reason
    escalation.latest_at, escalation.next_whom, escalation.why = None, "", ""
    paging.stop(escalation, stop.reason)
    db.session.execute(
        update(Escalation)
        .where(Escalation.joined_to == escalation.id, Escalation.state == EscalationState.JOINED)
        .values(due_at=moment, set_at=moment)
    )
    timeline.record(
        incident.id,
        PagingEnded(outcome=escalation.state, reason=stop.reason),
        SYSTEM,
        _ending(escalation, stop),
    )


def _ending(escalation: Escalation, stop: Stop) -> str:
    if stop.action is EscalationAction.RUN_OUT:
        whose = escalation.whose
        return f"{whose[:1].upper()}{whose[1:]} ended unanswered: {stop.reason}"
    was_paged = escalation.paged_at is not None or escalation.joined_to is not None
    return f"{'Paging ended' if was_paged else 'Nobody was paged'}: {stop.reason}"


def wait(escalation: Escalation, incident: Incident, step: Wait, moment: datetime) -> None:
    """Look again later; the first wait of each kind is told."""
    if escalation.state is EscalationState.JOINED and step.why != "joined":
        _leave(escalation)
    is_new = escalation.why != step.why and step.why not in UNTOLD
    escalation.why, escalation.reason, escalation.latest_at = step.why, step.reason, step.latest
    escalation.next_whom = _next_whom(escalation, moment)
    _look_at(escalation, step.until, moment)
    if is_new:
        held = "Nobody is paged yet" if escalation.paged_at is None else "Nobody else is paged for now"
        whom = escalation.next_whom
        later = f" {whom} is paged at {exact(step.latest)} at the latest." if step.latest and whom else ""
        entry = PageHeld(why=step.why, reason=step.reason)
        timeline.record(incident.id, entry, SYSTEM, f"{held}. {step.reason}{later}")


def notify(escalation: Escalation, incident: Incident, step: Notify, moment: datetime) -> bool:
    """Page the people of a step, or join a page that has just left; say whether an answer may come."""
    if escalation.state is EscalationState.JOINED:
        _leave(escalation)
    if escalation.paged_at is None and not escalation.is_called:
        leader = storms.leader_of(escalation, incident, moment)
        if leader is not None:
            _join(escalation, incident, leader, moment)
            return True
    users = people.of(step.target, moment)
    reached, capped = _page_all(escalation, incident, step, users, moment)
    escalation.round, escalation.step = step.round, step.step + 1
    entry = Paged(
        chain=escalation.chain_name,
        step=step.step + 1,
        round=step.round + 1,
        people=len(reached),
        capped=len(capped),
    )
    timeline.record(incident.id, entry, SYSTEM, _told(escalation, step, users, reached, capped))
    if not reached and not capped:
        return False
    move(escalation, EscalationAction.PAGE)
    escalation.paged_at = escalation.paged_at or moment
    escalation.step_at = moment + step.wait
    escalation.why, escalation.reason = "answer", "An answer is waited for."
    escalation.latest_at = escalation.step_at
    escalation.next_whom = _next_whom(escalation, escalation.step_at)
    _look_at(escalation, escalation.step_at, moment)
    return True


def _page_all(
    escalation: Escalation, incident: Incident, step: Notify, users: Sequence[User], moment: datetime
) -> tuple[list[User], list[User]]:
    """Page people; return those who are, and those who were paged too often. The others have no way."""
    reached, capped = [], []
    is_urgent = escalation.is_called or Plan.model_validate(escalation.plan).is_urgent(incident.severity)
    for user in users:
        key, is_sent = secrets.token_hex(16), storms.may_be_paged(user.id, moment)
        if not is_sent:
            capped.append(user)
        elif paging.page(
            user,
            incident,
            escalation,
            key=key,
            why=f"{step.reason} of {escalation.whose} names you",
            more=storms.more(escalation, moment),
            is_urgent=is_urgent,
        ):
            reached.append(user)
        else:
            continue
        db.session.add(
            Page(
                escalation_id=escalation.id,
                incident_id=incident.id,
                user_id=user.id,
                at=moment,
                round=step.round,
                step=step.step,
                is_sent=is_sent,
                key=key,
            )
        )
    return reached, capped


def _told(
    escalation: Escalation,
    step: Notify,
    users: Sequence[User],
    reached: Sequence[User],
    capped: Sequence[User],
) -> str:
    where = f"{step.reason} of {escalation.whose}"
    if not users:
        return f"Nobody to page at {where}: {people.name(step.target)} {people.NOBODY[step.target.kind]}."
    parts = [f"Paged {_names(reached)}"] if reached else []
    if capped:
        pages = "1 page" if storms.cap() == 1 else f"{storms.cap()} pages"
        verb = "is" if len(capped) == 1 else "are"
        parts.append(f"{_names(capped)} had {pages} within the hour and {verb} not paged again")
    if not parts:
        return f"Nobody is paged at {where}: this installation has no way to reach {_names(users)}."
    more = storms.more(escalation, now())
    return f"{'; '.join(parts)}: {where}{f' (+ {more} more)' if more else ''}."


def _names(users: Sequence[User]) -> str:
    return one_line(", ".join(user.name for user in users), limits.SENTENCE)


def _join(escalation: Escalation, incident: Incident, leader: Escalation, moment: datetime) -> None:
    move(escalation, EscalationAction.JOIN)
    escalation.joined_to = leader.id
    escalation.why, escalation.reason = "joined", f"The page about incident {leader.incident_id} tells of it."
    escalation.latest_at, escalation.next_whom = None, ""
    _look_at(escalation, moment + LOOK_AT_LEADER, moment)
    timeline.record(
        incident.id,
        PageJoined(incident=leader.incident_id),
        SYSTEM,
        f"Nobody is paged anew: the page about incident {leader.incident_id} tells of it.",
    )


def _leave(escalation: Escalation) -> None:
    """Have pages of its own again."""
    move(escalation, EscalationAction.LEAVE)
    escalation.joined_to = None


def _look_at(escalation: Escalation, at: datetime, moment: datetime) -> None:
    escalation.due_at, escalation.set_at = at, moment


def _next_whom(escalation: Escalation, at: datetime) -> str:
    """Return whom the next page is for, as things stand now."""
    step = position(escalation, at)
    if isinstance(step, Stop):
        return ""
    users = people.of(step.target, at)
    return one_line(", ".join(user.name for user in users), limits.NAME) if users else ""
