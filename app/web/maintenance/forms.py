"""The form that plans maintenance."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    Field,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length, Optional

from app.maintenance.service import MAX_COMMENT
from app.web.forms import Form, strip

MINUTES = "%Y-%m-%dT%H:%M"
FROM_NOW = {"": "At the times below", "30": "Now, for 30 min", "60": "Now, for 1 h", "240": "Now, for 4 h"}
FROM_NOW |= {"480": "Now, for 8 h", "1440": "Now, for 24 h"}
"""Lengths in minutes of a window that begins now."""


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
    from_now = SelectField(
        "When", choices=[SelectChoice(value, label) for value, label in FROM_NOW.items()], default=""
    )
    starts_at = DateTimeLocalField("From", [Optional()], format=[MINUTES, f"{MINUTES}:%S"])
    ends_at = DateTimeLocalField("To", [Optional()], format=[MINUTES, f"{MINUTES}:%S"])
    is_weekly = BooleanField("Every week at this time")
    last_day = DateField("Last day, when it comes back each week", [Optional()])

    def stretch(self, now: datetime, zone: str) -> tuple[datetime, datetime]:
        """Return when it starts and ends. Raises ValueError before the form is checked."""
        if self.from_now.data:
            return now, now + timedelta(minutes=int(self.from_now.data))
        if self.starts_at.data is None or self.ends_at.data is None:
            raise ValueError("the form is checked before its times are read")
        there = ZoneInfo(zone)
        return self.starts_at.data.replace(tzinfo=there), self.ends_at.data.replace(tzinfo=there)

    def until(self, zone: str) -> datetime | None:
        """Return when a weekly window is over for good; None for one that comes once."""
        if not self.is_weekly.data or self.last_day.data is None:
            return None
        return datetime.combine(self.last_day.data, time.max.replace(microsecond=0), ZoneInfo(zone))

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """Check all fields, and that the window has one start, one end, and a last day if it comes back."""
        is_valid: bool = super().validate(extra_validators)
        wrong = list(self._wrong_times())
        for field, problem in wrong:
            field.errors = [*field.errors, problem]
        return is_valid and not wrong

    def _wrong_times(self) -> Iterator[tuple[Field, str]]:
        if self.from_now.data:
            if self.starts_at.raw_data and any(self.starts_at.raw_data):
                yield self.from_now, "Choose “At the times below”, or leave the times below empty."
            if self.is_weekly.data:
                yield self.from_now, "A window that comes back needs times of its own below."
            return
        if self.starts_at.data is None and not self.starts_at.errors:
            yield self.starts_at, "Say when it starts."
        if self.ends_at.data is None and not self.ends_at.errors:
            yield self.ends_at, "Say when it ends."
        if self.is_weekly.data and self.last_day.data is None:
            yield self.last_day, "A window that comes back needs a last day."
