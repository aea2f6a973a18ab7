"""The form that plans maintenance."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from wtforms import BooleanField, DateField, DateTimeLocalField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from app.maintenance.service import MAX_COMMENT
from app.web.forms import Form, strip

MINUTES = "%Y-%m-%dT%H:%M"


class WindowForm(Form):
    """When, what, and why. Times are those of the person's zone."""

    comment = StringField(
        "Why",
        [
            DataRequired("Say why, for those who wonder why nobody is called."),
            Length(max=MAX_COMMENT, message=f"Use at most {MAX_COMMENT} characters."),
        ],
        filters=[strip],
        render_kw={"autocomplete": "off"},
    )
    matchers = TextAreaField(
        "Which alerts",
        [DataRequired("Name at least one label, as in service=checkout.")],
        render_kw={"rows": 3, "spellcheck": "false"},
    )
    starts_at = DateTimeLocalField(
        "From", [InputRequired("Say when it starts.")], format=[MINUTES, f"{MINUTES}:%S"]
    )
    ends_at = DateTimeLocalField(
        "To", [InputRequired("Say when it ends.")], format=[MINUTES, f"{MINUTES}:%S"]
    )
    is_weekly = BooleanField("Every week at this time")
    last_day = DateField("Last day, when it comes back each week", [Optional()])

    def moment(self, naive: datetime | None, zone: str) -> datetime:
        """Return a time of this form with its zone. Raises ValueError before the form is checked."""
        if naive is None:
            raise ValueError("the form is checked before its times are read")
        return naive.replace(tzinfo=ZoneInfo(zone))

    def until(self, zone: str) -> datetime | None:
        """Return when a weekly window is over for good; None for one that comes once."""
        if not self.is_weekly.data or self.last_day.data is None:
            return None
        return datetime.combine(self.last_day.data, time.max.replace(microsecond=0), ZoneInfo(zone))

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """Check all fields; a window that comes back must also end some day."""
        is_valid: bool = super().validate(extra_validators)
        if self.is_weekly.data and self.last_day.data is None:
            self.last_day.errors = [*self.last_day.errors, "A window that comes back needs a last day."]
            return False
        return is_valid
