"""What the page about being on call says holds."""

import re
from pathlib import Path

import pytest

from app.oncall.notation import read_restriction, write_restriction
from app.web.oncall.forms import LayerForm
from contract import limits

PAGE = (Path(__file__).parents[3] / "docs" / "oncall.md").read_text()


def rows(heading):
    """Return the first table under a heading, without its head."""
    part = PAGE.partition(f"# {heading}\n")[2]
    table = re.search(r"\| --- .*?\n((?:\|.*\n)+)", part)
    return [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table[1].splitlines()]


def test_the_page_names_the_limits():
    assert dict(rows("Limits")) == {
        "teams, members of one": f"{limits.TEAMS}, {limits.TEAM_MEMBERS}",
        "schedules, layers of one": f"{limits.SCHEDULES}, {limits.LAYERS}",
        "turns of a layer, people in a turn": f"{limits.TURNS}, {limits.PEOPLE_AT_ONCE}",
        "restrictions of a layer": f"{limits.RESTRICTIONS}",
        "a turn": f"{limits.TURN_HOURS} hours, {limits.TURN_DAYS} days or {limits.TURN_WEEKS} weeks",
        "overrides of a schedule that are not over": f"{limits.OVERRIDES}",
        "an override": f"{limits.OVERRIDE_DAYS} days, at most two years ahead",
    }


@pytest.mark.parametrize("text", [row[0].strip("`") for row in rows("Restrictions")])
def test_each_restriction_of_the_page_is_read_as_it_is_written(text):
    assert write_restriction(read_restriction(text)) == text


def test_the_page_explains_each_setting_of_a_layer(app):
    with app.test_request_context():
        labels = [
            field.label.text for field in LayerForm() if field.name not in {"csrf_token", "name", "unit"}
        ]
    named = [part.strip(" `").lower() for row in rows("Layers") for part in row[0].split(",")]
    # Fields that belong together share a row; the check box has its words below.
    assert sorted(named) == sorted(label.lower() for label in labels if label != LayerForm.at_once.args[0])
    assert LayerForm.at_once.args[0].partition(",")[0] in PAGE
