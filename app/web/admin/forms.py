"""Forms of administration."""

from wtforms import EmailField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length

from app.records.accounts import Role
from app.web.accounts.forms import ROLES, address
from app.web.forms import Form, strip

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
