"""What a browser needs to install OIMS and to be notified: manifest, service worker, subscription."""

from http import HTTPStatus

from flask import Blueprint, Response, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from wtforms import HiddenField
from wtforms.validators import DataRequired, Length

from app.accounts.access import public, requires
from app.contacts import service
from app.errors import InvalidInput
from app.records.accounts import Role
from app.records.channels import MethodKind
from app.web.accounts.proof import requires_recent_proof
from app.web.assets import FOLDER
from app.web.forms import Form
from contract import limits
from contract.text import one_line

bp = Blueprint("push", __name__)


class BrowserForm(Form):
    """The subscription that the browser gave."""

    subscription = HiddenField(
        "Subscription", [DataRequired("Your browser gave none."), Length(max=limits.ADDRESS_OF_A_METHOD)]
    )
    name = HiddenField("Name", [Length(max=limits.METHOD_NAME)])


@bp.get("/sw.js")
@public
def worker() -> ResponseReturnValue:
    """Return the service worker from where it may serve all pages."""
    answer = Response((FOLDER / "sw.js").read_bytes(), content_type="text/javascript; charset=utf-8")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@bp.get("/manifest.webmanifest")
@public
def manifest() -> Response:
    """Return what the app is called and looks like once it is installed."""
    icons = [
        {
            "src": url_for("static", filename="favicon-calm.svg"),
            "sizes": "any",
            "type": "image/svg+xml",
            "purpose": "any",
        }
    ]
    answer = jsonify(
        name="OIMS",
        short_name="OIMS",
        id=url_for("incidents.index"),
        start_url=url_for("incidents.index"),
        scope=url_for("incidents.index"),
        display="standalone",
        background_color="#ffffff",
        theme_color="#1f2937",
        icons=icons,
    )
    answer.content_type = "application/manifest+json"
    return answer


@bp.post("/profile/contact/browser")
@requires(Role.VIEWER)
@requires_recent_proof
def add_browser() -> ResponseReturnValue:
    """Add the browser itself as a contact method, and send its code there."""
    form = BrowserForm()
    if form.validate_on_submit():
        agent = one_line(form.name.data or request.user_agent.string, limits.METHOD_NAME)
        try:
            service.add(
                current_user,
                kind=MethodKind.WEB_PUSH,
                name=agent or "Browser",
                address=form.subscription.data or "",
            )
        except InvalidInput as error:
            flash(error.detail, "problem")
        else:
            flash("A notification with a code is on its way. Enter the code to use this browser.", "ok")
    else:
        flash("Your browser gave no subscription. Reload the page, then try again.", "problem")
    return redirect(url_for("contacts.show"), code=HTTPStatus.SEE_OTHER)
