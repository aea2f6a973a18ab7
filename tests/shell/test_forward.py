"""The port-forwards that the monitor opens for automation and keeps alive."""

import os
import re
import shutil
import signal
import subprocess
import urllib.request

import pytest

from tests.certificates import make_certificate
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


def test_automation_gets_addresses_that_lead_through_a_ready_pod_of_the_gate(monitor):
    monitor.forward().start()
    found = addresses(monitor)
    assert set(found) == {"OIMS_JOURNAL_URL", "OIMS_APP_URL"}
    for url in found.values():
        eventually(lambda url=url: answers(url), url)
    for name, port in {"OIMS_JOURNAL_URL": 5001, "OIMS_APP_URL": 5000}.items():
        assert monitor.calls("port-forward", "pod/gate-2", f"{found[name].rpartition(':')[2]}:{port}")
    assert not [call for call in monitor.calls("port-forward") if "pod/gate-2" not in call]


@pytest.mark.threat("T44")
def test_with_tls_the_certificate_behind_the_gate_is_checked(monitor, tmp_path):
    right, wrong = make_certificate(tmp_path, "right"), make_certificate(tmp_path, "wrong")
    shutil.copy(wrong.certificate, monitor.stub / "tls.crt")
    shutil.copy(wrong.key, monitor.stub / "tls.key")
    shutil.copy(right.certificate, monitor.host / "ca.crt")
    monitor.forward().start()
    found = addresses(monitor)
    assert {url.rpartition(":")[0] for url in found.values()} == {"https://localhost"}
    assert f"OIMS_CA_FILE={monitor.host / 'ca.crt'}" in monitor.text("automation.environment")
    monitor.sees("the webhook does not answer through pod gate-2 (ssl.SSLCertVerificationError")
    shutil.copy(right.certificate, monitor.stub / "tls.crt")
    shutil.copy(right.key, monitor.stub / "tls.key")
    monitor.sees("to the webhook through pod gate-2")


def test_given_addresses_open_no_forward(monitor):
    monitor.pod("webhook-a", '{"kind":"heartbeat","seq":1}')
    monitor.start()
    monitor.receives('{"kind":"heartbeat","seq":1}')
    assert not monitor.calls("port-forward")


def test_a_forward_that_ends_is_opened_again_on_the_same_port_to_the_pod_of_now(monitor):
    monitor.forward().start()
    url = addresses(monitor)["OIMS_JOURNAL_URL"]
    eventually(lambda: answers(url), "the forward")
    monitor.sees("to the webhook through pod gate-2")
    monitor.write("ready.gate", "gate-3 True \n")
    os.kill(
        monitor.processes(f"--bind 127.0.0.1 --directory {monitor.stub / 'www'} {url.rpartition(':')[2]}")[0],
        signal.SIGKILL,
    )
    monitor.sees("the forward to the webhook through pod gate-2 ended")
    monitor.sees("to the webhook through pod gate-3")
    assert answers(url)


def test_a_forward_whose_process_lives_but_does_not_answer_is_opened_again(monitor):
    monitor.forward().start()
    url = addresses(monitor)["OIMS_APP_URL"]
    eventually(lambda: answers(url), "the forward")
    monitor.sees("to the app through pod gate-2")
    os.kill(monitor.processes(url.rpartition(":")[2])[0], signal.SIGSTOP)
    monitor.sees("the forward to the app through pod gate-2 ended")
    monitor.sees("to the app through pod gate-2", times=3)


def test_of_two_pods_the_other_is_tried_when_one_does_not_answer(monitor):
    monitor.forward().write("ready.gate", "gate-0 True \ngate-1 True \n")
    monitor.write("away.5000", "")
    monitor.start()
    eventually(lambda: monitor.calls("port-forward", "pod/gate-0", ":5000"), "the first pod")
    eventually(lambda: monitor.calls("port-forward", "pod/gate-1", ":5000"), "the second pod")
    assert not monitor.calls("port-forward", "pod/gate-1", ":5001"), "what answers is kept"


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("ready.gate", "gate-0 False \n", "no ready pod of the gate to reach the app through"),
        ("away.5000", "", "the app does not answer through pod gate-2"),
    ],
)
def test_a_way_that_is_closed_holds_nothing_up_and_is_said_once(monitor, file, text, said):
    monitor.forward().write(file, text)
    monitor.pod("webhook-a", '{"kind":"heartbeat","seq":1}')
    monitor.start()
    monitor.sees(said)
    monitor.receives('{"kind":"heartbeat","seq":1}')
    seen = len(monitor.calls("component=gate"))
    eventually(lambda: len(monitor.calls("component=gate")) > seen, "another look")
    assert monitor.text("said").count(said) == 1


def test_once_waits_for_the_journal_before_it_starts_automation(monitor):
    monitor.forward().write("automation.exit", "0")
    monitor.write("ready.gate", "")
    with (monitor.stub / "said").open("ab") as said:
        monitor.process = subprocess.Popen([SCRIPT, "--once"], env=monitor.environment, stderr=said)
    monitor.sees("no ready pod of the gate to reach the webhook through")
    assert not monitor.text("automation.started")
    monitor.write("ready.gate", "gate-0 True \n")
    assert monitor.process.wait(timeout=60) == 0
    assert monitor.text("automation.started")
    assert not monitor.processes()


def test_a_stop_ends_the_forwards_too(monitor):
    monitor.forward().start()
    monitor.sees("to the webhook through pod gate-2")
    assert monitor.stop() == 0
    assert not monitor.processes()
