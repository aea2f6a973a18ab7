"""A real supervisord with a program of one process, a program of three, and the playbooks run as automation runs them."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
CONFIGURATION = """
[supervisord]
nodaemon=true
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid
childlogdir={folder}
[unix_http_server]
file={folder}/s.sock
chmod=0700
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[program:app]
command=sh -c 'echo app says hello; exec sleep 600'
startsecs=0
[program:pool]
command=sleep 600
process_name=%(program_name)s_%(process_num)02d
numprocs=3
autostart=false
startsecs=0
[program:bystander]
command=sleep 600
startsecs=0
"""


class Supervisor:
    """A supervisord of the test's own, asked by its own client."""

    def __init__(self, folder):
        self.url = f"unix://{folder}/s.sock"
        self.configuration = folder / "supervisord.conf"
        self.configuration.write_text(CONFIGURATION.format(folder=folder))
        self.process = subprocess.Popen([BIN / "supervisord", "-c", self.configuration], stdout=subprocess.DEVNULL)
        self._wait_until_up()

    def _wait_until_up(self):
        deadline = time.monotonic() + 20
        while "RUNNING" not in self.ctl("status"):
            assert time.monotonic() < deadline, "supervisord did not start"
            time.sleep(0.1)

    def ctl(self, *arguments):
        done = subprocess.run(
            [BIN / "supervisorctl", "-s", self.url, *arguments], capture_output=True, text=True, check=False, timeout=30
        )
        return done.stdout

    def pid(self, name):
        return int(self.ctl("pid", name))

    def running(self, group):
        return [line.split()[0] for line in self.ctl("status", f"{group}:*").splitlines() if "RUNNING" in line]

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)


@pytest.fixture(scope="module")
def supervisor(tmp_path_factory):
    running = Supervisor(tmp_path_factory.mktemp("s"))
    yield running
    running.stop()


@pytest.fixture
def play(tmp_path, supervisor):
    """Run a playbook with variables from an unsafe file, as automation does."""

    def run(playbook, *options, **variables):
        target = {"oims_target_kind": "Deployment", "oims_target_namespace": "incident-mgmt", "oims_target_name": "oims-app"}
        unsafe = {
            name: {"__ansible_unsafe": value} if isinstance(value, str) else value
            for name, value in (target | variables).items()
            if value is not None
        }
        file = tmp_path / "variables.json"
        file.write_text(json.dumps(unsafe))
        return subprocess.run(
            [BIN / "ansible-playbook", "-i", "inventories/local", "-e", f"@{file}", *options, f"{playbook}.yml"],
            cwd=ROOT / "playbooks",
            env={
                "PATH": os.defpath,
                "HOME": str(tmp_path),
                "LC_ALL": "C.UTF-8",
                "ANSIBLE_CONFIG": "ansible.cfg",
                "OIMS_STATE_DIR": str(tmp_path / "state"),
                "OIMS_SUPERVISOR_URL": supervisor.url,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )

    return run
