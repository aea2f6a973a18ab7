"""The second step of a log-in, the same step again before a dangerous act, and log-in by passkey alone."""

from http import HTTPStatus

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts import sessions
from app.accounts.access import public
from app.accounts.factors import passkeys, pending, service
from app.accounts.factors.challenges import Purpose
from app.clock import now
from app.database import transaction
from app.errors import OimsError, Unauthorized
from app.extensions import db
from app.records.accounts import Proof, User
from app.records.factors import FactorKind, PendingLogIn
from app.web.accounts.factors.forms import AnswerForm, StepForm
from app.web.pages import local_path

bp = Blueprint("second_step", __name__, url_prefix="/login")


@bp.route("/second-step", methods=["GET", "POST"])
@public
def show() -> ResponseReturnValue:
    """Ask for the second factor, and let the person go on."""
    waiting = pending.current()
    user = _who(waiting)
    if user is None or not service.has_any(user.id):
        return redirect(url_for("accounts.login"), code=HTTPStatus.SEE_OTHER)
    form = StepForm()
    if form.validate_on_submit():
        try:
            service.prove(
                user,
                code=form.code.data or "",
                answer=form.answer.data or "",
                address=request.remote_addr or "",
            )
        except Unauthorized as error:
            if form.code.data:
                form.code.errors = [error.detail]
            else:
                form.form_errors.append(error.detail)
        else:
            return _go_on(user, waiting)
    return _page(form, user, waiting), form.http_status


@bp.post("/second-step/options")
@public
def options() -> Response:
    """Answer with what the browser needs to sign with a passkey of the person who is logging in.

    Raises Unauthorized when nobody is.
    """
    user = _who(pending.current())
    if user is None:
        raise Unauthorized("Log in first.")
    return Response(passkeys.ask(Purpose.STEP, user.id), mimetype="application/json")


@bp.post("/second-step/leave")
@public
def leave() -> ResponseReturnValue:
    """Give a half-finished log-in up."""
    waiting = pending.current()
    if waiting is not None:
        pending.end(waiting)
    return redirect(url_for("accounts.login"), code=HTTPStatus.SEE_OTHER)


@bp.post("/passkey/options")
@public
def log_in_options() -> Response:
    """Answer with what the browser needs to sign with any passkey it has for this installation."""
    return Response(passkeys.ask(Purpose.LOG_IN, None), mimetype="application/json")


@bp.post("/passkey")
@public
def log_in() -> ResponseReturnValue:
    """Let a person in by a passkey that has verified its holder: it is both factors."""
    form = AnswerForm()
    user = service.authenticate(
        form.answer.data or "" if form.validate_on_submit() else "", address=request.remote_addr or ""
    )
    sessions.sign_in(user, request, how=Proof.PASSKEY, factor_at=now())
    return redirect(local_path(request.args.get("next")), code=HTTPStatus.SEE_OTHER)


def ask_again(error: OimsError, *, target: str) -> ResponseReturnValue:
    """Lead a person who is logged in through the second step, or to adding a factor, back to ``target``."""
    flash(error.detail, "problem")
    has_one = service.has_any(current_user.id)
    where = url_for("second_step.show", next=target) if has_one else url_for("factors.show")
    return redirect(where, code=HTTPStatus.SEE_OTHER)


def _who(waiting: PendingLogIn | None) -> User | None:
    """Return who proves: the person of the half-finished log-in, else the one who is logged in."""
    if waiting is not None:
        return db.session.get_one(User, waiting.user_id)
    return db.session.get_one(User, current_user.id) if current_user.is_authenticated else None


def _go_on(user: User, waiting: PendingLogIn | None) -> ResponseReturnValue:
    """Start a new session that has the proof, in the place of the log-in or session before it."""
    target = local_path(waiting.target if waiting else request.args.get("next"))
    how = waiting.proved_by if waiting else Proof.SECOND_FACTOR
    if waiting is not None and not pending.end(waiting):
        return redirect(url_for("accounts.login"), code=HTTPStatus.SEE_OTHER)
    with transaction():
        sessions.end_this()
        sessions.sign_in(user, request, how=how, factor_at=now())
    return redirect(target, code=HTTPStatus.SEE_OTHER)


def _page(form: StepForm, user: User, waiting: PendingLogIn | None) -> str:
    kinds = {factor.kind for factor in service.of(user.id)}
    return render_template(
        "accounts/factors/second_step.html",
        form=form,
        user=user,
        is_log_in=waiting is not None,
        next=None if waiting else request.args.get("next"),
        has_passkey=FactorKind.PASSKEY in kinds and passkeys.are_possible(),
        has_app=FactorKind.APP in kinds,
    )
