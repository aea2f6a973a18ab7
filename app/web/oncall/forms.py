"""The forms of schedules, layers, overrides and teams."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from wtforms import BooleanField, DateTimeLocalField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from app.oncall import queries
from app.oncall.layer import Unit
from app.oncall.layers import LayerPlan
from app.oncall.notation import write_restriction
from app.oncall.overrides import OverridePlan
from app.oncall.service import SchedulePlan, TeamPlan
from app.records.accounts import User
from app.records.oncall import Layer, Schedule, Team
from app.web.forms import Form, strip
from app.web.oncall.calendar import DAYS
from contract import limits

MINUTES = "%Y-%m-%dT%H:%M"
FORMATS = [MINUTES, f"{MINUTES}:%S"]
MOST_TEXT = 20_000
PLAIN = {"autocomplete": "off", "spellcheck": "false"}


def name_field(most: int) -> StringField:
    """Return the field of a name."""
    checks = [DataRequired("Give it a name."), Length(max=most, message=f"Use at most {most} characters.")]
    return StringField("Name", checks, filters=[strip], render_kw={"autocomplete": "off"})


class ScheduleForm(Form):
    """What a schedule is called, whose it is, and whose clock it keeps to."""

    name = name_field(limits.SCHEDULE_NAME)
    zone = StringField(
        "Time zone", [DataRequired("Name a time zone."), Length(max=64)], filters=[strip], render_kw=PLAIN
    )
    team = SelectField("Team")

    def offer(self, teams: Sequence[Team]) -> None:
        """Offer teams to choose from."""
        own = [SelectChoice(str(team.id), team.name) for team in teams]
        self.team.choices = [SelectChoice("", "No team"), *own]

    def plan(self) -> SchedulePlan:
        """Return what was entered."""
        team_id = int(self.team.data) if self.team.data else None
        return SchedulePlan(name=self.name.data or "", zone=self.zone.data or "", team_id=team_id)


class LayerForm(Form):
    """Who takes turns, how long, and when the layer counts."""

    name = name_field(limits.LAYER_NAME)
    turns = TextAreaField(
        "Who takes turns",
        [DataRequired("Name at least one person."), Length(max=MOST_TEXT)],
        render_kw={"rows": 4} | PLAIN,
    )
    every = IntegerField(
        "A turn lasts", [InputRequired("Give a number."), NumberRange(1, limits.TURN_HOURS)], default=1
    )
    unit = SelectField(
        "Unit",
        choices=[SelectChoice(unit.value, unit.value.capitalize()) for unit in Unit],
        default=Unit.WEEKS.value,
    )
    handover = StringField("Handover at", [Length(max=5)], filters=[strip], default="09:00", render_kw=PLAIN)
    weekday = SelectField(
        "On", choices=[SelectChoice(str(number), day) for number, day in enumerate(DAYS)], default="0"
    )
    restrictions = TextAreaField(
        "Only at these times", [Length(max=MOST_TEXT)], render_kw={"rows": 2} | PLAIN
    )
    starts_at = DateTimeLocalField("From", [Optional()], format=FORMATS)
    ends_at = DateTimeLocalField("To", [Optional()], format=FORMATS)
    at_once = BooleanField("Take effect at once, and cut the turn that runs")

    def plan(self, zone: str) -> LayerPlan:
        """Return what was entered; times are of this zone."""
        lines = (self.turns.data or "").splitlines()
        turns = [[name for name in map(str.strip, line.split(",")) if name] for line in lines if line.strip()]
        return LayerPlan(
            name=self.name.data or "",
            turns=turns,
            unit=Unit(self.unit.data),
            every=self.every.data or 0,
            handover=self.handover.data or "",
            weekday=int(self.weekday.data),
            restrictions=[line for line in (self.restrictions.data or "").splitlines() if line.strip()],
            starts_at=in_zone(self.starts_at.data, zone),
            ends_at=in_zone(self.ends_at.data, zone),
        )


class OverrideForm(Form):
    """Who takes over, from whom, and when."""

    person = SelectField("Who takes over", coerce=int)
    instead_of = SelectField("From whom")
    starts_at = DateTimeLocalField("From", [InputRequired("Say when it begins.")], format=FORMATS)
    ends_at = DateTimeLocalField("To", [InputRequired("Say when it ends.")], format=FORMATS)
    reason = StringField(
        "Why",
        [Length(max=limits.COMMENT, message=f"Use at most {limits.COMMENT} characters.")],
        filters=[strip],
        render_kw={"autocomplete": "off"},
    )

    def offer(self, people: Sequence[User]) -> None:
        """Offer people to choose from."""
        self.person.choices = [SelectChoice(person.id, person.name) for person in people]
        named = [SelectChoice(str(person.id), person.name) for person in people]
        self.instead_of.choices = [SelectChoice("", "Everybody on call then"), *named]

    def plan(self, zone: str) -> OverridePlan:
        """Return what was entered. Raises ValueError before the form is checked."""
        starts_at, ends_at = in_zone(self.starts_at.data, zone), in_zone(self.ends_at.data, zone)
        if starts_at is None or ends_at is None:
            raise ValueError("the form is checked before its times are read")
        return OverridePlan(
            person_id=self.person.data,
            starts_at=starts_at,
            ends_at=ends_at,
            instead_of_id=int(self.instead_of.data) if self.instead_of.data else None,
            reason=self.reason.data or "",
        )


class TeamForm(Form):
    """Who looks after something together."""

    name = name_field(limits.TEAM_NAME)
    lead = SelectField("Lead")
    members = TextAreaField("Members", [Length(max=MOST_TEXT)], render_kw={"rows": 6} | PLAIN)

    def offer(self, people: Sequence[User]) -> None:
        """Offer people as lead."""
        named = [SelectChoice(person.email, person.name) for person in people]
        self.lead.choices = [SelectChoice("", "No lead"), *named]

    def plan(self) -> TeamPlan:
        """Return what was entered."""
        members = [line.strip() for line in (self.members.data or "").splitlines() if line.strip()]
        return TeamPlan(name=self.name.data or "", lead=self.lead.data or "", members=members)


def of_schedule(schedule: Schedule) -> dict[str, str]:
    """Return what the form shows of a schedule."""
    return {"name": schedule.name, "zone": schedule.zone, "team": str(schedule.team_id or "")}


def of_layer(layer: Layer, zone: str, moment: datetime) -> dict[str, object]:
    """Return what the form shows of a layer; a start that is over is none that could be changed."""
    rules = queries.as_layer(layer)
    names = queries.names({person for turn in rules.turns for person in turn})
    return {
        "name": layer.name,
        "turns": "\n".join(", ".join(names.get(person, "") for person in turn) for turn in rules.turns),
        "every": layer.every,
        "unit": layer.unit,
        "handover": f"{rules.handover:%H:%M}",
        "weekday": str(layer.weekday),
        "restrictions": "\n".join(map(write_restriction, rules.restrictions)),
        "starts_at": local(layer.starts_at, zone) if layer.starts_at > moment else None,
        "ends_at": local(layer.ends_at, zone) if layer.ends_at else None,
    }


def of_team(team: Team, members: Sequence[User], lead: User | None) -> dict[str, str]:
    """Return what the form shows of a team."""
    names = "\n".join(person.name for person in members)
    return {"name": team.name, "lead": lead.email if lead else "", "members": names}


def in_zone(naive: datetime | None, zone: str) -> datetime | None:
    """Return a time of a form with its zone."""
    return naive.replace(tzinfo=ZoneInfo(zone)) if naive is not None else None


def local(at: datetime, zone: str) -> datetime:
    """Return a moment as a form shows it."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
