"""The words and colours in which states are shown; pages never print an enum's value."""

import json
import re
import shlex
from typing import NamedTuple

from app.formats import sentence
from app.records.accounts import UserStatus
from app.records.actors import ActorKind
from app.records.automation import Decision, Run
from app.records.channels import Channel
from app.records.escalations import EscalationState
from app.records.factors import FactorKind
from app.records.heartbeats import Beat, PingKind
from app.records.incidents import EventKind, Source, TimelineEvent
from app.records.lifecycle import State
from app.records.outbox import MailState
from app.severities import Severity
from contract.decisions import DecisionKind, Reason
from contract.runs import RunReason, RunState, TaskStatus, Verdict


class Pill(NamedTuple):
    """A word and the kind of colour behind it (see static/tokens.css)."""

    word: str
    kind: str


STATES = {
    State.OPEN: Pill("Open", "critical"),
    State.ACKNOWLEDGED: Pill("Acknowledged", "held"),
    State.RESOLVED: Pill("Resolved", "ok"),
}
SEVERITIES = {severity: Pill(severity.value.capitalize(), severity.value) for severity in Severity}
SOURCES = {Source.PERSON: "Person", Source.ALERT: "Alert", Source.SYSTEM: "OIMS"}
BEATS = {
    Beat.NEW: Pill("New", "off"),
    Beat.UP: Pill("Up", "ok"),
    Beat.LATE: Pill("Late", "high"),
    Beat.DOWN: Pill("Down", "critical"),
    Beat.PAUSED: Pill("Paused", "held"),
}
PINGS = {
    PingKind.SUCCESS: Pill("Success", "ok"),
    PingKind.START: Pill("Start", "off"),
    PingKind.FAIL: Pill("Failure", "critical"),
    PingKind.LOG: Pill("Message", "off"),
}
VERDICTS = {
    Verdict.PENDING: Pill("Checking the repair", "robot"),
    Verdict.VERIFIED: Pill("Repaired and verified", "robot"),
    Verdict.STILL_FIRING: Pill("Repair did not help", "critical"),
    Verdict.INCONCLUSIVE: Pill("Repair not proven", "high"),
    Verdict.TIMED_OUT: Pill("Check timed out", "high"),
}
RUN_STATES = {
    RunState.QUEUED: Pill("Queued", "off"),
    RunState.RUNNING: Pill("Running", "robot"),
    RunState.SUCCEEDED: Pill("Succeeded", "ok"),
    RunState.FAILED: Pill("Failed", "critical"),
    RunState.TIMED_OUT: Pill("Timed out", "critical"),
    RunState.INTERRUPTED: Pill("Interrupted", "high"),
    RunState.UNKNOWN: Pill("End unknown", "high"),
}
DID_NOTHING = Pill("Did nothing", "high")
TASK_STATES = {
    TaskStatus.OK: Pill("ok", "ok"),
    TaskStatus.CHANGED: Pill("changed", "robot"),
    TaskStatus.FAILED: Pill("failed", "critical"),
    TaskStatus.UNREACHABLE: Pill("unreachable", "critical"),
    TaskStatus.SKIPPED: Pill("skipped", "off"),
    TaskStatus.IGNORED: Pill("failed, ignored", "off"),
    TaskStatus.RESCUED: Pill("failed, rescued", "high"),
    TaskStatus.UNFINISHED: Pill("not finished", "critical"),
}
DECISIONS = {
    DecisionKind.RUN: Pill("Run", "robot"),
    DecisionKind.DEFERRED: Pill("Waiting", "held"),
    DecisionKind.DECLINED: Pill("Not automated", "off"),
}
MODES = {
    "auto": Pill("Automatic", "robot"),
    "approve": Pill("Asks first", "held"),
    "shadow": Pill("Watches only", "off"),
    "off": Pill("Off", "off"),
}

REASONS: dict[str, str] = {
    Reason.COOLDOWN: "It had just run on this target",
    Reason.TARGET_LOCKED: "Another run was on this target",
    Reason.ROLLING_OUT: "The target was coming up by itself",
    Reason.TARGET_UNKNOWN: "The cluster did not say what the target is",
    Reason.TARGET_BUDGET: "The target's budget was used up",
    Reason.GLOBAL_BUDGET: "The budget of all remedies was used up",
    Reason.AWAITING_APPROVAL: "It waited for a person's approval",
    Reason.APPROVAL_EXPIRED: "Nobody approved it in time",
    Reason.APPROVAL_REJECTED: "A person rejected it",
    Reason.MAINTENANCE: "A maintenance window held it",
    Reason.PAUSED: "Automation was paused",
    Reason.NOT_IN_POLICY: "No remedy names the alert",
    Reason.MODE_OFF: "The remedy is off",
    Reason.SHADOW: "The remedy only watches",
    Reason.ATTEMPTS_EXHAUSTED: "All attempts were used up",
    Reason.ALREADY_RESOLVED: "The alert had ended already",
    Reason.INVALID_TARGET: "The alert named no valid target",
    Reason.MANAGED_ELSEWHERE: "Another controller would revert it",
    Reason.FLAPPING: "The alert flaps",
    Reason.TOO_OLD: "The alert was too old",
}


def reason(code: str) -> str:
    """Return why something did not run, in words; a reason that is not known yet is shown as it is."""
    return REASONS.get(code, code.replace("_", " ").capitalize() or "No reason given")


ACCOUNTS = {
    UserStatus.ACTIVE: Pill("Active", "ok"),
    UserStatus.PENDING: Pill("Waits for approval", "high"),
    UserStatus.DISABLED: Pill("Off", "off"),
}
FACTORS = {
    FactorKind.APP: "Authenticator app",
    FactorKind.PASSKEY: "Passkey",
}
CHANNELS = {
    Channel.MAIL: "Mail",
    Channel.MESSAGING: "Messaging service",
    Channel.WEB_PUSH: "Web push",
    Channel.WEBHOOK: "Outgoing webhook",
}
MAILS = {
    MailState.WAITING: Pill("Waiting", "held"),
    MailState.SENDING: Pill("Being sent", "held"),
    MailState.SENT: Pill("Sent", "ok"),
    MailState.COLLECTED: Pill("Waits for a digest", "held"),
    MailState.DIGESTED: Pill("In a digest", "ok"),
    MailState.DEAD: Pill("Not delivered", "critical"),
    MailState.SUPERSEDED: Pill("Superseded", "off"),
}


_MARKS = {
    EventKind.OPENED: "bad",
    EventKind.REOPENED: "bad",
    EventKind.ALERT_FIRED: "bad",
    EventKind.ESCALATED: "bad",
    EventKind.MAIL_FAILED: "bad",
    EventKind.PAGED: "bad",
    EventKind.RESOLVED: "ok",
    EventKind.ALERT_RESOLVED: "ok",
    EventKind.PAGE_HELD: "held",
    EventKind.PAGE_JOINED: "held",
}
_FIRST_PART = re.compile(r"[.:] ")


def event_kind(event: TimelineEvent, run: Run | None = None) -> str:
    """Return the mark of a timeline entry: `bad`, `ok`, `held`, `robot`, or none for everyday work."""
    if event.kind in _MARKS:
        return _MARKS[event.kind]
    if event.kind is EventKind.VERDICT:
        return "ok" if event.data.get("phase") == Verdict.VERIFIED else "bad"
    if run is not None and event.data.get("phase") == "finished" and run.state is not RunState.SUCCEEDED:
        return "bad"
    if event.kind is EventKind.DECISION and event.data.get("decision") != DecisionKind.RUN:
        return "held"
    if event.kind is EventKind.PAGING_ENDED:
        return "bad" if event.data.get("outcome") == EscalationState.UNANSWERED else "ok"
    is_robot = event.actor_kind is ActorKind.AUTOMATION or event.kind is EventKind.APPROVED
    return "robot" if is_robot else ""


def told(event: TimelineEvent) -> tuple[str, str]:
    """Return a timeline entry's first words, and the reason or explanation that follows them."""
    reason = event.data.get("reason") or ""
    if event.actor_kind is ActorKind.PERSON or (reason and event.summary.endswith(reason)):
        return event.summary.removesuffix(f": {reason}").removesuffix("."), reason
    end = _FIRST_PART.search(event.summary)
    if end is None:
        return event.summary.removesuffix("."), ""
    return event.summary[: end.start()], sentence(event.summary[end.end() :])


def automation_pill(verdict: Verdict | None, run: Run | None, decision: Decision | None) -> Pill | None:
    """Return what the machine did so far in two or three words, or nothing when it has no part in it."""
    if verdict is not None:
        return VERDICTS[verdict]
    if run is not None:
        waiting = {
            RunState.QUEUED: Pill("Repair queued", "robot"),
            RunState.RUNNING: Pill("Repairing", "robot"),
        }
        result = run_result(run)
        return waiting.get(run.state, Pill(f"Repair {result.word.lower()}", result.kind))
    return DECISIONS[decision.decision] if decision is not None else None


def run_result(run: Run) -> Pill:
    """Return how a run ended: its verdict once there is one, else its state."""
    if run.verification is not None:
        pill = VERDICTS[run.verification]
        return Pill("Verified", "ok") if run.verification is Verdict.VERIFIED else pill
    return DID_NOTHING if run.reason == RunReason.NOTHING_DONE else RUN_STATES[run.state]


def by_hand(run: Run) -> str:
    """Return the command that runs the playbook in check mode against the same target."""
    variables = {f"oims_target_{key}": run.target.get(key, "") for key in ("kind", "namespace", "name")}
    extra = shlex.quote(json.dumps(variables))
    playbook = shlex.quote(run.playbook)
    return f"ansible-playbook {playbook} -i inventories/kubernetes \\\n  --extra-vars {extra} --check --diff"
