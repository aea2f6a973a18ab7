"""Pages that links in mails lead to: a forgotten password, a new account."""

from http import HTTPStatus

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.accounts import devices, invitations, passwords, resets, sessions
from app.accounts.access import public
from app.errors import InvalidInput
from app.records.accounts import User
from app.web.accounts.forms import AddressForm, InvitationForm, NewPasswordForm

bp = Blueprint("links", __name__)


@bp.route("/password/forgotten", methods=["GET", "POST"])
@public
def forgotten() -> ResponseReturnValue:
    """Ask for a link; the answer is the same whether or not there is such an account."""
    form = AddressForm()
    is_asked = form.validate_on_submit()
    if is_asked:
        resets.ask(email=form.email.data or "", address=request.remote_addr or "")
    has_mail = bool(current_app.config["SETTINGS"].smtp_host)
    context = {"form": form, "is_asked": is_asked, "has_mail": has_mail, "valid_for": resets.VALID_FOR}
    return render_template("accounts/forgotten.html", **context), form.http_status


@bp.route("/password/reset/<secret>", methods=["GET", "POST"])
@public
def reset(secret: str) -> ResponseReturnValue:
    """Choose the new password."""
    user = resets.owner(secret)
    form = NewPasswordForm()
    if form.validate_on_submit():
        try:
            user = resets.use(secret, new=form.password.data or "")
        except InvalidInput as error:
            form.reject(error)
        else:
            devices.remember(user)
            flash("Your password is changed. Log in with the new one.", "ok")
            return redirect(url_for("accounts.login"), code=HTTPStatus.SEE_OTHER)
    context = {"form": form, "user": user, "secret": secret, "min_password_length": passwords.MIN_LENGTH}
    return render_template("accounts/reset.html", **context), form.http_status


@bp.route("/invitation/<secret>", methods=["GET", "POST"])
@public
def invitation(secret: str) -> ResponseReturnValue:
    """Make the account that somebody was invited to, or asked for."""
    found = invitations.find(secret)
    if current_app.config["SETTINGS"].oidc_only:
        return redirect(url_for("oidc.start"), code=HTTPStatus.SEE_OTHER)
    form = InvitationForm()
    if form.validate_on_submit():
        try:
            user = invitations.accept(secret, name=form.name.data or "", password=form.password.data or "")
        except InvalidInput as error:
            form.reject(error)
        else:
            return enter(user)
    context = {"form": form, "invitation": found, "secret": secret}
    return render_template(
        "accounts/invitation.html",
        **context,
        registration=invitations.who_may_register(),
        min_password_length=passwords.MIN_LENGTH,
    ), form.http_status


def enter(user: User) -> ResponseReturnValue:
    """Let the owner of a new account in, unless it has to be approved first."""
    if user.is_active:
        sessions.sign_in(user, request)
        return redirect(url_for("incidents.index"), code=HTTPStatus.SEE_OTHER)
    flash("Your account waits for approval by an administrator.", "ok")
    return redirect(url_for("accounts.login"), code=HTTPStatus.SEE_OTHER)
