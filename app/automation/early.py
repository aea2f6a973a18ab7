"""Reports that came before the incident of their episode: automation works on when this app is down."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select, union

from app.automation import sentences, service
from app.extensions import db
from app.records.automation import Approval, Decision, Run
from app.records.incidents import Incident

type Report = Decision | Run


class Early:
    """What was reported about some episodes before their incident existed; needs the cursor's lock.

    It is read at once for all of them, and put onto a timeline when an episode's first event takes effect.
    """

    def __init__(self, episodes: Collection[str]) -> None:
        self._reports: defaultdict[str, list[Report]] = defaultdict(list)
        self._episodes = _concerned(episodes)
        if not self._episodes:
            return
        decisions = select(Decision).where(_is_early(Decision, self._episodes))
        runs = select(Run).where(_is_early(Run, self._episodes))
        for report in (*db.session.scalars(decisions), *db.session.scalars(runs)):
            self._reports[report.episode].append(report)
        self._questions = defaultdict[str, list[Approval]](list)
        for question in db.session.scalars(select(Approval).where(_is_early(Approval, self._episodes))):
            self._questions[question.episode].append(question)

    def attach(self, episode: str, incident: Incident) -> None:
        """Put what was reported about an episode onto the timeline of its incident, which must be locked."""
        if episode not in self._episodes:
            return
        self._episodes.remove(episode)
        if incident in db.session.new:
            db.session.flush()  # a report's row refers to that of the incident
        for question in self._questions[episode]:
            question.incident_id = incident.id
        for report in sorted(self._reports[episode], key=_began_at):
            report.incident_id = incident.id
            if isinstance(report, Decision):
                service.record_decision(report, incident)
            else:
                service.record_run(report, incident, sentences.Phase())


def _concerned(episodes: Collection[str]) -> set[str]:
    early = (select(table.episode).where(_is_early(table, episodes)) for table in (Decision, Run, Approval))
    return set(db.session.scalars(union(*early)))


def _is_early(table: type[Decision | Run | Approval], episodes: Collection[str]) -> ColumnElement[bool]:
    return and_(table.episode.in_(episodes), table.incident_id.is_(None))


def _began_at(report: Report) -> datetime:
    if isinstance(report, Decision):
        return report.decided_at
    return report.queued_at or report.started_at or report.received_at
