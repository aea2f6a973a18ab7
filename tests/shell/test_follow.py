"""Following a file and pods: what reaches automation, and what happens when a stream ends or falls silent."""

import json
import subprocess

import pytest

from tests.shell.monitor import ROOT, eventually

pytestmark = pytest.mark.slow


def line(seq, kind="alert", **more):
    return json.dumps({"kind": kind, "seq": seq} | more)


@pytest.mark.threat("T5")
def test_alerts_and_heartbeats_of_a_file_reach_automation_and_the_rest_does_not(monitor):
    monitor.follow_file()
    monitor.log.write_text(line(1) + "\n")
    monitor.start()
    with monitor.log.open("a") as log:
        log.write("Killed\n" + line(1, "access") + "\n" + '{"kind":"heartbeat","seq":1}\n')
    monitor.receives('{"kind":"heartbeat","seq":1}')
    assert monitor.text("received").splitlines()[0] == line(1)
    assert "access" not in monitor.text("received")
    assert "Killed" not in monitor.text("received")


@pytest.mark.fault("F8")
def test_a_rotated_file_is_followed_on(monitor):
    monitor.follow_file()
    monitor.log.write_text(line(1) + "\n")
    monitor.start()
    monitor.receives(line(1))
    monitor.log.rename(monitor.log.with_suffix(".1"))
    monitor.log.write_text(line(2) + "\n")
    monitor.receives(line(2))


def test_a_file_that_does_not_exist_yet_is_waited_for(monitor):
    monitor.follow_file()
    monitor.log.unlink()
    monitor.start()
    monitor.sees("does not exist yet")
    monitor.log.write_text(line(1) + "\n")
    monitor.receives(line(1))


@pytest.mark.fault("F7")
def test_every_pod_is_followed_from_its_first_line_and_a_new_one_too(monitor):
    monitor.pod("webhook-a", line(1))
    monitor.pod("webhook-b", line(2))
    monitor.start()
    monitor.receives(line(1))
    monitor.receives(line(2))
    monitor.pod("webhook-c", line(3))
    monitor.receives(line(3))
    first = monitor.calls("logs webhook-c")[0]
    assert "--follow" in first
    assert "--tail=-1" in first
    assert "--container webhook" in first
    assert "--since-time" not in first


@pytest.mark.fault("F9")
def test_a_silent_pod_is_connected_again_two_seconds_before_its_own_last_line(monitor):
    monitor.pod("webhook-a")
    monitor.print("webhook-a", line(1), at="2026-11-23T10:00:00.900000000Z")
    monitor.pod("webhook-b")
    monitor.print("webhook-b", line(2), at="2026-11-23T11:00:01.100000000Z")
    monitor.start()
    monitor.sees("pod webhook-a: the log silent for 3 s; connecting again")
    eventually(lambda: monitor.calls("logs webhook-a", "--since-time=2026-11-23T09:59:58Z"), "a resumed")
    eventually(lambda: monitor.calls("logs webhook-b", "--since-time=2026-11-23T10:59:59Z"), "b resumed")


def test_the_end_of_a_container_that_died_is_read(monitor):
    monitor.pod("webhook-a", line(1))
    monitor.write(
        "previous.webhook-a", f"2026-11-23T10:00:01.0Z {line(2)}\nunable to retrieve container logs"
    )
    monitor.start()
    monitor.receives(line(1))
    monitor.write("pod.webhook-a", "uid-webhook-a Running 1")
    monitor.receives(line(2))
    assert "--since-time=2026-11-23T09:59:58Z" in monitor.calls("--previous")[0]
    assert "unable" not in monitor.text("received")


def test_a_pod_that_is_gone_is_left_and_one_of_the_same_name_is_new(monitor):
    monitor.pod("webhook-0", line(1))
    monitor.start()
    monitor.receives(line(1))
    monitor.pod("webhook-0", line(2), uid="uid-second")
    monitor.sees("pod webhook-0 is gone")
    monitor.receives(line(2))
    monitor.write("pods", "")
    monitor.write("pod.webhook-0", "")
    monitor.sees("pod webhook-0 is gone", times=2)
    eventually(lambda: not monitor.processes("log.webhook-0"), "the follower's end")


def test_no_pod_is_said_once_and_waited_for(monitor):
    monitor.start()
    monitor.sees("no webhook pod of release oims in namespace incident-mgmt")
    eventually(lambda: len(monitor.calls("get pods", "field-selector")) > 2, "more looks")
    assert monitor.text("said").count("no webhook pod") == 1
    monitor.pod("webhook-a", line(1))
    monitor.receives(line(1))


def test_an_api_server_that_refuses_is_said_with_its_words_and_tried_again(monitor):
    monitor.pod("webhook-a", line(1))
    monitor.write("kubectl.fails", "error: You must be \x1b[31mlogged in\n")
    monitor.start()
    monitor.sees("cannot list the webhook's pods (error: You must be ?[31mlogged in); trying again", times=2)
    assert "\x1b" not in monitor.text("said")
    monitor.write("kubectl.fails", "")
    monitor.receives(line(1))


def test_a_log_that_cannot_be_opened_is_tried_again(monitor):
    monitor.write("log-fails.webhook-a", "container is waiting to start")
    monitor.pod("webhook-a", line(1))
    monitor.start()
    monitor.sees("pod webhook-a: the log ended (container is waiting to start); connecting again")
    monitor.write("log-fails.webhook-a", "")
    monitor.receives(line(1))


def test_long_lines_of_several_pods_are_not_mixed(monitor):
    names = ["webhook-a", "webhook-b", "webhook-c"]
    sent = {name: [line(number, text=name * 2000) for number in range(20)] for name in names}
    for name in names:
        monitor.pod(name, *sent[name])
    monitor.start()
    for name in names:
        monitor.receives(sent[name][-1])
    assert sorted(monitor.text("received").splitlines()) == sorted(
        text for texts in sent.values() for text in texts
    )


# The trap holds the command back, so that it is killed before it has opened the pipe.
LEFT_AT_ONCE = """
. "$PARTS/words.sh"
. "$PARTS/lines.sh"
RUN_DIR=$STUB
main_lives() { return 1; }
exec 7>"$STUB/turn" 8>"$STUB/lines"
set -o functrace
trap '[[ $BASH_COMMAND != *"\\$@"* || $BASHPID == $$ ]] || sleep 1' DEBUG
stream file tail -F "$STUB/log" || true
"""


def test_a_stream_whose_monitor_is_gone_at_once_leaves_no_process(monitor):
    environment = monitor.environment | {"PARTS": str(ROOT / "scripts/monitor")}
    subprocess.run(["bash", "-c", LEFT_AT_ONCE], env=environment, check=True, timeout=20)
    eventually(lambda: not monitor.processes(), "the end of every child")
