"""The audit trail: who changed what, from where, newest first. There is no way to change it."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app.accounts.access import requires
from app.records import audit as trail
from app.records.accounts import Role
from app.web.admin.blueprint import bp


@bp.get("/audit")
@requires(Role.ADMIN)
def audit() -> ResponseReturnValue:
    """Show the trail, all of it or one kind."""
    kinds = trail.kinds()
    kind = request.args.get("kind", "")
    after = request.args.get("after")
    page = trail.page(kind=kind if kind in kinds else None, after=after)
    return render_template("admin/audit.html", kinds=kinds, kind=kind, after=after, page=page)
