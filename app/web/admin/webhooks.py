"""Outgoing webhooks: made, changed, turned off, and what was sent to them."""

from http import HTTPStatus

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.accounts.access import requires
from app.outgoing import queries, service
from app.records.accounts import Role
from app.records.outbox import MailState
from app.web.accounts.proof import requires_recent_proof
from app.web.admin.blueprint import bp
from app.web.admin.forms import WebhookForm
from app.web.reader import me


@bp.get("/webhooks")
@requires(Role.ADMIN)
def webhooks() -> ResponseReturnValue:
    """Show all outgoing webhooks."""
    return render_template(
        "admin/webhooks.html", webhooks=queries.everything(), counts=queries.counts(), states=MailState
    )


@bp.route("/webhooks/new", methods=["GET", "POST"])
@requires(Role.ADMIN)
@requires_recent_proof
def new_webhook() -> ResponseReturnValue:
    """Add an outgoing webhook, whose secret is shown only in this answer."""
    form = WebhookForm()
    form.needs_address()
    made = form.outcome(lambda: service.create(**_given(form), actor=me()))
    if made is not None:
        webhook, secret = made
        return _shown(webhook.id, secret=secret), HTTPStatus.CREATED
    return render_template("admin/webhook_form.html", form=form, webhook=None), form.http_status


@bp.get("/webhooks/<int:webhook_id>")
@requires(Role.ADMIN)
def webhook(webhook_id: int) -> ResponseReturnValue:
    """Show one outgoing webhook with its deliveries."""
    return _shown(webhook_id)


@bp.route("/webhooks/<int:webhook_id>/edit", methods=["GET", "POST"])
@requires(Role.ADMIN)
def edit_webhook(webhook_id: int) -> ResponseReturnValue:
    """Give an outgoing webhook another name or address."""
    found = queries.get(webhook_id)
    form = WebhookForm(data={"name": found.name})
    if form.outcome(lambda: service.change(webhook_id, **_given(form), actor=me())):
        flash("The outgoing webhook is changed.", "ok")
        return _to(webhook_id)
    return render_template("admin/webhook_form.html", form=form, webhook=found), form.http_status


@bp.post("/webhooks/<int:webhook_id>/on")
@requires(Role.ADMIN)
def turn_webhook_on(webhook_id: int) -> ResponseReturnValue:
    """Tell the address of changes from now on."""
    service.turn(webhook_id, is_on=True, actor=me())
    flash("The webhook is on: changes from now on are sent to it.", "ok")
    return _to(webhook_id)


@bp.post("/webhooks/<int:webhook_id>/off")
@requires(Role.ADMIN)
def turn_webhook_off(webhook_id: int) -> ResponseReturnValue:
    """Tell the address nothing for now."""
    service.turn(webhook_id, is_on=False, actor=me())
    flash("The webhook is off. What waited for it is not sent.", "ok")
    return _to(webhook_id)


@bp.post("/webhooks/<int:webhook_id>/renew")
@requires(Role.ADMIN)
@requires_recent_proof
def renew_webhook(webhook_id: int) -> ResponseReturnValue:
    """Sign with a new secret, which is shown only in this answer."""
    return _shown(webhook_id, secret=service.renew_secret(webhook_id, actor=me()))


@bp.post("/webhooks/<int:webhook_id>/delete")
@requires(Role.ADMIN)
def delete_webhook(webhook_id: int) -> ResponseReturnValue:
    """Forget an outgoing webhook."""
    service.delete(webhook_id, actor=me())
    flash("The outgoing webhook is deleted.", "ok")
    return redirect(url_for("admin.webhooks"), code=HTTPStatus.SEE_OTHER)


@bp.post("/webhooks/<int:webhook_id>/deliveries/<int:message_id>/replay")
@requires(Role.ADMIN)
def replay_delivery(webhook_id: int, message_id: int) -> ResponseReturnValue:
    """Send a change once more."""
    service.replay(webhook_id, message_id, actor=me())
    flash("The change is sent once more.", "ok")
    return _to(webhook_id)


def _given(form: WebhookForm) -> dict[str, str]:
    return {"name": form.name.data or "", "url": form.url.data or ""}


def _shown(webhook_id: int, *, secret: str = "") -> str:
    found = queries.get(webhook_id)
    after = request.args.get("after")
    return render_template(
        "admin/webhook.html",
        webhook=found,
        address=service.address_of(found),
        secret=secret,
        page=queries.deliveries(webhook_id, after=after),
        after=after,
        states=MailState,
    )


def _to(webhook_id: int) -> ResponseReturnValue:
    return redirect(url_for("admin.webhook", webhook_id=webhook_id), code=HTTPStatus.SEE_OTHER)
