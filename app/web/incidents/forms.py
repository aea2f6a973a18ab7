"""Forms of the incident pages. Hidden fields tell which state of the incident the person saw."""

from collections.abc import Iterable

from flask import request
from wtforms import HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

from app.accounts import service as accounts
from app.escalations import people
from app.escalations.plan import Kind, Target
from app.incidents.service import MAX_TEXT, MAX_TITLE
from app.records.accounts import User
from app.severities import Severity
from app.web.forms import Form, strip
from contract import limits

MAX_SERVICE = limits.SERVICE
MAX_PICKED = 200
MAX_DIGITS = 12
SEVERITY_CHOICES = [SelectChoice(severity.value, severity.value.capitalize()) for severity in Severity]
NOBODY = SelectChoice("", "Nobody")
TOO_LONG = f"Use at most {MAX_TEXT:,} characters."


def _owner(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() else None


class OwnerField(SelectField):
    """A person who can take the incident, or nobody."""

    def offer(self, people: Iterable[User]) -> None:
        """Fill in the people."""
        self.choices = [NOBODY, *(SelectChoice(str(person.id), person.name) for person in people)]

    @property
    def user_id(self) -> int | None:
        """Return the chosen person's id, or None for nobody."""
        return _owner(self.data)


class NewIncidentForm(Form):
    """What is wrong, in a person's words."""

    title = StringField(
        "Title",
        [
            DataRequired("Say what is wrong."),
            Length(max=MAX_TITLE, message=f"Use at most {MAX_TITLE} characters."),
        ],
        filters=[strip],
        render_kw={"autocomplete": "off", "autofocus": True},
    )
    severity = SelectField("Severity", choices=SEVERITY_CHOICES, default=Severity.HIGH.value)
    service = StringField(
        "Service",
        [Optional(), Length(max=MAX_SERVICE, message=f"Use at most {MAX_SERVICE} characters.")],
        filters=[strip],
        render_kw={"autocomplete": "off"},
    )
    owner = OwnerField("Owner", validate_choice=True)
    description = TextAreaField(
        "Description",
        [Optional(), Length(max=MAX_TEXT, message=TOO_LONG)],
        render_kw={"rows": 5},
    )


class ActionForm(Form):
    """What every action carries: the version and the last timeline entry the person saw."""

    version = IntegerField(widget=HiddenInput(), validators=[DataRequired("Reload the page and try again.")])
    seen = HiddenField()


class AssignForm(ActionForm):
    """Who shall have it."""

    owner = OwnerField("Owner", id="assign-owner")


class CommentForm(Form):
    """A remark; it never conflicts with what others do."""

    body = TextAreaField(
        "Comment",
        [DataRequired("Write something first."), Length(max=MAX_TEXT, message=TOO_LONG)],
        id="comment-body",
        render_kw={"rows": 4},
    )


class ResolveForm(ActionForm):
    """How it ended."""

    reason = TextAreaField(
        "What ended it",
        [Optional(), Length(max=MAX_TEXT, message=TOO_LONG)],
        id="resolve-reason",
        render_kw={"rows": 3},
    )


class ReopenForm(ActionForm):
    """Why it is not over."""

    reason = TextAreaField(
        "Why it is not over",
        [Optional(), Length(max=MAX_TEXT, message=TOO_LONG)],
        id="reopen-reason",
        render_kw={"rows": 3},
    )


class EscalateForm(ActionForm):
    """Why more people are needed."""

    reason = TextAreaField(
        "Why more people are needed",
        [Optional(), Length(max=MAX_TEXT, message=TOO_LONG)],
        id="escalate-reason",
        render_kw={"rows": 3},
    )


class HelpForm(ActionForm):
    """Whom to ask for help, and why."""

    whom = SelectField("Ask for help", id="help-whom")
    reason = StringField(
        "Why they are needed",
        [Length(max=MAX_TEXT, message=TOO_LONG)],
        id="help-reason",
        render_kw={"autocomplete": "off"},
    )

    @classmethod
    def offered(cls) -> "HelpForm":
        """Return the form with all who can be asked."""
        form = cls()
        form.whom.choices = [
            SelectChoice(f"{target.kind}:{target.id}", name, optgroup=group)
            for group, found in people.choices().items()
            for target, name in found
        ]
        return form

    def target(self) -> Target:
        """Return who was chosen, once the form is checked."""
        kind, _, number = str(self.whom.data).partition(":")
        return Target(kind=Kind(kind), id=int(number))


class SeverityForm(ActionForm):
    """How bad it really is."""

    severity = SelectField("Severity", choices=SEVERITY_CHOICES, id="severity-choice")


class BulkForm(Form):
    """A bulk action: one change for every selected incident."""

    do = SelectField(
        "Do",
        choices=[
            SelectChoice("acknowledge", "Acknowledge"),
            SelectChoice("assign", "Assign"),
            SelectChoice("resolve", "Resolve"),
        ],
        id="bulk-do",
    )
    owner = OwnerField("Owner, when you assign", id="bulk-owner")
    reason = StringField(
        "Reason, when you resolve",
        [Length(max=MAX_TEXT, message=TOO_LONG)],
        filters=[strip],
        id="bulk-reason",
        render_kw={"autocomplete": "off"},
    )

    @classmethod
    def offered(cls) -> "BulkForm":
        """Return the form with the people who can own incidents."""
        form = cls()
        form.owner.offer(accounts.assignable())
        return form

    def picked(self) -> list[int]:
        """Return the selected incident numbers, each once; a value that is not a number is ignored."""
        given = dict.fromkeys(request.form.getlist("incident"))
        return [int(text) for text in given if text.isascii() and text.isdigit() and len(text) < MAX_DIGITS][
            :MAX_PICKED
        ]


class ViewForm(Form):
    """The name for a list's filters."""

    name = StringField(
        "Name of this view",
        [
            DataRequired("Give the view a name."),
            Length(max=limits.VIEW_NAME, message="Use at most 60 characters."),
        ],
        filters=[strip],
        id="view-name",
        render_kw={"autocomplete": "off"},
    )
    query = HiddenField(id="view-query")


class LinkForm(ActionForm):
    """An incident that this one has to do with."""

    other = IntegerField("Number of the other incident", [InputRequired("Enter a number.")], id="link-other")


class MergeForm(ActionForm):
    """The incident that goes on for this one."""

    into = IntegerField(
        "Number of the incident that goes on", [InputRequired("Enter a number.")], id="merge-into"
    )


class DetailsForm(ActionForm):
    """Which service it is about, and people's own labels."""

    service = StringField(
        "Service",
        [Length(max=MAX_SERVICE, message=f"Use at most {MAX_SERVICE} characters.")],
        filters=[strip],
        id="details-service",
        render_kw={"autocomplete": "off"},
    )
    tags = TextAreaField(
        "Labels",
        [Length(max=MAX_TEXT, message=TOO_LONG)],
        id="details-tags",
        render_kw={"rows": 3, "spellcheck": "false"},
    )
