"""People: approve, invite, give roles, switch off and on, log out."""

from collections.abc import Callable
from http import HTTPStatus

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts import invitations, service, sessions
from app.accounts.access import requires
from app.accounts.factors import service as factors
from app.errors import InvalidInput
from app.notify import outbox
from app.records.accounts import Role, UserStatus
from app.web.accounts.factors.guard import proved
from app.web.accounts.proof import requires_recent_proof
from app.web.admin.blueprint import bp
from app.web.admin.forms import InviteForm, RoleForm
from app.web.reader import me

DONE = {
    UserStatus.ACTIVE: "The account can be used.",
    UserStatus.DISABLED: "The account is off. Its browsers are logged out, and its API tokens have ended.",
}


@bp.get("/people")
@requires(Role.ADMIN)
def people() -> ResponseReturnValue:
    """Show all accounts and the invitations that wait."""
    return _people(InviteForm())


@bp.post("/people/invite")
@requires(Role.ADMIN)
@requires_recent_proof
def invite() -> ResponseReturnValue:
    """Invite somebody by mail; where mail is off, show the link to hand over."""
    form = InviteForm()
    made = None
    if form.validate_on_submit():
        try:
            made = invitations.invite(email=form.email.data or "", role=Role(form.role.data), by=me())
        except InvalidInput as error:
            form.reject(error)
    if made is None or made.invitation.mail_id is None:
        return _people(form, made)
    flash(f"{made.invitation.email} gets a mail with a link.", "ok")
    return redirect(url_for("admin.people"), code=HTTPStatus.SEE_OTHER)


@bp.post("/invitations/<int:invitation_id>/withdraw")
@requires(Role.ADMIN)
def withdraw(invitation_id: int) -> ResponseReturnValue:
    """Make an invitation worthless."""
    invitations.withdraw(invitation_id, by=me())
    flash("The invitation is withdrawn.", "ok")
    return redirect(url_for("admin.people"), code=HTTPStatus.SEE_OTHER)


@bp.get("/people/<int:user_id>")
@requires(Role.ADMIN)
def person(user_id: int) -> ResponseReturnValue:
    """Show one account and what can be done to it."""
    user = service.get(user_id)
    return render_template(
        "admin/person.html",
        user=user,
        form=RoleForm(role=user.role.value),
        browsers=sessions.of(user.id),
        factors=factors.of(user.id),
    )


@bp.post("/people/<int:user_id>/role")
@requires(Role.ADMIN)
@requires_recent_proof
def change_role(user_id: int) -> ResponseReturnValue:
    """Give a person another role. Raises InvalidInput when there is no such role."""
    form = RoleForm()
    if not form.validate_on_submit():
        raise InvalidInput("Choose one of the roles.")
    role = Role(form.role.data)
    return _change(
        user_id,
        lambda: service.change_role(user_id, role=role, by=me()),
        f"The role is {role} now.",
    )


@bp.post("/people/<int:user_id>/approve", endpoint="approve", defaults={"status": UserStatus.ACTIVE})
@bp.post("/people/<int:user_id>/enable", endpoint="enable", defaults={"status": UserStatus.ACTIVE})
@bp.post("/people/<int:user_id>/disable", endpoint="disable", defaults={"status": UserStatus.DISABLED})
@requires(Role.ADMIN)
@requires_recent_proof
def change_status(user_id: int, status: UserStatus) -> ResponseReturnValue:
    """Approve an account, or switch it on or off."""
    return _change(
        user_id,
        lambda: service.change_status(user_id, status=status, by=me()),
        DONE[status],
    )


@bp.post("/people/<int:user_id>/sign-out")
@requires(Role.ADMIN)
def sign_out(user_id: int) -> ResponseReturnValue:
    """Log all browsers of a person out."""
    return _change(
        user_id,
        lambda: service.sign_out(user_id, by=me()),
        "All browsers are logged out.",
    )


@bp.post("/people/<int:user_id>/reset-factors")
@requires(Role.ADMIN)
@proved
def reset_factors(user_id: int) -> ResponseReturnValue:
    """Remove all second factors of somebody who has lost them. Raises InvalidInput for oneself."""
    if user_id == current_user.id:
        raise InvalidInput("Ask another administrator to do this, or use the command line.")
    return _change(
        user_id,
        lambda: factors.reset(user_id, by=me()),
        "All second factors are removed, and all browsers are logged out.",
    )


def _change(user_id: int, change: Callable[[], object], done: str) -> ResponseReturnValue:
    try:
        change()
    except InvalidInput as error:
        flash(error.detail, "problem")
    else:
        flash(done, "ok")
    return redirect(url_for("admin.person", user_id=user_id), code=HTTPStatus.SEE_OTHER)


def _people(form: InviteForm, made: invitations.NewInvitation | None = None) -> ResponseReturnValue:
    waiting = invitations.waiting()
    mails = outbox.by_id([row.mail_id for row in waiting if row.mail_id is not None])
    return render_template(
        "admin/people.html", form=form, made=made, people=service.everybody(), waiting=waiting, mails=mails
    ), form.http_status
