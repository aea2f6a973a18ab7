"""The form of a heartbeat."""

from wtforms import SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length

from app.heartbeats.service import Plan
from app.records.heartbeats import Heartbeat
from app.severities import Severity
from app.web.forms import Form, strip
from contract import durations, limits

MAX_DURATION = 40


class HeartbeatForm(Form):
    """Which job, when it pings, and how bad it is when it does not."""

    name = StringField(
        "Name",
        [
            DataRequired("Say which job it is."),
            Length(max=limits.HEARTBEAT_NAME, message=f"Use at most {limits.HEARTBEAT_NAME} characters."),
        ],
        filters=[strip],
        render_kw={"autocomplete": "off"},
    )
    period = StringField("Pings every", [Length(max=MAX_DURATION)], filters=[strip])
    cron = StringField(
        "Or as cron says",
        [Length(max=limits.CRON, message=f"Use at most {limits.CRON} characters.")],
        filters=[strip],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    zone = StringField("Time zone of the cron expression", [Length(max=64)], filters=[strip])
    grace = StringField("Grace", [DataRequired("Say how late a ping may be.")], filters=[strip], default="5m")
    severity = SelectField(
        "Severity",
        choices=[SelectChoice(severity.value, severity.value.capitalize()) for severity in Severity],
        default=Severity.HIGH.value,
    )
    service = StringField(
        "Service",
        [Length(max=limits.SERVICE, message=f"Use at most {limits.SERVICE} characters.")],
        filters=[strip],
        render_kw={"autocomplete": "off"},
    )

    def plan(self) -> Plan:
        """Return what was entered."""
        return Plan(
            name=self.name.data or "",
            severity=Severity(self.severity.data),
            grace=self.grace.data or "",
            period=self.period.data or "",
            cron=self.cron.data or "",
            zone=self.zone.data or "UTC",
            service=self.service.data or "",
        )


def of(heartbeat: Heartbeat) -> dict[str, str]:
    """Return what the form shows of a heartbeat."""
    return {
        "name": heartbeat.name,
        "period": durations.write(heartbeat.period_s) if heartbeat.period_s else "",
        "cron": heartbeat.cron or "",
        "zone": heartbeat.zone,
        "grace": durations.write(heartbeat.grace_s),
        "severity": heartbeat.severity.value,
        "service": heartbeat.service or "",
    }
