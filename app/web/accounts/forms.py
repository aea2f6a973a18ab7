"""Forms for logging in, registering, and looking after one's own account."""

from collections.abc import Collection
from zoneinfo import available_timezones

from wtforms import EmailField, PasswordField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length

from app.accounts.passwords import MAX_LENGTH, MIN_LENGTH
from app.records.accounts import Role, Scope
from app.web.forms import Form, strip

SCOPES = {
    Scope.READ: "Read",
    Scope.WRITE: "Read and write",
    Scope.WATCH: "Ask whether OIMS works",
    Scope.AUTOMATION: "Automation: report runs and decisions",
    Scope.ADMIN: "Everything",
}
DAYS = {"30": "30 days", "90": "90 days", "365": "A year"}
NEVER = {"": "Never"}
ROLES = {
    Role.VIEWER: "Viewer: looks at everything, changes nothing",
    Role.RESPONDER: "Responder: works on incidents",
    Role.ADMIN: "Administrator: also people, tokens and mails",
}


def new_password(label: str = "Password") -> PasswordField:
    """Return a field for a password that is being chosen; its rules are in passwords.py."""
    return PasswordField(
        label,
        [
            DataRequired("Choose a password."),
            Length(max=MAX_LENGTH, message=f"Use at most {MAX_LENGTH} characters."),
        ],
        render_kw={"autocomplete": "new-password", "minlength": MIN_LENGTH},
    )


def address(**attributes: str | bool) -> EmailField:
    """Return a field for a mail address."""
    return EmailField(
        "E-mail address",
        [DataRequired("Enter your e-mail address."), Length(max=254, message="This address is too long.")],
        filters=[strip],
        render_kw=attributes,
    )


def own_name(**attributes: str | bool) -> StringField:
    """Return a field for a person's name."""
    return StringField(
        "Name",
        [DataRequired("Enter your name."), Length(max=80, message="Use at most 80 characters.")],
        filters=[strip],
        render_kw={"autocomplete": "name"} | attributes,
    )


class LoginForm(Form):
    """Who are you."""

    email = address(autocomplete="username", autofocus=True)
    password = PasswordField(
        "Password",
        [DataRequired("Enter your password.")],
        render_kw={"autocomplete": "current-password"},
    )


class RegistrationForm(Form):
    """A new account."""

    name = own_name(autofocus=True)
    email = address(autocomplete="username")
    password = new_password()


class AddressForm(Form):
    """Where a link is mailed to."""

    email = address(autocomplete="username", autofocus=True)


class NewPasswordForm(Form):
    """The password that replaces a forgotten one."""

    password = new_password("New password")


class InvitationForm(Form):
    """What an invited person chooses."""

    name = own_name(autofocus=True)
    password = new_password()


class ProfileForm(Form):
    """What others see of a person."""

    name = own_name()
    timezone = SelectField("Time zone", choices=sorted(available_timezones()), default="UTC")


class PasswordForm(Form):
    """The old password and the new one."""

    current = PasswordField(
        "Current password",
        [DataRequired("Enter your current password.")],
        render_kw={"autocomplete": "current-password"},
    )
    password = new_password("New password")


class TokenForm(Form):
    """A new API token."""

    name = StringField(
        "Name",
        [DataRequired("Say what it is for."), Length(max=80, message="Use at most 80 characters.")],
        filters=[strip],
        render_kw={"autocomplete": "off"},
    )
    scope = SelectField("It may")
    days = SelectField("It ends after")

    def offer(self, scopes: Collection[Scope], *, forever: bool) -> None:
        """Fill in what can be chosen."""
        self.scope.choices = [
            SelectChoice(scope.value, word) for scope, word in SCOPES.items() if scope in scopes
        ]
        days = DAYS | NEVER if forever else DAYS
        self.days.choices = [SelectChoice(value, word) for value, word in days.items()]
