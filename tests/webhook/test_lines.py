import fcntl
import json
import os
import subprocess
import threading

import pytest

from tests.waiting import until
from tests.webhook.process import alert, message
from webhook.lines import LineWriter, to_line

HOSTILE = {
    "newlines": 'a\nb\r\n{"kind":"alert","seq":999}\n',
    "terminal escapes": "\x1b[2J\x1b]0;title\x07\x9b31m",
    "line separators of Unicode": "a\u2028b\u2029c\x85d",
    "bidirectional overrides": "\u202eevil\u2066",
    "delete and backspace": "\x7f\x08",
    "quotes and backslashes": '"\\"\\\\',
    "other scripts": "日本 🔥",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.threat("T2")
def test_a_hostile_label_stays_one_line_of_ascii(webhook, text):
    seq = webhook.post(message(alert("Hostile", labels={"x": text, f"n{text}": "y"}))).json["last_seq"]

    line = until(lambda: [row for row in webhook.lines("alert") if row["seq"] == seq])[0]

    assert line["labels"]["x"] == text
    marks = (b'"kind":"alert"', f'"seq":{seq},'.encode())
    raw = [line for line in webhook.log.read_bytes().split(b"\n") if all(mark in line for mark in marks)]
    assert len(raw) == 1
    assert all(0x20 <= byte < 0x7F for byte in raw[0])
    assert webhook.events(seq - 1)["events"][0] == line


def test_a_hostile_path_and_agent_stay_one_line(webhook):
    webhook.request("GET", "/%0A%1b[31m%22", headers={"User-Agent": "y" * 500})

    line = until(lambda: [row for row in webhook.lines("access") if "31m" in row["path"]])[0]

    assert line["path"] == '/\n\x1b[31m"'
    assert len(line["agent"]) == 200


def test_every_request_has_one_access_line(webhook):
    webhook.get("/only-here?token=secret-in-a-query")

    (line,) = until(lambda: [row for row in webhook.lines("access") if row["path"] == "/only-here"])

    assert (line["method"], line["status"], line["peer"]) == ("GET", 404, "127.0.0.1")
    assert "secret-in-a-query" not in webhook.log.read_text()


def test_events_are_printed_in_the_order_of_their_numbers(webhook):
    senders = [
        threading.Thread(
            target=lambda n=n: [webhook.post(message(alert(f"Order{n}x{m}"))) for m in range(20)]
        )
        for n in range(6)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()

    last = webhook.events(10**9)["last_seq"]
    until(lambda: webhook.lines("alert")[-1]["seq"] == last)
    numbers = [row["seq"] for row in webhook.lines("alert")]
    assert numbers == list(range(1, last + 1))


def test_heartbeats_tell_the_last_number(new_webhook):
    webhook = new_webhook(OIMS_HEARTBEAT_INTERVAL="200ms").start()
    webhook.post(message(alert("A"), alert("B")))

    until(lambda: 2 in {row["seq"] for row in webhook.lines("heartbeat")})


def test_a_reader_that_has_stopped_does_not_stop_the_intake(new_webhook):
    """Stdout is a pipe that nobody reads: deliveries are still taken and stored."""
    webhook = new_webhook(OIMS_HEARTBEAT_INTERVAL="300s")
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    webhook.start(stdout=writing)
    os.close(writing)

    for n in range(300):
        assert webhook.post(message(alert(f"A{n}"))).status == 200
    assert webhook.events()["last_seq"] == 300
    webhook.end()
    os.close(reading)


def test_lines_nobody_can_take_are_counted(monkeypatch):
    monkeypatch.setattr("webhook.lines.MAX_WAITING", 50)
    lost = []
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    writer = LineWriter(writing, lost.append)

    for n in range(5000):
        writer.write(lambda n=n: to_line(n=n, pad="x" * 1000))
    until(lambda: len(lost) > 1000)

    os.close(reading)
    writer.close()
    os.close(writing)
    assert all(count >= 1 for count in lost)


def test_the_programs_own_messages_are_json_on_stderr(new_webhook):
    webhook = new_webhook().start()
    assert webhook.stop() == 0

    messages = [json.loads(line) for line in webhook.errors.read_text().splitlines()]
    assert {row["kind"] for row in messages} == {"log"}
    assert {row["kind"] for row in webhook.lines()} <= {"heartbeat", "access"}


@pytest.mark.threat("T14")
def test_secrets_are_in_no_output(new_webhook):
    webhook = new_webhook(OIMS_LOG_LEVEL="DEBUG").start()
    webhook.post(b"{", token="a-wrong-token-of-a-test")
    webhook.post(message(alert()))
    webhook.events()
    webhook.stop()

    printed = webhook.log.read_text() + webhook.errors.read_text()
    for secret in ("writer-token", "reader-token", "event-key", "a-wrong-token"):
        assert secret not in printed
    assert (
        subprocess.run(["grep", "-c", "alert", webhook.log], check=False, capture_output=True).returncode == 0
    )
