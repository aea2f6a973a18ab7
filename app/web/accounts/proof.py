"""Proof again before dangerous acts: a stolen session alone must not do them.

A session knows when and how its person last proved who they are (``proved_at``, ``proved_by``). A form that
comes to a view under ``@requires_recent_proof`` after that has grown old is answered by a page that asks for
proof and holds what was typed; with the proof it comes to the same view again.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from flask import current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from wtforms import PasswordField
from wtforms.validators import DataRequired

from app.accounts import password_login, sessions
from app.errors import Forbidden, InvalidInput, wants_problem
from app.records.accounts import Proof
from app.web.forms import Form

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class ProofForm(Form):
    """The password, once more. Its field must not have the name of one of the form that waits."""

    proof_password = PasswordField(
        "Your password",
        [DataRequired("Enter your password.")],
        render_kw={"autocomplete": "current-password", "autofocus": True},
    )


NOT_KEPT = frozenset({"csrf_token", "proof_password"})


def requires_recent_proof[**P](
    view: Callable[P, ResponseReturnValue],
) -> Callable[P, ResponseReturnValue]:
    """Let a form reach the view only within five minutes of a proof; looking at the page needs none."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if request.method in SAFE_METHODS or sessions.is_proved_within(sessions.RECENT):
            return view(*args, **kwargs)
        form = ProofForm(formdata=request.form if "proof_password" in request.form else None)
        if form.is_submitted() and "proof_password" in request.form and form.validate():
            try:
                password_login.check_password(current_user, form.proof_password.data or "")
            except InvalidInput as error:
                form.proof_password.errors = [error.detail]
            else:
                sessions.prove(Proof.PASSWORD)
                return view(*args, **kwargs)
        return _ask(form)

    return guarded


def _ask(form: ProofForm) -> ResponseReturnValue:
    """Answer with the page that asks for proof; programs have no way to give it.

    Raises:
        Forbidden: the caller wants no page.

    """
    if wants_problem():
        raise Forbidden("This needs a recent log-in: log in again, or do it on the page.")
    has_password = current_user.password_hash is not None and password_login.may_use_password(current_user)
    has_single_sign_on = current_user.oidc_subject is not None and "oidc" in current_app.extensions
    return render_template(
        "accounts/proof.html",
        form=form,
        action=request.script_root + request.full_path.rstrip("?"),
        kept=[pair for pair in request.form.items(multi=True) if pair[0] not in NOT_KEPT],
        has_password=has_password,
        has_single_sign_on=has_single_sign_on,
    ), HTTPStatus.FORBIDDEN
