"""The commands, as a person types them."""

import json
import os
import re

import pytest

from automation.clock import Anchor, SystemClock


def test_check_names_what_is_wrong_and_what_is_right(command, journal, app, playbooks):
    (playbooks / "fail.yml").write_text("- hosts: localhost\n  tusks: []\n")
    policy = (playbooks / "policy.yml").read_text()
    second = "  - {alert: B, playbook: fail.yml, target: {kind: Deployment, namespace: shop, name: web}}\n"
    (playbooks / "policy.yml").write_text(policy + second)
    app.status = 500
    done = command("check")
    assert done.returncode == 1
    rows = {line[:20].strip(): line for line in done.stdout.splitlines()}
    assert "ok" in rows["playbook repair.yml"]
    assert "FAILED" in rows["playbook fail.yml"]
    assert "tusks" in rows["playbook fail.yml"]
    assert "it is empty" in rows["journal"]


def test_check_passes_when_all_is_well(command, journal, app):
    journal.add("Broken")
    done = command("check")
    assert "its last event is signed with our key" in done.stdout
    assert "FAILED" not in done.stdout


def test_check_asks_by_the_way_that_the_follower_goes_past_any_proxy_of_the_user(command, journal, app):
    done = command("check", http_proxy="http://127.0.0.1:9", no_proxy="")
    assert re.search(r"journal +ok", done.stdout)
    assert re.search(rf"app +ok +{app.url}: answers", done.stdout)


@pytest.mark.fault("F22")
def test_check_tells_clocks_that_are_apart(command, journal, app):
    journal.clock_ahead = 90
    rows = command("check").stdout
    assert re.search(r"clock of the journal +FAILED +(89|90) s apart from ours", rows)
    assert re.search(r"clock of the app +ok +[01] s apart from ours", rows)


@pytest.mark.parametrize(
    ("mutes", "age", "silences", "signs"),
    [
        ([], 12, "ok", "ok +last heard 12 s ago"),
        (None, 200, "skipped", "FAILED +last heard 200 s ago"),
        (None, None, "skipped", "skipped"),
    ],
)
def test_check_says_whether_silences_and_signs_of_prometheus_are_known(
    command, journal, mutes, age, silences, signs
):
    journal.mutes, journal.watchdog_age = mutes, age
    rows = command("check").stdout
    assert re.search(rf"silences +{silences} ", rows)
    assert re.search(rf"signs of Prometheus +{signs}", rows)


def test_check_tells_a_wrong_key(command, journal):
    journal.add("Broken", key="another")
    assert "check that OIMS_EVENT_KEY is the webhook's" in command("check").stdout


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"OIMS_JOURNAL_URL": ""}, "OIMS_JOURNAL_URL: "),
        ({"OIMS_EVENT_KEY": ""}, "OIMS_EVENT_KEY (or OIMS_EVENT_KEY_FILE): "),
        ({"OIMS_APP_TOKEN_FILE": "here", "OIMS_APP_TOKEN": ""}, "OIMS_APP_TOKEN_FILE: cannot read here"),
        ({"OIMS_APP_TOKEN_FILE": "here"}, "OIMS_APP_TOKEN and OIMS_APP_TOKEN_FILE are both set"),
        ({"OIMS_INVENTORY": "cloud"}, "OIMS_INVENTORY: "),
        ({"OIMS_INVENTORY": "kubernetes"}, "kubernetes is not a folder"),
        ({"OIMS_PLAYBOOKS": "gone"}, "gone is not a folder: set OIMS_PLAYBOOKS"),
        ({"OIMS_STATE_DIR": "/proc/no"}, "OIMS_STATE_DIR: "),
        ({"OIMS_STOP_GRACE": "long"}, "OIMS_STOP_GRACE: is not a duration; write numbers with units"),
        ({"OIMS_STOP_GRACE": "11m"}, "OIMS_STOP_GRACE: "),
        ({"OIMS_REPORT_HEARTBEAT": "-5s"}, "OIMS_REPORT_HEARTBEAT: is not a duration"),
        ({"OIMS_LEASE": "Not_a_name"}, "OIMS_LEASE: "),
    ],
)
def test_a_wrong_setting_stops_the_start_with_its_name(command, changes, message):
    done = command("follow", **changes)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_setting_is_explained(env, command):
    del env["OIMS_APP_URL"]
    done = command("follow")
    assert done.returncode == 2
    assert "OIMS_APP_URL is not set: Base URL of the incident app" in done.stderr


@pytest.mark.threat("T26")
def test_a_state_directory_that_others_can_read_is_refused(command, env):
    os.makedirs(env["OIMS_STATE_DIR"])  # noqa: PTH103
    os.chmod(env["OIMS_STATE_DIR"], 0o755)  # noqa: PTH101, S103
    done = command("follow")
    assert done.returncode == 2
    assert "chmod 700" in done.stderr


@pytest.mark.parametrize(
    "wrap", [lambda alert: alert, lambda alert: {"alerts": [alert]}, lambda alert: [alert]]
)
def test_explain_says_what_would_happen_and_why(command, tmp_path, wrap):
    alert = {"labels": {"alertname": "Broken"}, "annotations": {"oims_window": "5m"}}
    (tmp_path / "alert.json").write_text(json.dumps(wrap(alert)))
    done = command("explain", "alert.json")
    assert done.returncode == 0, done.stderr
    assert "Running repair.yml on Deployment shop/web, attempt 1 of 2." in done.stdout


def test_explain_knows_of_a_silence(command, journal, tmp_path):
    silence = {"created_by": "ann", "comment": "Patch night", "ends_at": "2026-11-23T13:00:00Z"}
    journal.mutes = [{"fingerprint": "f1", "silences": [silence]}]
    (tmp_path / "alert.json").write_text('{"fingerprint": "f1", "labels": {"alertname": "Broken"}}')
    assert re.search(
        "detail +The alert is silenced in Alertmanager by ann", command("explain", "alert.json").stdout
    )


def test_explain_names_what_does_not_fit(command, tmp_path, playbooks):
    text = (playbooks / "policy.yml").read_text() + "    match: {tier: gold}\n"
    (playbooks / "policy.yml").write_text(text)
    (tmp_path / "alert.json").write_text(json.dumps({"labels": {"alertname": "Broken", "tier": "tin"}}))
    assert "wants tier=gold" in command("explain", "alert.json").stdout


@pytest.mark.parametrize("text", ["", "[]x", "7", '{"alerts": 7}', '[{"labels": 7}]'])
def test_explain_says_when_it_is_no_alert(command, tmp_path, text):
    (tmp_path / "alert.json").write_text(text)
    done = command("explain", "alert.json")
    assert done.returncode == 2
    assert done.stderr.startswith("automation: alert.json: ")


def test_status_and_runs_show_what_happened(automation, command, journal, playbooks):
    policy = (playbooks / "policy.yml").read_text()
    policy = policy.replace("within: 1m", "within: 1s").replace("max_attempts: 2", "max_attempts: 1")
    (playbooks / "policy.yml").write_text(policy)
    journal.add("Broken")
    journal.add("Unknown\x1b[31m")
    policy_run = automation("follow", "--once", OIMS_STOP_GRACE="0")
    assert policy_run.returncode == 0
    shown = command("status").stdout
    assert "not running" in shown
    assert "not_in_policy" in shown
    assert "\x1b" not in shown
    listed = command("runs", "-n", "1").stdout.splitlines()
    assert len(listed) == 2
    assert "shop/Deployment/web" in listed[1]


@pytest.mark.fault("F22")
def test_the_steady_clock_goes_on_where_it_was():
    now = SystemClock(None).anchor()
    same_boot = SystemClock(Anchor(now.boot, now.boot_seconds - 50, 500.0, now.wall + 7200))
    assert 549 < same_boot.steady() < 560  # the step of the time of day is not seen
    other_boot = SystemClock(Anchor("other", 5.0, 500.0, now.wall - 70))
    assert 569 < other_boot.steady() < 580
    stepped_back = SystemClock(Anchor("other", 5.0, 500.0, now.wall + 7200))
    assert 499 < stepped_back.steady() < 510
