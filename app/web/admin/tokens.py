"""API tokens: programs' own ones are made here; everybody's can be seen and revoked."""

from datetime import timedelta
from http import HTTPStatus

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.accounts import service
from app.accounts import tokens as api_tokens
from app.accounts.access import requires
from app.clock import now
from app.errors import InvalidInput
from app.records.accounts import Role, Scope
from app.web.accounts.forms import TokenForm
from app.web.accounts.proof import requires_recent_proof
from app.web.admin.blueprint import bp
from app.web.reader import me


@bp.route("/tokens", methods=["GET", "POST"])
@requires(Role.ADMIN)
@requires_recent_proof
def tokens() -> ResponseReturnValue:
    """Show all tokens; make one for a program, whose secret is shown only in this answer."""
    form = TokenForm()
    form.offer(frozenset(Scope), forever=True)
    made = None
    if form.validate_on_submit():
        days = int(form.days.data) if form.days.data else None
        try:
            made = api_tokens.create(
                name=form.name.data or "",
                scopes=[Scope(form.scope.data)],
                by=me(),
                expires_at=now() + timedelta(days=days) if days else None,
            )
        except InvalidInput as error:
            form.reject(error)
    return render_template(
        "admin/tokens.html",
        form=form,
        made=made,
        tokens=api_tokens.all_tokens(),
        people={user.id: user.name for user in service.everybody()},
        now=now(),
    ), HTTPStatus.CREATED if made else form.http_status


@bp.post("/tokens/<int:token_id>/revoke")
@requires(Role.ADMIN)
def revoke_token(token_id: int) -> ResponseReturnValue:
    """Switch a token off for good."""
    token = api_tokens.revoke(api_tokens.get(token_id).name, by=me())
    flash(f"{token.name} is revoked.", "ok")
    return redirect(url_for("admin.tokens"), code=HTTPStatus.SEE_OTHER)
