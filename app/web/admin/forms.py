"""Forms of administration."""

from wtforms import EmailField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length

from app.records.accounts import Role
from app.web.accounts.forms import ROLES, address
from app.web.forms import Form, strip
from contract import limits

ROLE_CHOICES = [SelectChoice(role.value, word) for role, word in ROLES.items()]


class InviteForm(Form):
    """Whom to invite, and as what."""

    email = address(autocomplete="off")
    role = SelectField("Role", choices=ROLE_CHOICES, default=Role.RESPONDER.value)


class RoleForm(Form):
    """What a person may do."""

    role = SelectField("Role", choices=ROLE_CHOICES)


class TestMailForm(Form):
    """Whether mails arrive."""

    recipient = EmailField(
        "Send a test mail to",
        [DataRequired("Enter an address."), Length(max=254, message="This address is too long.")],
        filters=[strip],
        render_kw={"autocomplete": "email"},
    )


class WebhookForm(Form):
    """What is told of changes, and where."""

    name = StringField(
        "Name",
        [
            DataRequired("Say what listens there."),
            Length(max=limits.METHOD_NAME, message=f"Use at most {limits.METHOD_NAME} characters."),
        ],
        filters=[strip],
        render_kw={"autocomplete": "off"},
    )
    url = StringField(
        "Address",
        [Length(max=limits.URL, message=f"Use at most {limits.URL} characters.")],
        filters=[strip],
        render_kw={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"},
    )

    def needs_address(self) -> None:
        """Insist on an address: there is none to keep."""
        self.url.validators = [DataRequired("Enter an address."), *self.url.validators]
