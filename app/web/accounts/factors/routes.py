"""A person's own page "Two-step sign-in": add and remove factors, make recovery codes."""

from http import HTTPStatus

from flask import Blueprint, Response, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts import sessions
from app.accounts.access import Hurdle, requires
from app.accounts.factors import passkeys, recent, recovery, service, totp
from app.clock import now
from app.errors import InvalidInput
from app.extensions import db
from app.records.accounts import Proof, Role, User
from app.web.accounts.factors import guard
from app.web.accounts.factors.forms import AppForm, PasskeyForm

NEW_APP = "new_app"

bp = Blueprint("factors", __name__, url_prefix="/profile/two-step")


@bp.get("")
@requires(Role.VIEWER, before=(Hurdle.FACTOR_MISSING,))
def show() -> ResponseReturnValue:
    """Show one's own factors and how many recovery codes are left."""
    return _page()


@bp.route("/app", methods=["GET", "POST"])
@requires(Role.VIEWER, before=(Hurdle.FACTOR_MISSING,))
@guard.proved
def add_app() -> ResponseReturnValue:
    """Show a new secret; keep it once the app has shown a right code."""
    form = AppForm(data={"name": "Authenticator app"} if request.method == "GET" else None)
    sealed = session.get(NEW_APP, "")
    if form.validate_on_submit():
        try:
            codes = service.add_app(
                current_user.id, sealed=sealed, code=form.code.data or "", name=form.name.data or ""
            )
        except InvalidInput as error:
            form.reject(error)
        else:
            return _added(codes)
    secret = _open_secret(sealed)
    address = totp.address(secret, current_user.email)
    return render_template(
        "accounts/factors/app.html",
        form=form,
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        address=address,
        picture=totp.picture(address),
    ), form.http_status


@bp.route("/passkey", methods=["GET", "POST"])
@requires(Role.VIEWER, before=(Hurdle.FACTOR_MISSING,))
@guard.proved
def add_passkey() -> ResponseReturnValue:
    """Let the browser make a passkey, and keep it."""
    form = PasskeyForm(data={"name": "Passkey"} if request.method == "GET" else None)
    if form.validate_on_submit():
        try:
            codes = service.add_passkey(
                current_user.id, answer=form.answer.data or "", name=form.name.data or ""
            )
        except InvalidInput as error:
            form.reject(error)
        else:
            return _added(codes)
    context = {"form": form, "are_possible": passkeys.are_possible(), "host": passkeys.relying_party()}
    return render_template("accounts/factors/passkey.html", **context), form.http_status


@bp.post("/passkey/options")
@requires(Role.VIEWER, before=(Hurdle.FACTOR_MISSING,))
def passkey_options() -> Response:
    """Answer with what the browser needs to make a passkey."""
    return Response(passkeys.ask_for_new(_user()), mimetype="application/json")


@bp.post("/<int:factor_id>/remove")
@requires(Role.VIEWER)
@guard.proved
def remove(factor_id: int) -> ResponseReturnValue:
    """Remove one of one's own factors."""
    try:
        service.remove(current_user.id, factor_id, settings=recent.settings())
    except InvalidInput as error:
        flash(error.detail, "problem")
    else:
        flash("It is removed.", "ok")
    return redirect(url_for("factors.show"), code=HTTPStatus.SEE_OTHER)


@bp.post("/codes")
@requires(Role.VIEWER)
@guard.proved
def renew_codes() -> ResponseReturnValue:
    """Make new recovery codes, which are shown only in this answer."""
    try:
        codes = service.renew_codes(current_user.id)
    except InvalidInput as error:
        flash(error.detail, "problem")
        return redirect(url_for("factors.show"), code=HTTPStatus.SEE_OTHER)
    return _page(codes), HTTPStatus.CREATED


def _added(codes: list[str]) -> ResponseReturnValue:
    """Show the recovery codes that come with the first factor; it also counts as proved in this session."""
    session.pop(NEW_APP, None)
    if not codes:
        flash("It is added.", "ok")
        return redirect(url_for("factors.show"), code=HTTPStatus.SEE_OTHER)
    sessions.sign_in(_user(), request, how=Proof.SECOND_FACTOR, factor_at=now())
    return _page(codes), HTTPStatus.CREATED


def _page(codes: list[str] | None = None) -> str:
    return render_template(
        "accounts/factors/index.html",
        factors=service.of(current_user.id),
        codes=codes,
        codes_left=recovery.left(current_user.id),
        is_required=service.is_required(current_user, recent.settings()),
        are_possible=passkeys.are_possible(),
    )


def _open_secret(sealed: str) -> str:
    """Return the secret that this browser is setting up; a new one if there is none or it is too old."""
    try:
        return totp.secret_of(sealed, current_user.id)
    except InvalidInput:
        session[NEW_APP] = totp.propose(current_user.id)
        return totp.secret_of(session[NEW_APP], current_user.id)


def _user() -> User:
    return db.session.get_one(User, current_user.id)
