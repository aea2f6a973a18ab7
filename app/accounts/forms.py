"""Forms for logging in and registering."""

from wtforms import EmailField, PasswordField, StringField
from wtforms.validators import DataRequired, Length

from app.accounts.passwords import MAX_LENGTH, MIN_LENGTH
from app.forms import Form, strip


class LoginForm(Form):
    """Who are you."""

    email = EmailField(
        "E-mail address",
        [DataRequired("Enter your e-mail address."), Length(max=254, message="This address is too long.")],
        filters=[strip],
        render_kw={"autocomplete": "username", "autofocus": True},
    )
    password = PasswordField(
        "Password",
        [DataRequired("Enter your password.")],
        render_kw={"autocomplete": "current-password"},
    )


class RegistrationForm(Form):
    """A new account."""

    name = StringField(
        "Name",
        [DataRequired("Enter your name."), Length(max=80, message="Use at most 80 characters.")],
        filters=[strip],
        render_kw={"autocomplete": "name", "autofocus": True},
    )
    email = EmailField(
        "E-mail address",
        [DataRequired("Enter your e-mail address."), Length(max=254, message="This address is too long.")],
        filters=[strip],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        "Password",
        [
            DataRequired("Choose a password."),
            Length(max=MAX_LENGTH, message=f"Use at most {MAX_LENGTH} characters."),
        ],
        render_kw={"autocomplete": "new-password", "minlength": MIN_LENGTH},
    )
