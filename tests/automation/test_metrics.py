"""What Prometheus is told by automation itself."""

import socket

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.processes import free_port


@pytest.fixture
def bind():
    return f"127.0.0.1:{free_port()}"


def scrape(bind):
    """Samples by name and label values, as they are sorted; none while nobody answers."""
    try:
        text = requests.get(f"http://{bind}/metrics", timeout=5).text
    except requests.ConnectionError:
        return {}
    return {
        (sample.name.removeprefix("oims_automation_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_it_tells_what_became_of_each_remedy_and_where_it_stands(journal, app, follower, eventually, bind):
    follower(OIMS_METRICS_BIND=bind)
    first = eventually(lambda: scrape(bind))
    assert first["runs_total", "repair/Broken", "failed"] == 0  # the first failure is an increase
    journal.add("Broken", fingerprint="a")
    eventually(lambda: scrape(bind)["runs_total", "repair/Broken", "succeeded"] == 1)
    journal.add("Broken", fingerprint="b")
    journal.add("Unknown", labels={"instance": "{{ hostile }}"})
    journal.add("Broken", "resolved", fingerprint="a")
    eventually(lambda: scrape(bind)["verdicts_total", "repair/Broken", "verified"] == 1)
    eventually(lambda: scrape(bind).get(("skips_total", "cooldown", "repair/Broken")) == 1)
    seen = eventually(
        lambda: one if ("skips_total", "not_in_policy", "none") in (one := scrape(bind)) else None
    )
    assert seen["run_duration_seconds_count", "repair/Broken"] == 1
    assert 0 < seen["run_duration_seconds_sum", "repair/Broken"] < 60
    assert (seen[("paused",)], seen[("leader",)], seen[("journal_lag_seconds",)]) == (0, 1, 0)
    assert seen[("journal_offset",)] == 4
    assert "hostile" not in str(seen), "no label value comes from an alert"


def test_a_pause_on_the_host_and_a_missing_app_and_journal_are_seen(
    journal, app, command, follower, eventually, bind
):
    command("pause")
    follower(OIMS_METRICS_BIND=bind)
    eventually(lambda: scrape(bind).get(("paused",)) == 1)
    app.down()
    journal.add("Broken")
    eventually(lambda: scrape(bind)[("reports_waiting",)] == 1)
    journal.down()
    eventually(lambda: scrape(bind)[("journal_lag_seconds",)] > 0)


def test_an_address_that_is_taken_stops_the_start_with_its_name(command):
    with socket.create_server(("127.0.0.1", 0)) as other:
        bind = f"127.0.0.1:{other.getsockname()[1]}"
        done = command("follow", OIMS_METRICS_BIND=bind)
    assert done.returncode == 2
    assert f"OIMS_METRICS_BIND: cannot listen on {bind}: Address already in use" in done.stderr


@pytest.mark.parametrize("text", ["9464", "localhost:", "0.0.0.0:70000"])
def test_an_address_that_is_none_stops_the_start_with_its_name(command, text):
    done = command("follow", OIMS_METRICS_BIND=text)
    assert done.returncode == 2
    assert "OIMS_METRICS_BIND: is not an address to listen on" in done.stderr
