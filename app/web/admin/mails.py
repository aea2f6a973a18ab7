"""The outbox: what waits, what was sent, what could not be delivered; retry and test."""

from collections import Counter
from http import HTTPStatus

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts import service
from app.accounts.access import requires
from app.database import transaction
from app.errors import InvalidInput
from app.notify import account_mails, outbox
from app.ops import figures
from app.records import audit
from app.records.accounts import Role
from app.records.audit_entries import MailTested
from app.records.channels import Channel
from app.records.outbox import MailState
from app.web.admin.blueprint import bp
from app.web.admin.forms import TestMailForm
from app.web.reader import me


@bp.get("/mails")
@requires(Role.ADMIN)
def mails() -> ResponseReturnValue:
    """Show the outbox. What the messages say is not shown: some carry links that open accounts."""
    return _queue(TestMailForm(recipient=current_user.email))


@bp.post("/mails/test")
@requires(Role.ADMIN)
def send_test_mail() -> ResponseReturnValue:
    """Put a test mail into the queue."""
    form = TestMailForm()
    if form.validate_on_submit():
        try:
            recipient = service.normal_address(form.recipient.data or "")
        except InvalidInput as error:
            form.recipient.errors = [error.detail]
    if form.errors:
        return _queue(form)
    with transaction():
        account_mails.test_mail(recipient)
        audit.record(MailTested(), me(), f"A test mail to {recipient} was asked for.")
    flash(f"A test mail to {recipient} is in the queue.", "ok")
    return redirect(url_for("admin.mails"), code=HTTPStatus.SEE_OTHER)


@bp.post("/mails/<int:mail_id>/retry")
@requires(Role.ADMIN)
def retry_mail(mail_id: int) -> ResponseReturnValue:
    """Send a message again that could not be delivered."""
    message = outbox.retry(mail_id, actor=me())
    flash(f"The message to {message.recipient} is tried again.", "ok")
    return redirect(url_for("admin.mails"), code=HTTPStatus.SEE_OTHER)


def _queue(form: TestMailForm) -> ResponseReturnValue:
    chosen = request.args.get("state", "")
    state = MailState(chosen) if chosen in set(MailState) else None
    chosen = request.args.get("channel", "")
    channel = Channel(chosen) if chosen in set(Channel) else None
    after = request.args.get("after")
    counts: Counter[MailState] = Counter()
    for (one, its_state), count in figures.messages().items():
        counts[its_state] += count if channel in {None, one} else 0
    return render_template(
        "admin/mails.html",
        form=form,
        is_on=bool(current_app.config["SETTINGS"].smtp_host),
        counts=counts,
        states=MailState,
        state=state,
        channels=Channel,
        channel=channel,
        after=after,
        page=outbox.page(state=state, channel=channel, after=after),
    ), form.http_status
