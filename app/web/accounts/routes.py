"""Pages of accounts: log in, register, log out."""

from http import HTTPStatus

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts import devices, invitations, password_login, passwords, service, sessions, throttle
from app.accounts.access import Hurdle, public, requires
from app.accounts.factors import passkeys, pending
from app.errors import Forbidden, InvalidInput, Unauthorized
from app.records.accounts import Role, UserStatus
from app.web.accounts.forms import AddressForm, LoginForm, RegistrationForm
from app.web.accounts.links import enter
from app.web.forms import Form
from app.web.pages import local_path

bp = Blueprint("accounts", __name__)


@bp.route("/login", methods=["GET", "POST"])
@public
def login() -> ResponseReturnValue:
    """Let a person in, and bring them to the page they asked for."""
    target = local_path(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(target, code=HTTPStatus.SEE_OTHER)
    form = LoginForm()
    if form.validate_on_submit():
        try:
            user = password_login.authenticate(
                email=form.email.data or "",
                password=form.password.data or "",
                address=request.remote_addr or "",
                device=devices.current(),
            )
        except Unauthorized as error:
            form.form_errors.append(error.detail)
        else:
            return pending.admit(user, target)
    settings = current_app.config["SETTINGS"]
    return render_template(
        "accounts/login.html",
        form=form,
        next=request.args.get("next"),
        registration=invitations.who_may_register(),
        has_passkeys=passkeys.are_possible(),
        has_single_sign_on=bool(settings.oidc_issuer),
        is_enforced=settings.oidc_only,
        is_new=service.is_new(),
    ), form.http_status


@bp.route("/register", methods=["GET", "POST"])
@public
def register() -> ResponseReturnValue:
    """Make an account, where this installation allows it. Raises Forbidden where it doesn't."""
    registration = invitations.who_may_register()
    if registration == "closed":
        raise Forbidden(
            "Registration is closed. An administrator of this installation can make an account for you."
        )
    if current_user.is_authenticated:
        return redirect(url_for("incidents.index"), code=HTTPStatus.SEE_OTHER)
    return (
        _register_by_mail() if current_app.config["SETTINGS"].smtp_host else _register_at_once(registration)
    )


def _register_by_mail() -> ResponseReturnValue:
    """Mail the link that makes the account; the answer is the same whether or not there is one already."""
    form = AddressForm()
    is_asked = form.validate_on_submit()
    if is_asked:
        try:
            invitations.register(email=form.email.data or "", address=request.remote_addr or "")
        except InvalidInput as error:
            form.reject(error)
    return _registration_page(form, is_asked=is_asked and not form.errors), form.http_status


def _register_at_once(registration: str) -> ResponseReturnValue:
    """Make the account without a mail, where none can be sent."""
    form = RegistrationForm()
    if form.validate_on_submit():
        place = throttle.network(request.remote_addr or "")
        throttle.take(throttle.Door.REGISTRATION, (throttle.REGISTRATIONS_PER_NETWORK, place))
        try:
            user = service.register(
                email=form.email.data or "",
                name=form.name.data or "",
                password=form.password.data or "",
                status=UserStatus.PENDING if registration == "approval" else UserStatus.ACTIVE,
            )
        except InvalidInput as error:
            form.reject(error)
        else:
            return enter(user)
    return _registration_page(form), form.http_status


def _registration_page(form: Form, *, is_asked: bool = False) -> str:
    context = {"registration": invitations.who_may_register(), "valid_for": invitations.VALID_FOR}
    return render_template(
        "accounts/register.html",
        form=form,
        is_asked=is_asked,
        min_password_length=passwords.MIN_LENGTH,
        **context,
    )


@bp.post("/logout")
@requires(Role.VIEWER, before=(Hurdle.INITIAL_PASSWORD, Hurdle.FACTOR_MISSING, Hurdle.FACTOR_UNPROVED))
def logout() -> ResponseReturnValue:
    """End the session, on the server too."""
    sessions.sign_out()
    flash("You are logged out.", "ok")
    return redirect(url_for("accounts.login"), code=HTTPStatus.SEE_OTHER)
