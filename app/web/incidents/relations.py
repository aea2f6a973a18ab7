"""Forms of the incident page that say what it is about, and with which others it has to do."""

from flask import flash
from flask.typing import ResponseReturnValue

from app.accounts.access import requires
from app.incidents import details, merging
from app.records.accounts import Role
from app.web.incidents import forms
from app.web.incidents.page import act, bp, to
from app.web.reader import me


@bp.post("/incidents/<int:incident_id>/merge")
@requires(Role.RESPONDER)
def merge(incident_id: int) -> ResponseReturnValue:
    """Close it as a duplicate of another one."""
    form = forms.MergeForm()
    return act(
        incident_id,
        "merge",
        form,
        "Merged. The other incident goes on for it.",
        lambda: merging.merge(incident_id, into=form.into.data or 0, actor=me(), version=form.version.data),
    )


@bp.post("/incidents/<int:incident_id>/link")
@requires(Role.RESPONDER)
def link(incident_id: int) -> ResponseReturnValue:
    """Link it to another one."""
    form = forms.LinkForm()
    return act(
        incident_id,
        "link",
        form,
        "Linked.",
        lambda: merging.link(incident_id, other_id=form.other.data or 0, actor=me()),
    )


@bp.post("/incidents/<int:incident_id>/unlink/<int:other_id>")
@requires(Role.RESPONDER)
def unlink(incident_id: int, other_id: int) -> ResponseReturnValue:
    """Take a link away."""
    merging.unlink(incident_id, other_id=other_id, actor=me())
    flash("The link is gone.", "ok")
    return to(incident_id)


@bp.post("/incidents/<int:incident_id>/details")
@requires(Role.RESPONDER)
def change_details(incident_id: int) -> ResponseReturnValue:
    """Say which service it is about, and which labels it has."""
    form = forms.DetailsForm()
    return act(
        incident_id,
        "details",
        form,
        "Saved.",
        lambda: details.change(
            incident_id,
            about=form.service.data or "",
            tags=details.read(form.tags.data or ""),
            actor=me(),
            version=form.version.data,
        ),
    )
