"""Forms of contact methods, rules and quiet hours."""

from collections.abc import Sequence
from datetime import time

from wtforms import SelectField, StringField, TimeField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length

from app.contacts.services import SCHEMES
from app.errors import InvalidInput
from app.notify import preferences
from app.records.channels import ContactMethod, Urgency
from app.web.forms import Form, strip
from contract import durations, limits

MAIL = "mail"
MAX_DURATION = 40


class MethodForm(Form):
    """A way to reach oneself."""

    kind = SelectField(
        "Service", choices=[SelectChoice(kind.value, preferences.NAMES[kind]) for kind in SCHEMES]
    )
    name = StringField(
        "Name",
        [
            DataRequired("Say what it is."),
            Length(max=limits.METHOD_NAME, message=f"Use at most {limits.METHOD_NAME} characters."),
        ],
        filters=[strip],
        render_kw={"autocomplete": "off"},
    )
    address = StringField(
        "Address",
        [
            DataRequired("Enter an address."),
            Length(max=limits.ADDRESS_OF_A_METHOD, message="This address is too long."),
        ],
        filters=[strip],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


class CodeForm(Form):
    """The code that came by a method."""

    code = StringField(
        "Code",
        [DataRequired("Enter the code."), Length(max=20, message="This is no code.")],
        filters=[strip],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric"},
    )


class RuleForm(Form):
    """By what to be told, and when."""

    urgency = SelectField(
        "When the urgency is",
        choices=[SelectChoice(urgency.value, urgency.value.capitalize()) for urgency in Urgency],
    )
    method = SelectField("Use")
    after = StringField("After", [Length(max=MAX_DURATION)], filters=[strip], default="0s")

    def offer(self, methods: Sequence[ContactMethod]) -> None:
        """Offer mail and what is proved."""
        proved = [method for method in methods if method.proved_at is not None]
        self.method.choices = [
            SelectChoice(MAIL, "Mail"),
            *(SelectChoice(str(method.id), preferences.in_words(method)) for method in proved),
        ]

    @property
    def method_id(self) -> int | None:
        """Return the chosen method; none is mail."""
        return None if self.method.data == MAIL else int(self.method.data)

    @property
    def after_s(self) -> int:
        """Return the wait in seconds.

        Raises:
            InvalidInput: it is no duration.

        """
        try:
            return durations.read_whole(self.after.data or "0s")
        except ValueError as error:
            message = f"This {error}."
            raise InvalidInput(message, [{"field": "after", "message": message}]) from None


class QuietForm(Form):
    """The part of the day in which what is of low urgency waits."""

    begin = TimeField("From", [InputRequired("Enter a time.")], default=time(22))
    end = TimeField("To", [InputRequired("Enter a time.")], default=time(7))

    @property
    def minutes(self) -> tuple[int, int]:
        """Return begin and end as minutes of the day."""
        begin, end = self.begin.data or time(), self.end.data or time()
        return begin.hour * 60 + begin.minute, end.hour * 60 + end.minute
