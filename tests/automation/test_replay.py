"""History decided again by another policy."""

import json
from datetime import UTC, datetime, timedelta

from contract.moments import rfc3339
from contract.signing import canonical, signature
from tests.automation.doubles import KEY, make_event

DAYS = 7


def week(lasting):
    """One event a line: each day at noon an alert that lasts so many seconds, all signed."""
    lines, seq = [], 0
    noon = datetime.now(UTC) - timedelta(days=DAYS) + timedelta(hours=1)
    for day, seconds in enumerate(lasting):
        begin = noon + timedelta(days=day)
        for status, moment in (("firing", begin), ("resolved", begin + timedelta(seconds=seconds))):
            seq += 1
            event = make_event(seq, "Broken", status, "fp", f"episode-{day}")
            del event["sig"]
            event["received_at"] = rfc3339(moment)
            lines.append(json.dumps({**event, "sig": signature(canonical(event), KEY.encode())}))
    return "\n".join(lines) + "\n"


def write_policy(playbooks, **remedy):
    target = {"kind": "Deployment", "namespace": "shop", "name": "web"}
    document = {"alert": "Broken", "playbook": "repair.yml", "target": target, **remedy}
    (playbooks / "policy.yml").write_text(json.dumps({"remedies": [document]}))


def rows(text):
    return [line.split() for line in text.splitlines()]


def test_a_shadow_week_counts_would_be_runs_and_alerts_that_cleared(command, playbooks, tmp_path, app):
    (tmp_path / "events").write_text(week([60, 5000, 300, 900, 599, 601]))
    write_policy(playbooks, mode="shadow", verify={"within": "10m"})
    done = command("replay", "--since", "7d", "--events", "events")
    assert done.returncode == 0, done.stderr
    assert ["repair/Broken", "6", "3"] in rows(done.stdout)
    assert ["repair/Broken", "Broken", "declined:", "shadow", "6"] in rows(done.stdout)
    assert (app.decisions, app.runs) == ([], {})
    assert not (tmp_path / "state" / "ledger.db").exists()


def test_another_policy_decides_the_same_week_otherwise(command, playbooks, tmp_path):
    (tmp_path / "events").write_text(week([60, 5000, 300, 900, 599, 601]))
    for within, given_up in (("10m", "3"), ("1h", "1")):
        write_policy(playbooks, max_attempts=1, verify={"within": within})
        done = command("replay", "--since", "7d", "--events", "events")
        assert ["repair/Broken", "Broken", "run", "6"] in rows(done.stdout)
        assert ["repair/Broken", "Broken", "declined:", "attempts_exhausted", given_up] in rows(done.stdout)


def test_only_events_since_the_time_are_decided(command, playbooks, journal):
    journal.add("Broken")
    write_policy(playbooks)
    assert command("replay", "--since", "1h").stdout.startswith("1 events since")
    assert command("replay", "--since", "soon").returncode == 2


def test_a_forged_record_is_refused(command, playbooks, tmp_path):
    (tmp_path / "events").write_text(week([60]).replace('"Broken"', '"Other"'))
    done = command("replay", "--events", "events")
    assert done.returncode == 2
    assert "2 events are not signed with OIMS_EVENT_KEY" in done.stderr
