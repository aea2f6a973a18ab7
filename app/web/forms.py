"""The base of all forms: browser-friendly rendering and the service's refusals put at their fields."""

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
