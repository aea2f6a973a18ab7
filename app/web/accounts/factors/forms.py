"""Forms of second factors."""

from wtforms import HiddenField, StringField
from wtforms.validators import DataRequired, Length

from app.accounts.factors.passkeys import MAX_ANSWER
from app.accounts.factors.service import MAX_NAME
from app.web.forms import Form, strip

MAX_CODE = 64


def name() -> StringField:
    """Return a field for what a person calls a factor."""
    return StringField(
        "Name",
        [
            DataRequired("Give it a name."),
            Length(max=MAX_NAME, message=f"Use at most {MAX_NAME} characters."),
        ],
        filters=[strip],
        render_kw={"autocomplete": "off"},
    )


def answer() -> HiddenField:
    """Return the field into which our script puts what the browser's passkey dialog answers."""
    return HiddenField(validators=[Length(max=MAX_ANSWER, message="The answer of your browser is too long.")])


def code(label: str) -> StringField:
    """Return a field for a code."""
    return StringField(
        label,
        [Length(max=MAX_CODE, message="A code is shorter than this.")],
        filters=[strip],
        render_kw={"autocomplete": "one-time-code", "spellcheck": "false", "autocapitalize": "none"},
    )


class StepForm(Form):
    """The second step: a code, or what a passkey answered."""

    code = code("Code")
    answer = answer()


class AppForm(Form):
    """A new authenticator app."""

    name = name()
    code = code("Code that the app shows")


class PasskeyForm(Form):
    """A new passkey."""

    name = name()
    answer = answer()


class AnswerForm(Form):
    """What a passkey answered at the log-in."""

    answer = answer()
