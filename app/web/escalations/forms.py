"""The forms of chains, of routes, and of the question who would be paged."""

from collections.abc import Mapping
from typing import Any

from wtforms import (
    BooleanField,
    DateTimeLocalField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from app.errors import FieldError, InvalidInput
from app.escalations import people, queries, service
from app.escalations.plan import LOW_URGENCY, MACHINE_FIRST_S, Hours, Plan, Target, When
from app.escalations.service import Draft
from app.records.escalations import Chain
from app.severities import Severity
from app.web.forms import Form, strip
from contract import durations, limits

ROWS = 6
MORE_ROWS = 2
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WHEN = {When.ALWAYS: "At any time", When.WORKING_HOURS: "In working hours", When.OFF_HOURS: "Off hours"}
URGENT = {
    "": "All wait for working hours",
    Severity.CRITICAL.value: "Critical",
    Severity.HIGH.value: "High and worse",
    Severity.MEDIUM.value: "Medium and worse",
    Severity.LOW.value: "All",
}
MAX_DURATION = 40


class ChainForm(Form):
    """A chain; `of` adds as many steps as are wanted."""

    name = StringField(
        "Name",
        [
            DataRequired("Give it a name."),
            Length(max=limits.CHAIN_NAME, message=f"Use at most {limits.CHAIN_NAME} characters."),
        ],
        filters=[strip],
        render_kw={"autocomplete": "off"},
    )
    is_default = BooleanField("The default: for incidents that no route leads elsewhere")
    repeats = IntegerField(
        "Repeat the steps",
        [
            InputRequired("Say how often the steps are repeated."),
            NumberRange(0, limits.CHAIN_REPEATS, f"Write a number from 0 to {limits.CHAIN_REPEATS}."),
        ],
        default=1,
    )
    last_resort = SelectField("Last resort")
    urgent = SelectField(
        "Page at any hour",
        choices=[SelectChoice(value, word) for value, word in URGENT.items()],
        default=Severity.HIGH.value,
    )
    start = TimeField("Working hours begin", [InputRequired("Say when they begin.")])
    end = TimeField("Working hours end", [InputRequired("Say when they end.")])
    zone = StringField("Time zone", [DataRequired("Name a time zone."), Length(max=64)], filters=[strip])

    def draft(self) -> Draft:
        """Return what was entered.

        Raises:
            InvalidInput: something of it can't be, with its field.

        """
        errors: list[FieldError] = []
        steps = [self._step(number, errors) for number in range(limits.CHAIN_STEPS) if self._whom(number)]
        machine = {severity.value: self._seconds(f"first_{severity}", errors) for severity in Severity}
        if not steps:
            errors.append({"field": "whom_0", "message": "Say whom the first step pages."})
        if errors:
            raise InvalidInput(errors[0]["message"], errors)
        days = [number for number in range(len(DAYS)) if self[f"day_{number}"].data]
        if not days:
            message = "Choose at least one working day."
            raise InvalidInput(message, [{"field": "day_0", "message": message}])
        urgent = [one for one in Severity if self.urgent.data]
        if self.urgent.data:
            urgent = urgent[: urgent.index(Severity(self.urgent.data)) + 1]
        plan = service.read_plan(
            {
                "steps": steps,
                "repeats": self.repeats.data,
                "last_resort": _target(self.last_resort.data),
                "machine_first_s": machine,
                "low_urgency": [severity for severity in Severity if severity not in urgent],
                "hours": {
                    "days": days,
                    "start": self.start.data,
                    "end": self.end.data,
                    "zone": self.zone.data,
                },
            }
        )
        return Draft(name=self.name.data or "", plan=plan, is_default=bool(self.is_default.data))

    def _whom(self, number: int) -> str:
        return str(self[f"whom_{number}"].data or "") if f"whom_{number}" in self else ""

    def _step(self, number: int, errors: list[FieldError]) -> dict[str, Any]:
        wait_s = self._seconds(f"wait_{number}", errors)
        return {
            "notify": _target(self._whom(number)),
            "wait_s": wait_s,
            "when": self[f"when_{number}"].data,
        }

    def _seconds(self, name: str, errors: list[FieldError]) -> int:
        try:
            return durations.read_whole(self[name].data or "0s")
        except ValueError as error:
            errors.append({"field": name, "message": f"“{self[name].data}” {error}."})
            return 0


def chain_form(rows: int, **values: Any) -> ChainForm:
    """Return a form of a chain with so many steps."""
    whom = [SelectChoice("", "Nobody")]
    for group, found in people.choices().items():
        whom += [SelectChoice(write(target), name, optgroup=group) for target, name in found]
    fields: dict[str, Any] = {}
    for number in range(rows):
        fields[f"whom_{number}"] = SelectField(f"Step {number + 1}: page", choices=whom, default="")
        fields[f"wait_{number}"] = StringField(
            f"Step {number + 1}: then wait", [Length(max=MAX_DURATION)], filters=[strip], default="5m"
        )
        fields[f"when_{number}"] = SelectField(
            f"Step {number + 1}: counts",
            choices=[SelectChoice(one.value, word) for one, word in WHEN.items()],
        )
    for severity in Severity:
        fields[f"first_{severity}"] = StringField(
            f"Automation first, {severity}", [Length(max=MAX_DURATION)], filters=[strip]
        )
    for number, day in enumerate(DAYS):
        fields[f"day_{number}"] = BooleanField(day)
    form: ChainForm = type("ChainFormWithSteps", (ChainForm,), fields)(data=values)
    form.last_resort.choices = whom
    return form


def rows_of(given: Mapping[str, str]) -> int:
    """Return how many steps a sent form has, at most as many as a chain."""
    return min(limits.CHAIN_STEPS, max(ROWS, sum(name.startswith("whom_") for name in given)))


def shown(chain: Chain | None, zone: str) -> tuple[int, dict[str, Any]]:
    """Return how many rows the form of a chain has, and what it shows; of no chain, what is usual."""
    if chain is None:
        return ROWS, _of_plan(None, Hours(zone=zone)) | {"is_default": not queries.chains()}
    plan = queries.plan(chain)
    values = {
        "name": chain.name,
        "is_default": chain.is_default,
        "repeats": plan.repeats,
        "last_resort": write(plan.last_resort) if plan.last_resort else "",
    }
    for number, step in enumerate(plan.steps):
        values |= {
            f"whom_{number}": write(step.notify),
            f"wait_{number}": durations.write(step.wait_s),
            f"when_{number}": step.when.value,
        }
    rows = min(limits.CHAIN_STEPS, max(ROWS, len(plan.steps) + MORE_ROWS))
    return rows, values | _of_plan(plan, plan.hours)


def _of_plan(plan: Plan | None, hours: Hours) -> dict[str, Any]:
    machine = plan.machine_first_s if plan else MACHINE_FIRST_S
    low = plan.low_urgency if plan else LOW_URGENCY
    urgent = [severity for severity in Severity if severity not in low]
    values = {f"first_{severity}": durations.write(machine.get(severity, 0)) for severity in Severity}
    days = {f"day_{number}": number in hours.days for number in range(len(DAYS))}
    rest = {"start": hours.start, "end": hours.end, "zone": hours.zone}
    return values | days | rest | {"urgent": urgent[-1].value if urgent else ""}


def write(target: Target) -> str:
    """Return a target as the form sends it."""
    return f"{target.kind}:{target.id}"


def _target(text: str | None) -> dict[str, Any] | None:
    kind, _, number = (text or "").partition(":")
    return {"kind": kind, "id": int(number)} if number.isascii() and number.isdigit() else None


class RouteForm(Form):
    """Which incidents go to which chain."""

    matchers = TextAreaField(
        "Which incidents",
        [DataRequired("Name at least one label, as in service=checkout.")],
        render_kw={"rows": 3, "spellcheck": "false"},
    )
    chain = SelectField("Go to the chain", coerce=int)

    def offer(self, chains: Mapping[int, str]) -> None:
        """Offer the chains there are."""
        self.chain.choices = [SelectChoice(number, name) for number, name in chains.items()]


class WhoForm(Form):
    """The question who would be paged."""

    alert = TextAreaField(
        "Alert",
        [Length(max=limits.TEXT, message=f"Use at most {limits.TEXT:,} characters.")],
        render_kw={"rows": 6, "spellcheck": "false"},
    )
    severity = SelectField(
        "Severity",
        choices=[
            SelectChoice("", "As the labels say"),
            *(SelectChoice(severity.value, severity.value.capitalize()) for severity in Severity),
        ],
    )
    at = DateTimeLocalField("When", [Optional()], format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
