"""Pages of escalation: chains, routes, and who would be paged."""

from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app import severities
from app.accounts.access import requires
from app.clock import now
from app.errors import InvalidInput
from app.escalations import explain, people, queries, routing, service
from app.escalations.explain import Explanation
from app.records.accounts import Role
from app.records.escalations import Chain
from app.severities import Severity
from app.web.escalations import forms
from app.web.reader import may_change, me
from contract.text import one_line

bp = Blueprint("escalations", __name__, url_prefix="/escalation")


@bp.get("")
@requires(Role.VIEWER)
def index() -> ResponseReturnValue:
    """Show all chains and routes."""
    return _index(_route_form())


@bp.route("/chains/new", methods=["GET", "POST"])
@requires(Role.RESPONDER)
def new() -> ResponseReturnValue:
    """Make a chain."""
    form = _chain_form(None)
    chain = form.outcome(lambda: service.create(form.draft(), actor=me()))
    if chain is not None:
        flash("The chain is made.", "ok")
        return _to(chain)
    return render_template("escalations/form.html", form=form, chain=None), form.http_status


@bp.get("/chains/<int:chain_id>")
@requires(Role.VIEWER)
def show(chain_id: int) -> ResponseReturnValue:
    """Show one chain."""
    chain = queries.chain(chain_id)
    return render_template(
        "escalations/show.html",
        chain=chain,
        plan=queries.plan(chain),
        name=people.name,
        present=people.of,
        when=forms.WHEN,
        days=forms.DAYS,
        severities=list(Severity),
        may_change=may_change(),
    )


@bp.route("/chains/<int:chain_id>/edit", methods=["GET", "POST"])
@requires(Role.RESPONDER)
def edit(chain_id: int) -> ResponseReturnValue:
    """Change a chain."""
    chain = queries.chain(chain_id)
    form = _chain_form(chain)
    if form.outcome(lambda: service.change(chain_id, form.draft(), actor=me())):
        flash("The chain is changed, for incidents from now on.", "ok")
        return _to(chain)
    return render_template("escalations/form.html", form=form, chain=chain), form.http_status


@bp.post("/chains/<int:chain_id>/delete")
@requires(Role.RESPONDER)
def delete(chain_id: int) -> ResponseReturnValue:
    """Forget a chain."""
    try:
        service.delete(chain_id, actor=me())
    except InvalidInput as error:
        flash(error.detail, "problem")
        return _to(queries.chain(chain_id))
    flash("The chain is deleted. What is under way goes on.", "ok")
    return _home()


@bp.post("/routes")
@requires(Role.RESPONDER)
def add_route() -> ResponseReturnValue:
    """Lead incidents to a chain."""
    form = _route_form()
    if form.outcome(lambda: service.add_route(**_given(form), actor=me())):
        flash("The route is made; it is asked last.", "ok")
        return _home()
    return _index(form)


@bp.route("/routes/<int:route_id>", methods=["GET", "POST"])
@requires(Role.RESPONDER)
def edit_route(route_id: int) -> ResponseReturnValue:
    """Change a route."""
    route = queries.route(route_id)
    lines = "\n".join(str(condition) for condition in routing.conditions(route))
    form = _route_form(matchers=lines, chain=route.chain_id)
    if form.outcome(lambda: service.change_route(route_id, **_given(form), actor=me())):
        flash("The route is changed.", "ok")
        return _home()
    return render_template("escalations/route.html", form=form, route=route), form.http_status


@bp.post("/routes/<int:route_id>/raise")
@requires(Role.RESPONDER)
def raise_route(route_id: int) -> ResponseReturnValue:
    """Have a route asked earlier."""
    service.raise_route(route_id, actor=me())
    flash("The route is asked earlier.", "ok")
    return _home()


@bp.post("/routes/<int:route_id>/delete")
@requires(Role.RESPONDER)
def delete_route(route_id: int) -> ResponseReturnValue:
    """Forget a route."""
    service.delete_route(route_id, actor=me())
    flash("The route is deleted.", "ok")
    return _home()


@bp.route("/who", methods=["GET", "POST"])
@requires(Role.VIEWER)
def who() -> ResponseReturnValue:
    """Answer who would be paged about an alert; nothing is changed."""
    form = forms.WhoForm()
    found: Explanation | None = None
    if form.validate_on_submit():
        try:
            found = _explain(form)
        except InvalidInput as error:
            form.reject(error)
    return render_template("escalations/who.html", form=form, found=found), form.http_status


def _explain(form: forms.WhoForm) -> Explanation:
    settings = current_app.config["SETTINGS"]
    labels = explain.labels_of(form.alert.data or "")
    severity, _ = severities.meaning(labels, settings.severity_labels, settings.severity_words)
    if form.severity.data:
        severity = Severity(form.severity.data)
    named = (one_line(labels.get(name, "")) for name in settings.service_labels)
    service_name = next((name for name in named if name), "")
    at = form.at.data.replace(tzinfo=ZoneInfo(current_user.timezone)) if form.at.data else now()
    return explain.explain(labels, severity, service_name, at)


def _index(form: forms.RouteForm) -> ResponseReturnValue:
    chains = queries.chains()
    page = render_template(
        "escalations/index.html",
        form=form,
        chains=[(chain, queries.plan(chain)) for chain in chains],
        routes=[(route, routing.conditions(route)) for route in queries.routes()],
        names={chain.id: chain.name for chain in chains},
        name=people.name,
        may_change=may_change(),
    )
    return page, form.http_status


def _chain_form(chain: Chain | None) -> forms.ChainForm:
    rows, values = forms.shown(chain, current_user.timezone)
    if request.method == "POST":
        rows = forms.rows_of(request.form)
    return forms.chain_form(rows, **values)


def _given(form: forms.RouteForm) -> dict[str, Any]:
    return {"matchers": form.matchers.data or "", "chain_id": form.chain.data}


def _route_form(**values: object) -> forms.RouteForm:
    form = forms.RouteForm(data=values)
    form.offer({chain.id: chain.name for chain in queries.chains()})
    return form


def _to(chain: Chain) -> ResponseReturnValue:
    return redirect(url_for("escalations.show", chain_id=chain.id), code=HTTPStatus.SEE_OTHER)


def _home() -> ResponseReturnValue:
    return redirect(url_for("escalations.index"), code=HTTPStatus.SEE_OTHER)
