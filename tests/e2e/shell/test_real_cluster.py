"""The monitor on a real cluster with the rights of host_setup.sh: rollout, kill, lost forward."""

import json
import os
import shutil
import stat
import subprocess
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.patience import patient, patient_text
from tests.e2e.playbooks.relay import Relay
from tests.shell.monitor import ROOT, Monitor, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture
def monitor(tmp_path, release):
    monitor = Monitor(tmp_path)
    (monitor.bin / "kubectl").unlink()
    (monitor.bin / "kubectl").symlink_to(shutil.which("kubectl"))
    for name in ("kubeconfig", "reader-token", "event-key", "api-token"):
        (monitor.host / name).unlink()
    monitor.environment |= {"OIMS_NAMESPACE": release.namespace, "OIMS_HEARTBEAT_INTERVAL": "3"}
    del monitor.environment["OIMS_JOURNAL_URL"]
    set_up(monitor, release)
    yield monitor
    if monitor.process:
        monitor.process.kill()
        monitor.process.wait()
    for process in monitor.processes():
        os.kill(process, 9)


def set_up(monitor, release, *options, **changes):
    """What an administrator does once, and again after taking the token away."""
    settings = {"OIMS_NAMESPACE": release.namespace, "OIMS_HOST_DIR": str(monitor.host), **changes}
    done = subprocess.run(
        [ROOT / "scripts" / "host_setup.sh", *options],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=patient(120),
    )
    assert done.returncode == 0, done.stderr
    assert "\n" not in (monitor.host / "token").read_text(), "Python's client would send it along"


@pytest.fixture
def way(monitor):
    """The monitor's way to the API server, which a test can cut."""
    path = monitor.host / "kubeconfig"
    shown = subprocess.run(
        ["kubectl", "--kubeconfig", path, "config", "view", "--raw", "--flatten", "-o", "json"],
        capture_output=True,
        check=True,
        timeout=patient(30),
    )
    document = json.loads(shown.stdout)
    relay = Relay.into(document)
    path.write_text(json.dumps(document))
    yield relay
    relay.close()


def received(monitor):
    """Numbers of each pod and start that reached automation."""
    runs = {}
    for text in monitor.text("received").splitlines():
        line = json.loads(text)
        runs.setdefault((line["pod"], line["run"]), set()).add(line["seq"])
    return runs


def assert_nothing_lost(monitor):
    for run, numbers in received(monitor).items():
        assert numbers == set(range(1, max(numbers) + 1)), run


def test_the_host_folder_holds_exactly_the_monitors_rights(monitor, release):
    contents = {path.name: path.read_text().strip() for path in monitor.host.iterdir()}
    assert set(contents) == {"kubeconfig", "token", "token-end", "reader-token", "event-key", "api-token"}
    assert (contents["reader-token"], contents["event-key"], contents["api-token"]) == (
        "reader",
        "key",
        "reporter",
    )
    assert stat.S_IMODE(monitor.host.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in monitor.host.iterdir()} == {0o600}

    def may(*what):
        return as_the_monitor(monitor, release, "auth", "can-i", *what).returncode == 0

    assert may("list", "pods")
    assert may("get", "pods", "--subresource=log")
    assert may("create", "pods/oims-gate-0", "--subresource=portforward")
    assert not may("create", "pods", "--subresource=portforward")
    assert not may("get", "secrets")
    assert not may("create", "pods", "--subresource=exec")
    assert not may("delete", "pods")


def as_the_monitor(monitor, release, *words):
    """Run kubectl with the rights of the host's folder."""
    command = ["kubectl", "--kubeconfig", monitor.host / "kubeconfig", "-n", release.namespace, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=patient(30))


@pytest.mark.threat("T39")
def test_a_forward_to_another_pod_than_the_gate_is_refused(monitor, release):
    for pod in release.pods():
        refused = as_the_monitor(monitor, release, "port-forward", f"pod/{pod}", ":5001")
        assert refused.returncode != 0
        assert "forbidden" in refused.stderr


@pytest.mark.threat("T39")
def test_who_may_renew_the_token_may_nothing_else(monitor, release, tmp_path):
    kubeconfig, before = tmp_path / "renewal", (monitor.host / "token").read_text()
    own = f"token: {release.kubectl('create', 'token', 'renewer').strip()}"
    kubeconfig.write_text((monitor.host / "kubeconfig").read_text().replace("tokenFile: token", own))
    set_up(monitor, release, "--renew", KUBECONFIG=str(kubeconfig))
    assert (monitor.host / "token").read_text() != before
    ends = datetime.fromisoformat((monitor.host / "token-end").read_text().strip())
    assert timedelta(hours=23) < ends - datetime.now(UTC) < timedelta(hours=24, minutes=1)
    monitor.host.joinpath("kubeconfig").write_text(kubeconfig.read_text())
    for refused in (
        ("create", "token", "default"),
        ("create", "token", "renewer"),
        ("get", "secret", "oims-webhook"),
        ("get", "pods"),
    ):
        assert "forbidden" in as_the_monitor(monitor, release, *refused).stderr


@pytest.mark.fault("F7")
def test_a_rollout_and_a_kill_lose_no_line(monitor, release):
    old = release.pods()
    monitor.start()
    eventually(lambda: {pod for pod, _ in received(monitor)} >= old, "lines of both pods")

    release.kubectl("rollout", "restart", "deployment/oims-webhook")
    release.kubectl("rollout", "status", "deployment/oims-webhook", f"--timeout={patient_text(120)}")
    new = eventually(lambda: pods if not (pods := release.pods()) & old else None, "new pods only")
    eventually(lambda: {pod for pod, _ in received(monitor)} >= new, "lines of the new pods")

    killed = min(new)
    # A moment after we have left: who is in the container when it ends is killed with it.
    late = "(sleep 1; kill -9 $(cat /tmp/child)) >/dev/null 2>&1 &"
    release.kubectl("exec", killed, "--", "sh", "-c", late)
    eventually(
        lambda: len([run for pod, run in received(monitor) if pod == killed]) == 2,
        "lines of the second start",
    )
    assert monitor.stop() == 0
    assert_nothing_lost(monitor)
    assert not monitor.processes()


def grows(monitor, pods, by=5):
    """Wait until so many more lines of each pod's newest start have reached automation."""
    before = received(monitor)

    def more():
        now = received(monitor)
        return all(
            any(len(now[key]) >= len(before.get(key, ())) + by for key in now if key[0] == pod)
            for pod in pods
        )

    eventually(more, f"more lines of {pods}")


@pytest.mark.fault("F9")
def test_a_half_open_connection_and_an_api_server_that_does_not_answer_lose_no_line(monitor, release, way):
    pods = release.pods()
    monitor.start()
    grows(monitor, pods)
    way.cut()
    monitor.sees("the log silent for 9 s; connecting again", times=len(pods))
    monitor.sees("cannot list the webhook's pods")
    way.mend()
    grows(monitor, pods)
    assert monitor.stop() == 0
    assert_nothing_lost(monitor)


@pytest.mark.fault("F9")
def test_a_revoked_token_is_told_and_a_new_one_is_used_without_a_restart(monitor, release):
    monitor.start()
    grows(monitor, release.pods())
    (monitor.host / "token").write_text("ended")
    monitor.sees("cannot list the webhook's pods (error: You must be logged in to the server")
    release.kubectl("rollout", "restart", "deployment/oims-webhook")
    release.kubectl("rollout", "status", "deployment/oims-webhook", f"--timeout={patient_text(120)}")
    set_up(monitor, release)
    grows(monitor, release.pods())
    assert monitor.stop() == 0
    new = {run: numbers for run, numbers in received(monitor).items() if run[0] in release.pods()}
    assert all(numbers == set(range(1, max(numbers) + 1)) for numbers in new.values()), (
        "from their first line"
    )


@pytest.mark.fault("F8")
def test_a_log_that_the_node_rotates_loses_no_line(monitor, release):
    """The node keeps a file of 10 MiB: so much noise between the lines makes it begin another."""
    pods = sorted(release.pods())
    monitor.start()
    grows(monitor, pods)
    noise = "perl -e 'syswrite STDOUT, (q(x) x 1000).qq(\\n) for 1..12000' >/proc/1/fd/1"
    release.kubectl("exec", pods[0], "--", "sh", "-c", noise)
    first = ["logs", pods[0], "--limit-bytes=60"]
    eventually(lambda: '"seq":1,' not in release.kubectl(*first), "the rotation")
    grows(monitor, pods)
    assert monitor.stop() == 0
    assert_nothing_lost(monitor)


def test_the_way_to_the_webhook_survives_rollouts_and_an_expired_token(monitor, release):
    monitor.start()
    eventually(lambda: "OIMS_JOURNAL_URL" in monitor.text("automation.environment"), "the forward's address")
    url = next(
        x for x in monitor.text("automation.environment").splitlines() if x.startswith("OIMS_JOURNAL_URL=")
    ).partition("=")[2]

    def answers():
        try:
            with urllib.request.urlopen(url, timeout=patient(5)):  # noqa: S310 - http on this machine
                return True
        except OSError:
            return False

    eventually(answers, "the forward")
    release.kubectl("rollout", "restart", "deployment/oims-webhook")
    release.kubectl("rollout", "status", "deployment/oims-webhook", f"--timeout={patient_text(120)}")
    eventually(answers, "the same way to the new pods")

    opened = monitor.text("said").count("forwarding 127.0.0.1:")
    release.kubectl("delete", "pod", "oims-gate-0")
    monitor.sees("the forward to the webhook through pod oims-gate-0 ended")
    monitor.sees("forwarding 127.0.0.1:", times=opened + 1)
    eventually(answers, "the way through the new pod")

    (monitor.host / "token").write_text("ended")
    release.kubectl("delete", "pod", "oims-gate-0", "--grace-period=1")
    monitor.sees("no ready pod of the gate to reach the webhook through (error: You must be logged in")
    set_up(monitor, release)
    eventually(answers, "the way with the new token")
    assert monitor.stop() == 0
    new = {run: numbers for run, numbers in received(monitor).items() if run[0] in release.pods()}
    assert all(numbers == set(range(1, max(numbers) + 1)) for numbers in new.values())
