"""The port-forwards that the monitor opens for automation and keeps alive."""

import os
import re
import signal
import subprocess
import urllib.request

import pytest

from tests.shell.monitor import SCRIPT, eventually

pytestmark = pytest.mark.slow


def addresses(monitor):
    eventually(lambda: monitor.text("automation.environment"), "automation")
    found = re.findall(
        r"^(OIMS_(?:JOURNAL|APP)_URL)=(\S+)$", monitor.text("automation.environment"), re.MULTILINE
    )
    return dict(found)


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - http on this machine
            return True
    except OSError:
        return False


def test_automation_gets_addresses_that_lead_to_ready_pods(monitor):
    monitor.forward().start()
    found = addresses(monitor)
    assert set(found) == {"OIMS_JOURNAL_URL", "OIMS_APP_URL"}
    for url in found.values():
        eventually(lambda url=url: answers(url), url)
    port = found["OIMS_JOURNAL_URL"].rpartition(":")[2]
    assert monitor.calls("port-forward", "pod/webhook-a", f"{port}:5001")
    assert not monitor.calls("port-forward", "webhook-old")
    assert monitor.calls("port-forward", "pod/app-a", ":5000")


def test_given_addresses_open_no_forward(monitor):
    monitor.pod("webhook-a", '{"kind":"heartbeat","seq":1}')
    monitor.start()
    monitor.receives('{"kind":"heartbeat","seq":1}')
    assert not monitor.calls("port-forward")


def test_a_forward_that_ends_is_opened_again_on_the_same_port_to_the_pod_of_now(monitor):
    monitor.forward().start()
    url = addresses(monitor)["OIMS_JOURNAL_URL"]
    eventually(lambda: answers(url), "the forward")
    monitor.sees("to pod webhook-a")
    monitor.write("ready.webhook", "webhook-b True \n")
    os.kill(
        monitor.processes(f"--bind 127.0.0.1 --directory {monitor.stub / 'www'} {url.rpartition(':')[2]}")[0],
        signal.SIGKILL,
    )
    monitor.sees("the forward to pod webhook-a ended")
    monitor.sees("to pod webhook-b")
    assert answers(url)


def test_a_forward_whose_process_lives_but_does_not_answer_is_opened_again(monitor):
    monitor.forward().start()
    url = addresses(monitor)["OIMS_APP_URL"]
    eventually(lambda: answers(url), "the forward")
    monitor.sees("to pod app-a")
    os.kill(monitor.processes(url.rpartition(":")[2])[0], signal.SIGSTOP)
    monitor.sees("the forward to pod app-a ended")
    monitor.sees("to pod app-a", times=3)


def test_an_app_that_is_down_holds_nothing_up(monitor):
    monitor.forward().write("ready.app", "app-a False \n")
    monitor.pod("webhook-a", '{"kind":"heartbeat","seq":1}')
    monitor.start()
    monitor.sees("no ready pod of app to forward to")
    monitor.receives('{"kind":"heartbeat","seq":1}')


def test_once_waits_for_the_journal_before_it_starts_automation(monitor):
    monitor.forward().write("automation.exit", "0")
    monitor.write("ready.webhook", "")
    with (monitor.stub / "said").open("ab") as said:
        monitor.process = subprocess.Popen([SCRIPT, "--once"], env=monitor.environment, stderr=said)
    monitor.sees("no ready pod of webhook to forward to")
    assert not monitor.text("automation.started")
    monitor.write("ready.webhook", "webhook-a True \n")
    assert monitor.process.wait(timeout=60) == 0
    assert monitor.text("automation.started")
    assert not monitor.processes()


def test_a_stop_ends_the_forwards_too(monitor):
    monitor.forward().start()
    monitor.sees("to pod webhook-a")
    assert monitor.stop() == 0
    assert not monitor.processes()
