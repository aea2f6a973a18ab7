"""The page of a person's mails, and where the link in a mail leads that ends them."""

from http import HTTPStatus

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.access import public, requires
from app.notify import caps
from app.records.accounts import Role
from app.records.subscriptions import Reach
from app.subscriptions import service
from app.web.subscriptions.forms import TOPICS, SubscriptionForm

bp = Blueprint("subscriptions", __name__)


@bp.route("/profile/mails", methods=["GET", "POST"])
@requires(Role.VIEWER)
def show() -> ResponseReturnValue:
    """Show and change which mails one gets."""
    form = SubscriptionForm.showing(service.of(current_user.id))
    if form.validate_on_submit():
        service.choose(
            current_user.id,
            reach=Reach(form.reach.data),
            least=form.least,
            is_collected=bool(form.collected.data),
        )
        flash("Your choice of mails is saved.", "ok")
        return redirect(url_for("subscriptions.show"), code=HTTPStatus.SEE_OTHER)
    settings = current_app.config["SETTINGS"]
    return render_template(
        "subscriptions/show.html",
        form=form,
        is_on=bool(settings.smtp_host),
        is_on_call=current_user.email in {address.lower() for address in settings.mail_to},
        cap=caps.cap(),
        collect_for=caps.COLLECT_FOR,
    ), form.http_status


@bp.route("/unsubscribe/<token>", methods=["GET", "POST"])
@public
def unsubscribe(token: str) -> ResponseReturnValue:
    """End the mails that a link is about. Mail programs post here by themselves, without a form's token."""
    is_done = request.method == "POST"
    user, topics = service.leave(token) if is_done else service.read(token)
    words = [TOPICS[topic] for topic in topics]
    return render_template(
        "subscriptions/unsubscribe.html", email=user.email, topics=words, token=token, is_done=is_done
    )
