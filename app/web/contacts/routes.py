"""A person's contact methods: added, proved by a code, tested, removed; the rules by which they are used."""

from datetime import time
from http import HTTPStatus
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.access import requires
from app.contacts import rules, service, services, web_push
from app.database import transaction
from app.notify import people, preferences
from app.notify.incident_mails import base_url, is_on
from app.notify.people import Message
from app.records.accounts import Role
from app.records.channels import MethodKind, Urgency
from app.web.accounts.proof import requires_recent_proof
from app.web.contacts.forms import CodeForm, MethodForm, QuietForm, RuleForm
from app.web.forms import Form

bp = Blueprint("contacts", __name__, url_prefix="/profile/contact")


@bp.get("")
@requires(Role.VIEWER)
def show() -> ResponseReturnValue:
    """Show one's contact methods, rules and quiet hours."""
    return _page()


@bp.route("/new", methods=["GET", "POST"])
@requires(Role.VIEWER)
@requires_recent_proof
def add() -> ResponseReturnValue:
    """Add a contact method, and send its code there."""
    form = MethodForm()
    if form.outcome(
        lambda: service.add(
            current_user,
            kind=MethodKind(form.kind.data),
            name=form.name.data or "",
            address=form.address.data or "",
        )
    ):
        flash("A code is on its way there. Enter it to use the contact method.", "ok")
        return _back()
    examples = [(preferences.NAMES[kind], example) for kind, example in services.EXAMPLES.items()]
    return render_template("contacts/new.html", form=form, examples=examples), form.http_status


@bp.post("/<int:method_id>/prove")
@requires(Role.VIEWER)
def prove(method_id: int) -> ResponseReturnValue:
    """Take the code that came by a method."""
    form = CodeForm()
    if form.outcome(lambda: service.prove(current_user, method_id, form.code.data or "")):
        flash("The contact method is proved, and used from now on.", "ok")
        return _back()
    return _page(code_form=form, code_of=method_id), form.http_status


@bp.post("/<int:method_id>/code")
@requires(Role.VIEWER)
def send_code(method_id: int) -> ResponseReturnValue:
    """Send a new code."""
    service.send_code(current_user, method_id)
    flash("A new code is on its way.", "ok")
    return _back()


@bp.post("/<int:method_id>/test")
@requires(Role.VIEWER)
def test(method_id: int) -> ResponseReturnValue:
    """Send a test message."""
    service.test(current_user, method_id)
    flash("A test message is on its way.", "ok")
    return _back()


@bp.post("/<int:method_id>/remove")
@requires(Role.VIEWER)
def remove(method_id: int) -> ResponseReturnValue:
    """Forget a contact method."""
    service.remove(current_user, method_id)
    flash("The contact method is removed, with the rules that used it.", "ok")
    return _back()


@bp.post("/rules")
@requires(Role.VIEWER)
def add_rule() -> ResponseReturnValue:
    """Add a step."""
    form = RuleForm()
    form.offer(preferences.methods(current_user.id))
    if form.outcome(
        lambda: rules.add(
            current_user,
            urgency=Urgency(form.urgency.data),
            method_id=form.method_id,
            after_s=form.after_s,
        )
    ):
        flash("The rule is added.", "ok")
        return _back()
    return _page(rule_form=form), form.http_status


@bp.post("/rules/<int:rule_id>/remove")
@requires(Role.VIEWER)
def remove_rule(rule_id: int) -> ResponseReturnValue:
    """Remove a step."""
    rules.remove(current_user, rule_id)
    flash("The rule is removed.", "ok")
    return _back()


@bp.post("/quiet")
@requires(Role.VIEWER)
def keep_quiet() -> ResponseReturnValue:
    """Choose the quiet hours."""
    form = QuietForm()
    if form.validate_on_submit():
        begin, end = form.minutes
        rules.keep_quiet(current_user, begin_minute=begin, end_minute=end)
        flash("Your quiet hours are saved.", "ok")
        return _back()
    return _page(quiet_form=form), form.http_status


@bp.post("/try")
@requires(Role.VIEWER)
def try_rules() -> ResponseReturnValue:
    """Page oneself, as an incident of high urgency would."""
    message = Message(
        "[OIMS] Test: you are paged",
        ("This is a test that you asked for. Nothing is wrong.",),
        why="you asked for it on your page of contact methods",
        link=f"{base_url()}/profile/contact",
        link_word="Open your contact methods",
    )
    with transaction():
        people.stop(f"test of {current_user.id}", "A newer test takes its place.")
        told = people.notify(current_user.id, Urgency.HIGH, message, reference=f"test of {current_user.id}")
    flash("You are paged by your rules for high urgency." if told.ways else "Nothing can page you yet.", "ok")
    return _back()


def _page(code_of: int = 0, **forms: Form) -> str:
    methods = preferences.methods(current_user.id)
    mine = preferences.rules(current_user.id)
    quiet = rules.quiet(current_user.id)
    rule_form = forms.get("rule_form") or RuleForm(formdata=None)
    if isinstance(rule_form, RuleForm):
        rule_form.offer(methods)
    given: dict[str, Any] = {}
    if quiet is not None:
        given = {"begin": _time(quiet.begin_minute), "end": _time(quiet.end_minute)}
    return render_template(
        "contacts/show.html",
        methods=methods,
        in_words=preferences.in_words,
        by_id={method.id: method for method in methods},
        rules={urgency: [rule for rule in mine if rule.urgency is urgency] for urgency in Urgency},
        quiet=quiet,
        mail_is_on=is_on(),
        push_key=web_push.public_key(),
        code_of=code_of,
        code_form=forms.get("code_form") or CodeForm(formdata=None),
        rule_form=rule_form,
        quiet_form=forms.get("quiet_form") or QuietForm(formdata=None, data=given),
    )


def _time(minute: int) -> time:
    return time(minute // 60, minute % 60)


def _back() -> ResponseReturnValue:
    return redirect(url_for("contacts.show"), code=HTTPStatus.SEE_OTHER)
