"""What the worker tells people of their schedules: the lead of gaps a week ahead, both sides of a handover.

Each schedule is looked at under the lock of its row, and what is told is noted in the transaction of the
messages: so several workers tell everything once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from threading import Event

import structlog
from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from app.clock import now
from app.database import transaction
from app.extensions import db
from app.formats import exact
from app.notify import people
from app.notify.people import Message
from app.oncall import overview, queries, summary
from app.oncall.layer import WEEK_DAYS, Shift
from app.oncall.walltime import shown
from app.records.accounts import User
from app.records.channels import Urgency
from app.records.oncall import GapNotice, Schedule, Team
from contract.text import one_line

log = structlog.get_logger()

LOOK_EVERY_S = 60.0
AHEAD = timedelta(weeks=1)
"""How long before a gap its lead is told."""
KNOWN_FOR = timedelta(weeks=5)
"""A gap that has not come back for so long is told of anew."""
BACK = timedelta(days=1)
"""A handover of longer ago is history: the worker was away."""
LONGEST_SHIFT = timedelta(days=31)
MOST_NAMED = 10
MOMENT = timedelta(microseconds=1)
MINUTES_OF_DAY = 24 * 60


def run(stop: Event) -> None:
    """Look until told to stop."""
    while not stop.is_set():
        try:
            look()
        except SQLAlchemyError as error:
            log.warning("schedules_not_looked_at", error=type(error).__name__)
        stop.wait(LOOK_EVERY_S)


def look() -> None:
    """Tell what there is to tell."""
    moment = now()
    ids = [
        schedule.id
        for schedule in queries.everything()
        if _new_gaps(schedule, moment) or schedule.handed_over_at is None or _handover(schedule, moment)
    ]
    db.session.rollback()  # between two looks an open transaction would hold up migrations and restores
    for schedule_id in ids:
        with transaction():
            schedule = queries.get(schedule_id, is_locked=True)
            _tell_of_gaps(schedule, moment)
            _tell_of_handover(schedule, moment)


def _tell_of_gaps(schedule: Schedule, moment: datetime) -> None:
    lead = _lead(schedule)
    found = _new_gaps(schedule, moment)
    if lead is None or not found:
        return
    for gap in found:
        notice = _notice(schedule, gap)
        notice.starts_at = gap.starts_at
        db.session.add(notice)
        db.session.flush()
    zone = lead.timezone
    lines = [f"From {exact(gap.starts_at, zone)} to {_end(gap, moment, zone)}." for gap in found[:MOST_NAMED]]
    if len(found) > MOST_NAMED:
        lines.append(f"And {len(found) - MOST_NAMED} more.")
    message = Message(
        subject=f"[OIMS] Nobody is on call: {one_line(schedule.name, len(schedule.name))}",
        sentences=("In the coming week nobody is on call for a time.", *lines, "Each gap is told of once."),
        why=f"you lead the team of schedule {schedule.name}",
        link=_link(schedule),
        link_word="Open the schedule",
    )
    people.notify(lead.id, Urgency.LOW, message, reference=f"gaps of schedule {schedule.id}")
    log.info("gaps_told", schedule=schedule.id, gaps=len(found))


def _new_gaps(schedule: Schedule, moment: datetime) -> Sequence[Shift]:
    """Return the gaps that begin within a week and that the lead was not told of; none without a lead."""
    if _lead(schedule) is None:
        return []
    line = overview.line(schedule.id, moment, moment + overview.AHEAD, moment)
    coming = [gap for gap in line if not gap.people and moment < gap.starts_at <= moment + AHEAD]
    return [gap for gap in coming if not _is_known(schedule, gap)]


def _is_known(schedule: Schedule, gap: Shift) -> bool:
    """Say whether a gap at this time of the week was told of; what comes back each week is told once."""
    notice = _notice(schedule, gap)
    return notice.id is not None and gap.starts_at - notice.starts_at <= KNOWN_FOR


def _notice(schedule: Schedule, gap: Shift) -> GapNotice:
    """Return the notice of a gap's kind, or a new one."""
    clock = shown(gap.starts_at, schedule.zone)
    minute = clock.weekday() * MINUTES_OF_DAY + clock.hour * 60 + clock.minute
    length_s = int((gap.ends_at - gap.starts_at).total_seconds())
    length_s = length_s if length_s < WEEK_DAYS * MINUTES_OF_DAY * 60 else 0
    statement = select(GapNotice).where(
        GapNotice.schedule_id == schedule.id, GapNotice.minute == minute, GapNotice.length_s == length_s
    )
    found = db.session.scalar(statement)
    return found or GapNotice(schedule_id=schedule.id, minute=minute, length_s=length_s)


def _tell_of_handover(schedule: Schedule, moment: datetime) -> None:
    found = _handover(schedule, moment)
    schedule.handed_over_at = moment if found is None else found[1].starts_at
    if found is None:
        return
    before, after = found
    names = queries.names({*before.people, *after.people})
    told = summary.of(before.starts_at, after.starts_at)
    message = Message(
        subject=f"[OIMS] Handover: {one_line(schedule.name, len(schedule.name))}",
        sentences=(f"{_named(before, names)} handed over to {_named(after, names)}.", *told),
        why=f"you are on call by schedule {schedule.name}, or were until now",
        link=_link(schedule),
        link_word="Open the schedule",
    )
    for person in dict.fromkeys([*before.people, *after.people]):
        people.notify(person, Urgency.LOW, message, reference=f"handover of schedule {schedule.id}")
    log.info("handover_told", schedule=schedule.id)


def _handover(schedule: Schedule, moment: datetime) -> tuple[Shift, Shift] | None:
    """Return the last handover that was not told of: what was before it, and what follows."""
    since = schedule.handed_over_at
    if since is None:
        return None
    since = max(since, moment - BACK)
    begin = max(since - LONGEST_SHIFT, schedule.created_at)
    line = overview.line(schedule.id, begin, moment + MOMENT, moment)
    found = [pair for pair in pairwise(line) if since < pair[1].starts_at <= moment]
    return found[-1] if found else None


def _lead(schedule: Schedule) -> User | None:
    team = db.session.get(Team, schedule.team_id) if schedule.team_id else None
    lead = db.session.get(User, team.lead_id) if team is not None and team.lead_id else None
    return lead if lead is not None and lead.is_active else None


def _named(shift: Shift, names: dict[int, str]) -> str:
    return " and ".join(names.get(person, "somebody") for person in shift.people) or "nobody"


def _end(gap: Shift, moment: datetime, zone: str) -> str:
    is_endless = gap.ends_at >= moment + overview.AHEAD
    return "an end that nothing sets yet" if is_endless else exact(gap.ends_at, zone)


def _link(schedule: Schedule) -> str:
    return f"{current_app.config['SETTINGS'].base_url}/oncall/{schedule.id}"
