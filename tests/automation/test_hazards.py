"""What users of other tools complain about, each made impossible: every part is real, alerts are the test's.

The numbers are those of the page "What users of other tools complain about" in docs/automation.md.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.automation.installation import Installation, Person, policy
from tests.doctor.checkup import assert_sound
from tests.processes import free_port

pytestmark = pytest.mark.timeout(600)

LONG = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.raw: "(echo begin; sleep 1; echo end) >> '{{ test_folder }}/turns'"
"""
LOOK = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.debug: {msg: "looked at {{ oims_target_name }}"}
"""
SHOPS = [f"s{number}" for number in range(5)]


def target(name):
    return {"kind": "Deployment", "namespace": "shop", "name": name}


REMEDIES = (
    {"alert": "Fifty", "cooldown": "10m"},
    {"alert": "TwinOne", "playbook": "long.yml", "target": target("twin")},
    {"alert": "TwinTwo", "playbook": "long.yml", "target": target("twin")},
    {"alert": "Replayed"},
    {"alert": "Unfixable", "diagnostics": True, "verify": {"within": "1s", "hold": "1s"}},
    {"alert": "DiskFull", "target": target({"label": "instance", "allow": ["one", "two"]})},
    {"alert": "Killed", "target": target({"label": "instance", "allow": ["i0", "i1", "i2", "i3", "i4"]})},
    {"alert": "Unheard"},
    {"alert": "Burning", "cooldown": "6s", "target": target("burning")},
    {"alert": "Planned"},
    {"alert": "Flipping", "flapping": {"episodes": 2, "within": "30m"}},
    {"alert": "Storm", "target": target({"label": "shop", "allow": SHOPS}), "max_runs_per_hour": 1},
)


@pytest.fixture(scope="module")
def oims(tmp_path_factory):
    one = Installation(
        tmp_path_factory.mktemp("hazards"),
        policy(*REMEDIES),
        OIMS_SMTP_HOST="127.0.0.1",
        OIMS_SMTP_PORT=str(free_port()),
        OIMS_MAIL_TO="on-call@example.org",
    )
    (one.playbooks / "long.yml").write_text(LONG)
    (one.playbooks / "collect_diagnostics.yml").write_text(LOOK)
    one.begin()
    yield one
    one.close()
    files = {"journal": "journal.db", "app": "site.db", "ledger": "state/ledger.db"}
    assert_sound(*(f"--{name}={one.folder / file}" for name, file in files.items()))


@pytest.fixture(scope="module")
def ann(oims):
    return Person(oims.app)


@pytest.mark.threat("T7")
def test_fifty_firings_give_one_run_and_every_other_is_counted_or_recorded(oims):
    """25 deliveries of one episode, then 25 new episodes: one run, 24 counted deliveries, 25 deferrals."""
    for _ in range(25):
        oims.deliver("Fifty")
    oims.eventually(lambda: [state for state, _ in oims.runs("Fifty")] == ["succeeded"])
    for number in range(1, 26):
        oims.deliver("Fifty", "resolved", started=number - 1)
        oims.deliver("Fifty", started=number)
        oims.eventually(lambda n=number: len(_episodes_deferred(oims)) == n)
    rows = "SELECT deliveries FROM journal_events WHERE body LIKE '%\"Fifty\"%' AND body LIKE '%\"firing\"%'"
    deliveries = [count for (count,) in oims.journal_rows(rows)]
    assert sorted(deliveries) == [1] * 25 + [25]
    assert oims.decisions("Fifty").count(("run", None)) == 1
    assert set(oims.decisions("Fifty")) == {
        ("run", None),
        ("deferred", "cooldown"),
        ("declined", "already_resolved"),
    }
    assert oims.repaired("fifty") == 1


def _episodes_deferred(oims):
    query = "SELECT DISTINCT episode FROM decisions WHERE alertname = 'Fifty' AND reason = 'cooldown'"
    return oims.rows(query)


def test_two_alerts_on_one_deployment_never_run_at_the_same_time(oims):
    oims.deliver("TwinOne")
    oims.deliver("TwinTwo")
    ended = [("succeeded", "pending")]
    oims.eventually(lambda: oims.runs("TwinOne") == ended and oims.runs("TwinTwo") == ended)
    assert (oims.folder / "turns").read_text().split() == ["begin", "end"] * 2
    assert ("deferred", "target_locked") in oims.decisions("TwinOne") + oims.decisions("TwinTwo")


@pytest.mark.threat("T3")
def test_a_replayed_resolved_payload_runs_nothing(oims):
    for _ in range(3):
        oims.deliver("Replayed", "resolved")
    oims.eventually(lambda: oims.decisions("Replayed"))
    assert oims.decisions("Replayed") == [("declined", "already_resolved")]
    assert oims.runs("Replayed") == []
    assert oims.repaired("replayed") == 0


@pytest.mark.fault("F25")
def test_an_unfixable_fault_is_still_firing_and_escalates_with_diagnostics(oims, ann):
    oims.deliver("Unfixable")
    oims.eventually(lambda: oims.runs("Unfixable") == [("succeeded", "still_firing")] * 2, nudge=True)
    oims.eventually(lambda: oims.decisions("Unfixable")[-1] == ("declined", "attempts_exhausted"))
    query = (
        "SELECT incident_id FROM runs WHERE alertname = 'Unfixable' AND attempt = 0 AND state = 'succeeded'"
    )
    ((incident,),) = oims.eventually(lambda: oims.rows(query))
    shown = ann.read(f"/incidents/{incident}")
    assert "still fires" in shown
    assert "Automation gave up and called for people" in shown
    assert "looked at unfixable" in shown, "the diagnostics are attached"
    mails = "SELECT 1 FROM outbox_messages WHERE incident_id = ? AND kind = 'gave_up'"
    assert oims.rows(mails, incident), "a person is told"


def test_two_instances_of_one_alert_are_two_incidents_with_two_repairs(oims, ann):
    oims.deliver("DiskFull", instance="one", summary="The disk is full")
    oims.deliver("DiskFull", instance="two", summary="The disk is full")
    oims.eventually(lambda: len(oims.runs("DiskFull")) == 2)
    counted = "SELECT count(*) FROM incidents WHERE alertname = 'DiskFull'"
    oims.eventually(lambda: oims.rows(counted) == [(2,)])
    assert "2 DiskFull" in ann.read("/?label=alertname%3DDiskFull")
    oims.eventually(lambda: oims.repaired("one") == oims.repaired("two") == 1)
    oims.deliver("DiskFull", "resolved", instance="one", summary="The disk is full")
    states = "SELECT state FROM incidents WHERE alertname = 'DiskFull' ORDER BY id"
    oims.eventually(lambda: oims.rows(states) == [("resolved",), ("open",)])


def test_each_part_is_killed_in_flight_and_nothing_is_lost_or_done_twice(oims):
    for number, part in enumerate(["webhook", "worker", "app", "automation"]):
        oims.deliver("Killed", instance=f"i{number}")
        oims.kill(part)
        oims.start(part)
    oims.deliver("Killed", instance="i4")
    oims.eventually(lambda: len(_succeeded(oims, "Killed")) == 5)
    assert oims.rows("SELECT count(*) FROM incidents WHERE alertname = 'Killed'") == [(5,)]
    times = [oims.repaired(f"i{number}") for number in range(5)]
    assert all(times), "nothing is lost"
    interrupted = [state for state, _ in oims.runs("Killed")].count("interrupted")
    assert sum(times) <= 5 + interrupted, "only a run that is told as interrupted is repeated"


def _succeeded(oims, alertname):
    return [state for state, _ in oims.runs(alertname) if state == "succeeded"]


@pytest.mark.fault("F8")
def test_alerts_of_a_time_without_any_log_line_are_handled_once(oims):
    """Nothing follows the webhook's log here; while nobody listens, the journal keeps what came."""
    oims.kill("automation")
    for _ in range(5):
        oims.deliver("Unheard")
    oims.start("automation")
    oims.eventually(lambda: _succeeded(oims, "Unheard"))
    assert oims.decisions("Unheard") == [("run", None)]
    assert oims.repaired("unheard") == 1


def test_an_alert_held_by_cooldown_pause_and_restart_is_repaired_later(oims, ann):
    oims.deliver("Burning", instance="first")
    oims.eventually(lambda: _succeeded(oims, "Burning"))
    oims.deliver("Burning", instance="second")
    oims.eventually(lambda: oims.decisions("Burning")[-1] == ("deferred", "cooldown"))
    ann.submit("/automation", "/automation/pause", reason="Look first.")
    oims.eventually(lambda: oims.decisions("Burning")[-1] == ("deferred", "paused"))
    oims.kill("automation")
    oims.start("automation")
    time.sleep(6)  # the cooldown passes while automation is paused
    assert oims.repaired("burning") == 1
    ann.submit("/automation", "/automation/resume")
    oims.eventually(lambda: len(_succeeded(oims, "Burning")) == 2)
    assert oims.repaired("burning") == 2


def test_inside_a_maintenance_window_an_incident_is_recorded_and_the_run_waits(oims, ann):
    now = datetime.now(UTC)
    times = {"starts_at": now - timedelta(minutes=1), "ends_at": now + timedelta(hours=1)}
    ann.submit(
        "/maintenance",
        "/maintenance",
        comment="Moving the disks",
        matchers="alertname=Planned",
        **{name: at.strftime("%Y-%m-%dT%H:%M:%S") for name, at in times.items()},
    )
    heard = "SELECT 1 FROM meta WHERE key = 'instructions' AND value LIKE '%Moving the disks%'"
    oims.eventually(lambda: oims.ledger_rows(heard), 2)
    oims.deliver("Planned")
    oims.eventually(lambda: oims.decisions("Planned") == [("deferred", "maintenance")])
    ((incident,),) = oims.rows("SELECT id FROM incidents WHERE alertname = 'Planned'")
    assert "Moving the disks" in ann.read(f"/incidents/{incident}")
    assert oims.runs("Planned") == []
    ((window,),) = oims.rows("SELECT id FROM maintenance_windows")
    ann.submit("/maintenance", f"/maintenance/{window}/end")
    oims.eventually(lambda: _succeeded(oims, "Planned"))
    assert oims.decisions("Planned") == [("deferred", "maintenance"), ("run", None)]


@pytest.mark.fault("F11")
def test_ten_flips_are_one_incident_with_at_most_two_runs_few_mails_and_one_call(oims):
    for number in range(10):
        oims.deliver("Flipping", started=number)
        oims.eventually(lambda n=number: _decided(oims, "Flipping") == n + 1)
        oims.eventually(
            lambda: all(state in {"succeeded", "interrupted"} for state, _ in oims.runs("Flipping"))
        )
        oims.deliver("Flipping", "resolved", started=number)
    oims.eventually(lambda: ("declined", "flapping") in oims.decisions("Flipping"))
    assert oims.rows("SELECT count(*) FROM incidents WHERE alertname = 'Flipping'") == [(1,)]
    assert len(oims.runs("Flipping")) <= 2
    assert oims.repaired("flipping") <= 2
    query = """
        SELECT m.kind FROM outbox_messages m JOIN incidents i ON i.id = m.incident_id
        WHERE i.alertname = 'Flipping' AND m.state != 'collected' ORDER BY m.id
    """
    few = {"created", "resolved", "repaired", "reopened", "gave_up"}
    kinds = oims.eventually(
        lambda: told if len(told := [kind for (kind,) in oims.rows(query)]) <= 5 else None
    )
    assert set(kinds) <= few
    oims.eventually(lambda: [kind for (kind,) in oims.rows(query)].count("gave_up") == 1)


def _decided(oims, alertname):
    query = "SELECT count(DISTINCT episode) FROM decisions WHERE alertname = ?"
    return oims.rows(query, alertname)[0][0]


@pytest.mark.slow
@pytest.mark.fault("F12")
@pytest.mark.threat("T7")
def test_in_a_storm_the_app_answers_and_held_mails_are_counted(oims, ann):
    """200 alerts on each of five targets that may have one run in an hour."""
    with ThreadPoolExecutor(8) as pool:
        numbers = range(1000)
        list(pool.map(lambda n: oims.deliver("Storm", shop=SHOPS[n % 5], instance=str(n)), numbers))
    began = time.monotonic()
    ann.read("/")
    assert time.monotonic() - began < 5
    oims.eventually(lambda: _decided(oims, "Storm") == 1000, 500)
    oims.eventually(lambda: len(_succeeded(oims, "Storm")) == 5)
    assert [oims.repaired(shop) for shop in SHOPS] == [1] * 5
    held = 'oims_automation_skips_total{reason="target_budget",remedy="repair/Storm"} '
    counted = oims.scrape(oims.metrics).partition(held)[2].split()
    assert float(counted[0]) >= 990
    assert requests.get(f"{oims.app}/readyz", timeout=5).ok
