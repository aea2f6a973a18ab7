"""What the other tests rely on: a forked process is one of its own, and its code can be read by itself."""

import signal
import subprocess
import sys

import pytest

from tests.processes import Process, run


def test_it_reads_and_writes_its_own_streams_and_tells_its_status(tmp_path):
    told = run("json.tool", "--compact", env={}, cwd=tmp_path, given='{"open": 1}')
    assert (told.returncode, told.stdout, told.stderr) == (0, '{"open":1}\n', "")
    refused = run("json.tool", "missing.json", env={}, cwd=tmp_path)
    assert refused.returncode != 0
    assert "missing.json" in refused.stderr


def test_it_has_only_the_environment_it_is_given(monkeypatch):
    monkeypatch.setenv("OIMS_WEBHOOK_TOKEN", "writer-token-of-a-test")
    assert "OIMS_WEBHOOK_TOKEN: is not set" in run("webhook", "--check", env={}).stderr
    given = run("webhook", "--check", env={"OIMS_WEBHOOK_TOKEN": "writer-token-of-a-test"})
    assert "OIMS_WEBHOOK_TOKEN:" not in given.stderr


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL])
def test_one_that_is_ended_tells_the_signal(sign):
    process = Process("http.server", "--bind", "127.0.0.1", "0", env={})
    assert process.poll() is None
    process.send_signal(sign)
    assert process.wait(20) == -sign


@pytest.mark.parametrize("module", ["app", "automation", "cli", "webhook"])
def test_reading_the_code_of_a_process_alone_gives_no_warning(module):
    """A forked process finds all that the others need, too, and was not there when the code was read."""
    command = [sys.executable, "-W", "error", "-m", module, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
