"""Reading incidents: lists by key on covering indexes, one incident, its timeline."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, String, and_, case, cast, exists, func, not_, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from app import paging
from app.errors import NotFound
from app.extensions import db
from app.paging import MAX_ID, MAX_PAGE_SIZE, PAGE_SIZE, Page
from app.records import timeline_order
from app.records.alerts import AlertEvent
from app.records.incidents import Incident, Source, TimelineEvent
from app.records.lifecycle import State
from app.severities import Severity
from contract.matchers import InvalidMatchersError, Matcher, Op, read

UNRESOLVED = (State.OPEN, State.ACKNOWLEDGED)


@dataclass(frozen=True)
class Filters:
    """What a list shows; empty means everything."""

    states: Sequence[State] = ()
    severities: Sequence[Severity] = ()
    source: Source | None = None
    owner_id: int | None = None
    is_unowned: bool = False
    text: str = ""
    service: str = ""
    label: tuple[str, str] | None = None
    matchers: Sequence[Matcher] = ()
    since: datetime | None = None
    until: datetime | None = None
    fingerprint: str = ""
    episode: str = ""
    alertname: str = ""


def get(incident_id: int) -> Incident:
    """Return one incident.

    Raises:
        NotFound: there is none with this id.

    """
    incident = find(incident_id)
    if incident is None:
        raise NotFound(f"There is no incident {incident_id}.")
    return incident


def find(incident_id: int) -> Incident | None:
    """Return one incident, or nothing."""
    return db.session.get(Incident, incident_id) if 0 < incident_id <= MAX_ID else None


def page(filters: Filters, *, after: str | None = None, limit: int = PAGE_SIZE) -> Page[Incident]:
    """Return incidents, newest first, that come after the cursor ``after``.

    Raises:
        InvalidInput: the cursor is not one of ours.

    """
    statement = select(Incident).where(*_conditions(filters))
    return paging.newest_first(statement, Incident.id, after=after, limit=limit)


def worst_first(filters: Filters, *, limit: int = MAX_PAGE_SIZE) -> Sequence[Incident]:
    """Return unresolved incidents, worst and oldest first, for the top of the list page."""
    rank = case(
        {severity.value: place for place, severity in enumerate(Severity)},
        value=cast(Incident.severity, String),
    )
    statement = (
        select(Incident)
        .where(Incident.state.in_(UNRESOLVED), *_conditions(filters))
        .order_by(rank, Incident.opened_at, Incident.id)
        .limit(limit)
    )
    return db.session.scalars(statement).all()


def count(filters: Filters) -> int:
    """Return how many incidents there are of this kind."""
    return db.session.scalar(select(func.count()).select_from(Incident).where(*_conditions(filters))) or 0


def timeline(incident_id: int, *, after_id: int = 0, limit: int = 1000) -> Sequence[TimelineEvent]:
    """Return an incident's events in the order in which they happened, each after its cause."""
    statement = (
        select(TimelineEvent)
        .where(TimelineEvent.incident_id == incident_id, TimelineEvent.id > after_id)
        .order_by(timeline_order.PLACE, TimelineEvent.id)
        .limit(limit)
    )
    return db.session.scalars(statement).all()


def timeline_page(
    incident_id: int, *, after: str | None = None, limit: int = PAGE_SIZE
) -> Page[TimelineEvent]:
    """Return events in the order in which they were recorded, after the cursor ``after``.

    Raises:
        InvalidInput: the cursor is not one of ours.

    """
    statement = (
        select(TimelineEvent)
        .where(TimelineEvent.incident_id == incident_id)
        .where(TimelineEvent.id > (paging.number(after) if after else 0))
        .order_by(TimelineEvent.id)
    )
    return paging.first(statement, [TimelineEvent.id], limit)


def timeline_since(incident_id: int, seen_at: datetime, *, limit: int = 20) -> Sequence[TimelineEvent]:
    """Return what happened to an incident after somebody saw it, oldest first."""
    statement = (
        select(TimelineEvent)
        .where(TimelineEvent.incident_id == incident_id, TimelineEvent.at > seen_at)
        .order_by(timeline_order.PLACE, TimelineEvent.id)
        .limit(limit)
    )
    return db.session.scalars(statement).all()


def counts() -> dict[tuple[State, Severity], int]:
    """Return how many incidents there are per state and severity."""
    rows = db.session.execute(
        select(Incident.state, Incident.severity, func.count()).group_by(Incident.state, Incident.severity),
    )
    return {(state, severity): count for state, severity, count in rows}


def latest_for(fingerprint: str, identity: str) -> Incident | None:
    """Return the newest incident of this alert, or of the same trouble, whatever its state."""
    newest = [
        select(func.max(Incident.id)).where(Incident.fingerprint == fingerprint).scalar_subquery(),
        select(func.max(Incident.id)).where(Incident.identity == identity).scalar_subquery(),
    ]
    return db.session.scalar(
        select(Incident).where(Incident.id.in_(newest)).order_by(Incident.id.desc()).limit(1)
    )


def newest(column: InstrumentedAttribute[str | None], values: Collection[str]) -> dict[str, int]:
    """Return the id of the newest incident for each of these values that there is."""
    statement = select(column, func.max(Incident.id)).where(column.in_(values)).group_by(column)
    return {value: newest_id for value, newest_id in db.session.execute(statement) if value is not None}


def still_firing(incident: Incident, *, besides: str) -> Sequence[AlertEvent]:
    """Return the newest event of each alert of an incident that fires, the newest first, but for one."""
    newest = (
        select(func.max(AlertEvent.seq))
        .where(AlertEvent.incident_id == incident.id, AlertEvent.fingerprint != besides)
        .group_by(AlertEvent.fingerprint)
    )
    statement = select(AlertEvent).where(
        AlertEvent.incident_id == incident.id, AlertEvent.seq.in_(newest), AlertEvent.status == "firing"
    )
    return db.session.scalars(statement.order_by(AlertEvent.seq.desc())).all()


def of_episode(episode: str) -> Incident | None:
    """Return the incident an alert episode belongs to."""
    return db.session.scalar(
        select(Incident)
        .join(AlertEvent, AlertEvent.incident_id == Incident.id)
        .where(AlertEvent.episode == episode)
        .order_by(AlertEvent.seq.desc())
        .limit(1),
    )


def of_episodes(episodes: Collection[str]) -> dict[str, int]:
    """Return the id of the incident of each of these episodes that has one."""
    statement = (
        select(AlertEvent.episode, AlertEvent.incident_id)
        .where(AlertEvent.episode.in_(episodes), AlertEvent.incident_id.is_not(None))
        .order_by(AlertEvent.seq)
    )
    return {episode: found for episode, found in db.session.execute(statement) if found is not None}


def last_resolved_at() -> datetime | None:
    """Return when the last incident was resolved, for the empty list's words."""
    return db.session.scalar(select(func.max(Incident.resolved_at)))


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    given = (
        (filters.states, Incident.state.in_(filters.states)),
        (filters.severities, Incident.severity.in_(filters.severities)),
        (filters.source, Incident.source == filters.source),
        (filters.owner_id is not None, Incident.owner_id == filters.owner_id),
        (filters.is_unowned, Incident.owner_id.is_(None)),
        (filters.service, Incident.service == filters.service),
        (filters.fingerprint, Incident.fingerprint == filters.fingerprint),
        (filters.episode, Incident.episode == filters.episode),
        (filters.alertname, Incident.alertname == filters.alertname),
    )
    conditions: list[ColumnElement[bool]] = [condition for is_asked, condition in given if is_asked]
    if filters.label:
        conditions.append(_has_label(*filters.label))
    for matcher in filters.matchers:
        has_it = _has_label(matcher.name, matcher.value)
        conditions.append(not_(has_it) if matcher.op.is_negative else has_it)
    if filters.since:
        conditions.append(Incident.opened_at >= filters.since)
    if filters.until:
        conditions.append(Incident.opened_at < filters.until)
    if filters.text:
        conditions.append(_says(filters.text))
    return conditions


def _says(text: str) -> ColumnElement[bool]:
    """Return the condition that an incident has each word, or the labels that the text names."""
    searched = (Incident.title, Incident.description, Incident.alertname, Incident.service)
    each_word = and_(
        true(),
        *(or_(*(column.icontains(word, autoescape=True) for column in searched)) for word in text.split()),
    )
    try:
        named = read(text)
    except InvalidMatchersError:
        return each_word
    if any(matcher.op is not Op.EQUAL for matcher in named):
        return each_word
    return or_(each_word, and_(true(), *(_has_label(matcher.name, matcher.value) for matcher in named)))


def _has_label(name: str, value: str) -> ColumnElement[bool]:
    """Return the condition that the alert or people gave an incident this label; an empty value: neither did.

    The pairs are looked at one by one: a path of JSON could not hold each name that a label may have.
    """
    each = func.json_each if db.session.get_bind().dialect.name == "sqlite" else func.json_each_text
    found = []
    for kind in (Incident.labels, Incident.tags):
        pairs = each(kind).table_valued("key", "value")
        is_meant = pairs.c.value == value if value else pairs.c.value != ""
        found.append(exists(select(1).select_from(pairs).where(pairs.c.key == name, is_meant)))
    return or_(*found) if value else not_(or_(*found))
