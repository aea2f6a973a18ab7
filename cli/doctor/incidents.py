"""The app by itself: incidents and their timelines, decisions, runs and mails."""

from typing import Any

from cli.doctor.databases import APP, Installation
from cli.doctor.invariants import Tally, from_json, invariant, side_by_side

TELL = (
    "Something changed the app's tables without the app. Restore the backup from before, or ask the project."
)
STATE_AFTER = {
    "opened": "open",
    "reopened": "open",
    "acknowledged": "acknowledged",
    "resolved": "resolved",
    "merged": "resolved",
}
MAIL_STATES = frozenset({"waiting", "sending", "sent", "collected", "digested", "dead", "superseded"})
# In the order of an index; by id once they are few.
TIMELINE = "SELECT incident_id, id, kind, data FROM timeline_events ORDER BY incident_id, at, id"


@invariant("app-file", "The file of the app's database is whole.", needs=[APP], advice=TELL)
def _file(installation: Installation, tally: Tally) -> None:
    tally.checked = 1
    for problem in installation.app.problems():
        tally.fails(problem)


@invariant(
    "incident-changes",
    "Every incident was opened once, and is what its timeline says it became.",
    needs=[APP],
    advice=TELL,
)
def _changes(installation: Installation, tally: Tally) -> None:
    incidents = installation.app.rows("SELECT id, state, severity, resolved_at FROM incidents ORDER BY id")
    for incident, (rows, events) in side_by_side(incidents, installation.app.rows(TIMELINE)):
        tally.checked += 1
        if not rows:
            tally.fails(f"incident {incident} does not exist, and has a timeline")
            continue
        state, severity, resolved_at = rows[0]
        told = [(kind, from_json(data)) for _, kind, data in sorted(events, key=lambda event: int(event[0]))]
        opened = sum(kind == "opened" for kind, _ in told)
        if opened != 1:
            tally.fails(f"incident {incident} was opened {opened} times")
        elif _state(told) != state or (state == "resolved") != (resolved_at is not None):
            tally.fails(f"incident {incident} is {state}; its timeline says {_state(told)}")
        elif _severity(told, severity) != severity:
            tally.fails(f"incident {incident} is {severity}; its timeline says {_severity(told, severity)}")


def _state(told: list[tuple[str, dict[str, Any]]]) -> str:
    state = ""
    for kind, data in told:
        if kind in STATE_AFTER and not (kind == "merged" and "into" not in data):
            state = STATE_AFTER[kind]
    return state


def _severity(told: list[tuple[str, dict[str, Any]]], severity: str) -> str:
    """Return the severity that the timeline leads to; the given one where it doesn't say."""
    for kind, data in reversed(told):
        if kind == "severity_changed":
            return str(data.get("new", severity))
        if kind == "opened":
            return str(data.get("severity", severity))
    return severity


@invariant(
    "timeline-events",
    "Every event that took effect stands on the timeline of its incident.",
    needs=[APP],
    advice=TELL,
)
def _events(installation: Installation, tally: Tally) -> None:
    taken = installation.app.rows(
        "SELECT incident_id, seq FROM alert_events WHERE incident_id IS NOT NULL ORDER BY incident_id"
    )
    for incident, (events, entries) in side_by_side(taken, installation.app.rows(TIMELINE)):
        told = {from_json(data).get("seq") for _, _, data in entries}
        for (seq,) in events:
            tally.checked += 1
            if seq not in told:
                tally.fails(f"event {seq} is not on the timeline of incident {incident}")


@invariant(
    "timeline-decisions",
    "Every decision, and every run that has begun, stands on the timeline of its incident.",
    needs=[APP],
    advice=TELL,
)
def _decisions(installation: Installation, tally: Tally) -> None:
    decisions = installation.app.rows(
        "SELECT incident_id, id FROM decisions WHERE incident_id IS NOT NULL ORDER BY incident_id"
    )
    runs = installation.app.rows(
        "SELECT incident_id, id FROM runs WHERE incident_id IS NOT NULL AND started_at IS NOT NULL"
        " ORDER BY incident_id"
    )
    timeline = installation.app.rows(TIMELINE)
    for incident, (decided, ran, entries) in side_by_side(decisions, runs, timeline):
        data = [from_json(data) for _, _, data in entries]
        told = {entry.get("decision_id") for entry in data} | {entry.get("run_id") for entry in data}
        for noun, rows in (("decision", decided), ("run", ran)):
            for (name,) in rows:
                tally.checked += 1
                if name not in told:
                    tally.fails(f"{noun} {name} is not on the timeline of incident {incident}")


@invariant(
    "app-runs-once",
    "The app knows no second run of an episode and attempt.",
    needs=[APP],
    advice="Two automations work without a lease, or one lost its ledger: look at both runs and the target.",
)
def _runs_once(installation: Installation, tally: Tally) -> None:
    tally.checked = int((installation.app.one("SELECT count(*) FROM runs") or (0,))[0])
    for episode, attempt, count in installation.app.rows(
        "SELECT episode, attempt, count(*) FROM runs GROUP BY episode, attempt HAVING count(*) > 1"
    ):
        tally.fails(f"attempt {attempt} of episode {episode} ran {count} times")


@invariant(
    "mails",
    "Every message is sent, waiting, told in a digest, superseded, or dead where people see it.",
    needs=[APP],
    advice="See the page Outbox and the worker's log; `python -m app mail retry` sends dead ones again.",
)
def _mails(installation: Installation, tally: Tally) -> None:
    for mail, incident, state, sent_at, claimed_by, error, digest in installation.app.rows(
        "SELECT mail.id, mail.incident_id, mail.state, mail.sent_at, mail.claimed_by, mail.last_error,"
        " digest.id FROM outbox_messages AS mail"
        " LEFT JOIN outbox_messages AS digest ON digest.id = mail.digest_id"
        " ORDER BY mail.id"
    ):
        tally.checked += 1
        if state not in MAIL_STATES:
            tally.fails(f"mail {mail} is {state}, which is no state of a mail")
        elif (state == "sent" and sent_at is None) or (state == "sending" and claimed_by is None):
            tally.fails(f"mail {mail} is {state}, and nobody has sent it")
        elif state == "digested" and digest is None:
            tally.fails(f"mail {mail} is told in a digest that does not exist")
        elif state == "superseded" and not error:
            tally.fails(f"mail {mail} is superseded, and nothing says why")
        elif state == "dead" and (not error or not _is_told(installation, mail, incident, digest)):
            tally.fails(f"mail {mail} is dead, and nobody is told")


def _is_told(installation: Installation, mail: int, incident: int | None, digest: int | None) -> bool:
    """Say whether a mail that failed stands on its incident's timeline, or in the audit trail."""
    if incident is None or digest is not None:
        entries = installation.app.rows("SELECT data FROM audit_events WHERE kind = 'mail_failed'")
        timeline = installation.app.rows("SELECT data FROM timeline_events WHERE kind = 'mail_failed'")
        return any(from_json(data).get("mail") == mail for rows in (entries, timeline) for (data,) in rows)
    entries = installation.app.rows(
        "SELECT data FROM timeline_events WHERE incident_id = ? AND kind = 'mail_failed'", incident
    )
    return any(from_json(data).get("mail") == mail for (data,) in entries)
