"""An empty installation's next three steps. Each turns green by really happening, not by a click."""

from dataclasses import dataclass
from http import HTTPStatus

from flask import current_app, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import func, select

from app.accounts.access import requires
from app.accounts.invitations import ONESELF
from app.alerts import trial
from app.alerts.sources import Unreachable
from app.database import transaction
from app.extensions import db
from app.formats import duration
from app.records import audit
from app.records.accounts import Invitation, Role, User
from app.records.audit_entries import AlertTested
from app.records.incidents import Incident
from app.records.outbox import MailKind, MailState, OutboxMessage
from app.web.admin.blueprint import bp
from app.web.admin.forms import InviteForm, TestMailForm
from app.web.pages import live_page
from app.web.reader import me

COMMAND = """\
curl -X POST {webhook}/ \\
  -H "Authorization: Bearer $OIMS_WEBHOOK_TOKEN" -H "Content-Type: application/json" \\
  -d '{{"alerts":[{{"status":"{status}","labels":{{"alertname":"TestAlert","severity":"low"}},\
"annotations":{{"summary":"A test of the path of an alert"}},"startsAt":"'$(date -u +%FT%TZ)'"}}]}}'"""


@dataclass(frozen=True)
class Step:
    """Where a step stands: done, or what it waits for in a sentence."""

    word: str
    detail: str
    is_done: bool
    href: str = ""


@bp.get("/first-steps")
@requires(Role.ADMIN)
def first_steps() -> ResponseReturnValue:
    """Show the steps; the part that tells how far they are updates by itself."""
    steps = [_invited(), _mailed(), _alerted()]
    done = sum(step.is_done for step in steps)
    settings = current_app.config["SETTINGS"]
    return live_page(
        "admin/first_steps.html",
        "admin/_first_steps.html",
        heading=f"First steps: {done} of {len(steps)} done",
        favicon="calm",
        steps=steps,
        invite=InviteForm(),
        test_mail=TestMailForm(recipient=current_user.email),
        has_mail=bool(settings.smtp_host),
        can_send_alert=bool(settings.alertmanager_url),
        lasts_s=trial.LASTS.total_seconds(),
        command=COMMAND.format(webhook=settings.journal_url or "http://localhost:5001", status="firing"),
    )


@bp.post("/first-steps/alert")
@requires(Role.ADMIN)
def send_test_alert() -> ResponseReturnValue:
    """Let a test alert fire in Alertmanager."""
    try:
        trial.send(current_app.config["SETTINGS"])
    except Unreachable:
        flash(
            "Alertmanager did not take the test alert: look at OIMS_ALERTMANAGER_URL, and its log.", "problem"
        )
    else:
        with transaction():
            audit.record(AlertTested(), me(), "A test alert was sent to Alertmanager.")
        lasts = duration(trial.LASTS.total_seconds())
        flash(f"Alertmanager has the test alert. It comes back as an incident, and ends after {lasts}.", "ok")
    return redirect(url_for("admin.first_steps"), code=HTTPStatus.SEE_OTHER)


def _invited() -> Step:
    word = "Invite a colleague"
    others = db.session.scalar(select(func.count()).select_from(User)) or 0
    if others > 1:
        return Step(word, f"{others} people have an account.", is_done=True)
    row = db.session.execute(
        select(Invitation, OutboxMessage.state)
        .outerjoin(OutboxMessage, OutboxMessage.id == Invitation.mail_id)
        .where(Invitation.invited_by != ONESELF)
        .order_by(Invitation.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return Step(word, "Nobody has been invited yet.", is_done=False)
    invitation, state = row
    if state is MailState.DEAD:
        return Step(word, f"The mail to {invitation.email} could not be delivered.", is_done=False)
    waits_for = "its mail waits to be sent" if state in UNSENT else "it waits to be accepted"
    return Step(word, f"{invitation.email} is invited; {waits_for}.", is_done=False)


def _mailed() -> Step:
    word = "Send a test mail"
    statement = select(OutboxMessage).where(OutboxMessage.kind == MailKind.TEST)
    newest = db.session.scalar(statement.order_by(OutboxMessage.id.desc()).limit(1))
    if newest is None:
        return Step(word, "None has been sent yet.", is_done=False)
    if newest.state is MailState.SENT:
        return Step(word, f"The mail server took the mail to {newest.recipient}.", is_done=True)
    reason = f" {newest.last_error}" if newest.last_error else ""
    how = "could not be delivered." if newest.state is MailState.DEAD else "waits to be sent."
    return Step(word, f"The mail to {newest.recipient} {how}{reason}", is_done=False)


def _alerted() -> Step:
    word = "Send a test alert"
    statement = select(Incident.id).where(Incident.alertname == trial.NAME)
    found = db.session.scalar(statement.order_by(Incident.id.desc()).limit(1))
    if found is None:
        return Step(word, "No alert of this name has arrived yet.", is_done=False)
    link = url_for("incidents.show", incident_id=found)
    return Step(word, f"It arrived and opened incident {found}.", is_done=True, href=link)


UNSENT = (MailState.WAITING, MailState.SENDING)
