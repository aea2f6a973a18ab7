"""Forms with which people steer the automation."""

from wtforms import StringField
from wtforms.validators import DataRequired, Length

from app.automation.approvals import MAX_REASON as MAX_ANSWER
from app.automation.control import MAX_REASON
from app.web.forms import Form, strip


class PauseForm(Form):
    """Why nothing may be repaired for now; those who meet the pause read it."""

    reason = StringField(
        "Why",
        [
            DataRequired("Say why, for those who find the automation paused."),
            Length(max=MAX_REASON, message=f"Use at most {MAX_REASON} characters."),
        ],
        filters=[strip],
        render_kw={"autocomplete": "off"},
    )


class ResumeForm(Form):
    """Nothing has to be said to let the automation work again."""


class AnswerForm(Form):
    """A person's answer to a run that waits for it."""

    reason = StringField(
        "Reason", [Length(max=MAX_ANSWER, message=f"Use at most {MAX_ANSWER} characters.")], filters=[strip]
    )
