"""The base of all forms: browser-friendly rendering and the service's refusals put at their fields."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask_wtf import FlaskForm

from app.errors import InvalidInput

if TYPE_CHECKING:
    from wtforms import Field


def strip(value: str | None) -> str:
    """Trim what a person typed."""
    return (value or "").strip()


class Form(FlaskForm):
    """A form whose fields also show what a use case refused."""

    @property
    def http_status(self) -> HTTPStatus:
        """Return the status of a page with the form: something may be wrong with what was sent."""
        return HTTPStatus.UNPROCESSABLE_ENTITY if self.errors else HTTPStatus.OK

    def outcome[Result](self, use_case: Callable[[], Result]) -> Result | None:
        """Run a use case if the form was sent and is right, and return what it made or changed.

        Nothing is returned when it was not sent, is wrong, or the use case refused it; it then shows why.
        """
        if not self.validate_on_submit():
            return None
        try:
            return use_case()
        except InvalidInput as error:
            self.reject(error)
            return None

    def reject(self, error: InvalidInput) -> None:
        """Show the use case's refusal: each message at its field, the rest at the top."""
        for item in error.errors:
            field: Field | None = self._fields.get(item["field"])
            if field is not None:
                field.errors = [*field.errors, item["message"]]
            else:
                self.form_errors.append(item["message"])
        if not error.errors:
            self.form_errors.append(error.detail)
