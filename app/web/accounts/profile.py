"""A person's own pages: name, password, signed-in browsers, API tokens."""

from datetime import timedelta
from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts import password_login, passwords, service, sessions, tokens
from app.accounts.access import Hurdle, requires
from app.clock import now
from app.errors import InvalidInput, NotFound
from app.oncall import overview
from app.records.accounts import Role, Scope
from app.web.accounts.forms import PasswordForm, ProfileForm, TokenForm
from app.web.accounts.proof import requires_recent_proof
from app.web.reader import me

bp = Blueprint("profile", __name__, url_prefix="/profile")

SHIFTS = 20
"""Shown of those to come."""


@bp.route("", methods=["GET", "POST"])
@requires(Role.VIEWER)
def show() -> ResponseReturnValue:
    """Show one's own account; change the name."""
    form = ProfileForm(obj=current_user)
    if form.validate_on_submit():
        try:
            service.change_profile(
                current_user.id, name=form.name.data or "", timezone=form.timezone.data or "UTC"
            )
        except InvalidInput as error:
            form.reject(error)
        else:
            flash("Your profile is saved.", "ok")
            return redirect(url_for("profile.show"), code=HTTPStatus.SEE_OTHER)
    page = render_template(
        "accounts/profile.html",
        form=form,
        browsers=sessions.of(current_user.id),
        is_this=sessions.is_this,
        shifts=overview.my_shifts(current_user.id, now(), now() + overview.AHEAD)[:SHIFTS],
        now=now(),
    )
    return page, form.http_status


@bp.route("/password", methods=["GET", "POST"])
@requires(Role.VIEWER, before=(Hurdle.INITIAL_PASSWORD,))
def password() -> ResponseReturnValue:
    """Change one's own password; all other browsers are logged out, and API tokens end."""
    form = PasswordForm()
    user = current_user
    if form.validate_on_submit():
        try:
            password_login.change_password(
                user.id,
                current=form.current.data or "",
                new=form.password.data or "",
            )
        except InvalidInput as error:
            form.reject(error)
        else:
            sessions.sign_in(service.get(user.id), request, factor_at=user.factor_at)
            flash(
                "Your password is changed. Other browsers are logged out, and your API tokens have ended.",
                "ok",
            )
            return redirect(url_for("profile.show"), code=HTTPStatus.SEE_OTHER)
    context = {"form": form, "min_password_length": passwords.MIN_LENGTH}
    return render_template("accounts/password.html", **context), form.http_status


@bp.get("/confirmed")
@requires(Role.VIEWER, before=(Hurdle.FACTOR_MISSING,))
def proved() -> ResponseReturnValue:
    """Say that the fresh sign-on counts, in the tab that was opened for it."""
    return render_template("accounts/proved.html", recent=sessions.RECENT)


@bp.post("/sign-out-everywhere")
@requires(Role.VIEWER)
def sign_out_everywhere() -> ResponseReturnValue:
    """End all sessions, this one too, and all API tokens."""
    service.sign_out(current_user.id, by=me())
    sessions.sign_out()
    flash("You are logged out everywhere, and your API tokens have ended.", "ok")
    return redirect(url_for("accounts.login"), code=HTTPStatus.SEE_OTHER)


@bp.route("/tokens", endpoint="tokens", methods=["GET", "POST"])
@requires(Role.VIEWER)
@requires_recent_proof
def own_tokens() -> ResponseReturnValue:
    """Show one's own API tokens; make one, whose secret is shown only in this answer."""
    form = TokenForm()
    form.offer(tokens.MAY_HAVE[current_user.role] - {Scope.AUTOMATION}, forever=False)
    made = None
    if form.validate_on_submit():
        try:
            made = tokens.create(
                name=form.name.data or "",
                scopes=[Scope(form.scope.data)],
                by=me(),
                user_id=current_user.id,
                factor_at=current_user.factor_at,
                expires_at=now() + timedelta(days=int(form.days.data)),
            )
        except InvalidInput as error:
            form.reject(error)
    context = {"form": form, "made": made, "tokens": tokens.of(current_user.id), "now": now()}
    status = HTTPStatus.CREATED if made else form.http_status
    return render_template("accounts/tokens.html", **context), status


@bp.post("/tokens/<int:token_id>/revoke")
@requires(Role.VIEWER)
def revoke(token_id: int) -> ResponseReturnValue:
    """Switch off one of one's own tokens. Raises NotFound."""
    token = tokens.get(token_id)
    if token.created_by_id != current_user.id:
        raise NotFound("There is no such API token.")
    tokens.revoke(token.name, by=me())
    flash(f"{token.name} is revoked.", "ok")
    return redirect(url_for("profile.tokens"), code=HTTPStatus.SEE_OTHER)
