"""What entries of a timeline tell: one class for each kind."""

from dataclasses import dataclass
from typing import ClassVar

from app.records.facts import Facts
from app.records.incidents import EventKind
from app.records.outbox import MailKind
from app.severities import Severity
from contract.decisions import DecisionKind


@dataclass(frozen=True, kw_only=True)
class Entry(Facts):
    """One entry of a timeline."""

    kind: ClassVar[EventKind]


@dataclass(frozen=True, kw_only=True)
class _OfAnAlert(Entry):
    """What an alert did; without an event of the journal, OIMS or a person did it."""

    seq: int | None = None
    """The journal's number of the event."""
    episode: str | None = None
    fired_at: str | None = None
    """When the alert began to fire, in RFC 3339."""


@dataclass(frozen=True, kw_only=True)
class Opened(_OfAnAlert):
    """The incident was opened."""

    kind = EventKind.OPENED
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class Reopened(_OfAnAlert):
    """The resolved incident was opened again."""

    kind = EventKind.REOPENED
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Resolved(_OfAnAlert):
    """The incident ended."""

    kind = EventKind.RESOLVED
    reason: str


@dataclass(frozen=True, kw_only=True)
class AlertFired(_OfAnAlert):
    """The alert fired again, or another alert of the same trouble did."""

    kind = EventKind.ALERT_FIRED


@dataclass(frozen=True, kw_only=True)
class AlertChanged(_OfAnAlert):
    """The alert says something else while it goes on."""

    kind = EventKind.ALERT_CHANGED


@dataclass(frozen=True, kw_only=True)
class AlertResolved(_OfAnAlert):
    """The alert stopped firing, and the incident goes on."""

    kind = EventKind.ALERT_RESOLVED


@dataclass(frozen=True, kw_only=True)
class JournalGap(Entry):
    """Events were pruned from the journal before they were read; the alert's end may be among them."""

    kind = EventKind.JOURNAL_GAP
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Acknowledged(Entry):
    """Somebody took the incident; `way` says how, where that was not its page."""

    kind = EventKind.ACKNOWLEDGED
    way: str = ""


@dataclass(frozen=True, kw_only=True)
class Assigned(Entry):
    """The incident has another owner; both are names, and none is nobody."""

    kind = EventKind.ASSIGNED
    old: str | None
    new: str | None


@dataclass(frozen=True, kw_only=True)
class Commented(Entry):
    """Somebody wrote a comment."""

    kind = EventKind.COMMENTED
    body: str


@dataclass(frozen=True, kw_only=True)
class Escalated(Entry):
    """More people were called."""

    kind = EventKind.ESCALATED
    reason: str


@dataclass(frozen=True, kw_only=True)
class SeverityChanged(Entry):
    """The incident has another severity."""

    kind = EventKind.SEVERITY_CHANGED
    old: Severity
    new: Severity


@dataclass(frozen=True, kw_only=True)
class DetailsChanged(Entry):
    """Service or labels changed; ``reason`` says which."""

    kind = EventKind.DETAILS_CHANGED
    reason: str


@dataclass(frozen=True, kw_only=True)
class Merged(Entry):
    """A duplicate was merged: into another incident, or another one into this."""

    kind = EventKind.MERGED
    into: int | None = None
    merged: int | None = None


@dataclass(frozen=True, kw_only=True)
class Linked(Entry):
    """The incident is related to another one."""

    kind = EventKind.LINKED
    other: int


@dataclass(frozen=True, kw_only=True)
class Unlinked(Entry):
    """The incident is no longer related to another one."""

    kind = EventKind.UNLINKED
    other: int


@dataclass(frozen=True, kw_only=True)
class Decided(Entry):
    """The automation decided about the alert."""

    kind = EventKind.DECISION
    decision: DecisionKind
    decision_id: str
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class _Answered(Entry):
    """A person answered what the automation asked."""

    approval_id: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Approved(_Answered):
    """A person approved a run."""

    kind = EventKind.APPROVED


@dataclass(frozen=True, kw_only=True)
class Rejected(_Answered):
    """A person rejected a run."""

    kind = EventKind.REJECTED


@dataclass(frozen=True, kw_only=True)
class _OfARun(Entry):
    """How far a run got."""

    run_id: str
    phase: str


@dataclass(frozen=True, kw_only=True)
class RunTold(_OfARun):
    """A playbook started or ended."""

    kind = EventKind.RUN


@dataclass(frozen=True, kw_only=True)
class VerdictTold(_OfARun):
    """Whether the run helped."""

    kind = EventKind.VERDICT


@dataclass(frozen=True, kw_only=True)
class MailSent(Entry):
    """A mail about the incident left."""

    kind = EventKind.MAIL_SENT
    mail_kind: MailKind


@dataclass(frozen=True, kw_only=True)
class MailFailed(Entry):
    """A mail could not be delivered, or there was nobody to send it to."""

    kind = EventKind.MAIL_FAILED
    mail: int | None = None


@dataclass(frozen=True, kw_only=True)
class Maintenance(Entry):
    """Maintenance holds mails back, or its end dropped them."""

    kind = EventKind.MAINTENANCE
    reason: str = ""
    window: int | None = None


@dataclass(frozen=True, kw_only=True)
class Reviewed(Entry):
    """Somebody wrote the review."""

    kind = EventKind.REVIEWED


@dataclass(frozen=True, kw_only=True)
class FollowUpChanged(Entry):
    """Something is to be done after the incident, or was done."""

    kind = EventKind.FOLLOW_UP
    reason: str


@dataclass(frozen=True, kw_only=True)
class Paged(Entry):
    """A step of the chain paged people, or found nobody to page."""

    kind = EventKind.PAGED
    chain: str
    step: int
    """Counted from 1; after the last one comes the last resort."""
    round: int
    people: int
    capped: int = 0
    """Of these people, how many were not paged, since they had been paged too often within an hour."""


@dataclass(frozen=True, kw_only=True)
class PageHeld(Entry):
    """Nobody is paged for now; ``why`` is a word, such as `automation`."""

    kind = EventKind.PAGE_HELD
    why: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class PageJoined(Entry):
    """The page of another incident tells of this one as well."""

    kind = EventKind.PAGE_JOINED
    incident: int


@dataclass(frozen=True, kw_only=True)
class PagingEnded(Entry):
    """Nobody is paged any more, or everybody was and nobody answered."""

    kind = EventKind.PAGING_ENDED
    outcome: str
    reason: str
