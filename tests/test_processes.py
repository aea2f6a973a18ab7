"""What the other tests rely on: a forked process is one of its own, and its code can be read by itself."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.processes import Process, run


def test_it_reads_and_writes_its_own_streams_and_tells_its_status(tmp_path):
    told = run("json.tool", "--compact", env={}, cwd=tmp_path, given='{"open": 1}')
    assert (told.returncode, told.stdout, told.stderr) == (0, '{"open":1}\n', "")
    refused = run("json.tool", "missing.json", env={}, cwd=tmp_path)
    assert refused.returncode != 0
    assert "missing.json" in refused.stderr


def tell_environment():
    sys.stdout.write(f"{dict(os.environ)}\n")


def test_it_has_only_the_environment_it_is_given(tmp_path):
    assert "PATH" in os.environ
    with (tmp_path / "told").open("w") as told:
        Process("this", env={"ONLY": "this"}, stdout=told, first=tell_environment).wait(20)
    assert (tmp_path / "told").read_text().splitlines()[0] == "{'ONLY': 'this'}"


def stay():
    time.sleep(60)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL])
def test_one_that_is_ended_tells_the_signal(sign):
    process = Process("this", env={}, first=stay)
    assert process.poll() is None
    process.send_signal(sign)
    assert process.wait(20) == -sign


@pytest.mark.parametrize("module", ["app", "automation", "cli", "webhook"])
def test_reading_the_code_of_a_process_alone_gives_no_warning(module):
    """A forked process finds all that the others need, too, and was not there when the code was read."""
    command = [sys.executable, "-W", "error", "-m", module, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
