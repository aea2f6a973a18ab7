"""Who is on call, asked of the database."""

from datetime import timedelta

from app.database import transaction
from app.extensions import db
from app.oncall import queries
from app.paging import MAX_ID
from app.records.accounts import UserStatus
from app.records.oncall import Override, Team, TeamMember
from tests.app.oncall.conftest import MONDAY

WEEK = timedelta(weeks=1)


def test_the_layer_says_who_is_on_call(people, weekly):
    schedule = weekly()
    assert queries.people_on_call(schedule.id, MONDAY) == (people["Ada"].id,)
    assert queries.people_on_call(schedule.id, MONDAY + WEEK) == (people["Grace"].id,)
    assert queries.people_on_call(schedule.id, MONDAY - WEEK) == ()


def test_an_override_is_heard_while_it_lasts(people, weekly):
    schedule = weekly()
    with transaction():
        taken = {"starts_at": MONDAY, "ends_at": MONDAY + WEEK / 7, "created_by": "You"}
        db.session.add(Override(schedule_id=schedule.id, user_id=people["Linus"].id, **taken))
    assert queries.people_on_call(schedule.id, MONDAY) == (people["Linus"].id,)
    assert queries.people_on_call(schedule.id, MONDAY + WEEK / 7) == (people["Ada"].id,)


def test_an_account_that_is_switched_off_is_nobody(people, weekly):
    schedule = weekly(turns=[[people["Ada"].id, people["Grace"].id]])
    with transaction():
        people["Ada"].status = UserStatus.DISABLED
    assert queries.people_on_call(schedule.id, MONDAY) == (people["Grace"].id,)


def test_nobody_is_on_call_by_a_schedule_that_does_not_exist(context):
    assert queries.people_on_call(7, MONDAY) == ()
    assert queries.people_on_call(MAX_ID + 1, MONDAY) == ()


def test_a_teams_members_are_those_whose_accounts_are_active(people):
    with transaction():
        team = Team(name="Shop", created_by="You")
        db.session.add(team)
        db.session.flush()
        for person in people.values():
            db.session.add(TeamMember(team_id=team.id, user_id=person.id))
        people["Grace"].status = UserStatus.DISABLED
    assert queries.members_of(team.id) == (people["Ada"].id, people["Linus"].id)
    assert queries.members_of(team.id + 1) == ()
    assert queries.members_of(MAX_ID + 1) == ()
