"""Forms of a review."""

from wtforms import DateField, HiddenField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from app.incidents.service import MAX_TEXT
from app.reviews.service import MAX_FOLLOW_UP
from app.web.forms import Form, strip
from app.web.incidents.forms import TOO_LONG, ActionForm, OwnerField


class ReviewForm(ActionForm):
    """What happened and why."""

    summary = TextAreaField(
        "What happened", [Length(max=MAX_TEXT, message=TOO_LONG)], filters=[strip], render_kw={"rows": 6}
    )
    cause = TextAreaField(
        "Why", [Length(max=MAX_TEXT, message=TOO_LONG)], filters=[strip], render_kw={"rows": 4}
    )


class FollowUpForm(Form):
    """What is to be done."""

    text = StringField(
        "What is to be done",
        [
            DataRequired("Say what is to be done."),
            Length(max=MAX_FOLLOW_UP, message=f"Use at most {MAX_FOLLOW_UP} characters."),
        ],
        filters=[strip],
        render_kw={"autocomplete": "off"},
    )
    owner = OwnerField("By whom")
    due_on = DateField("Until", [Optional()])


class SettleForm(Form):
    """Whether a follow-up is done."""

    done = HiddenField()
