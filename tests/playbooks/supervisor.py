"""A real supervisord with a program of one process and a program of three."""

import subprocess
import sys
import time
from pathlib import Path

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
[supervisorctl]
serverurl=unix://{folder}/s.sock
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
        self.process = subprocess.Popen(
            [BIN / "supervisord", "-c", self.configuration], stdout=subprocess.DEVNULL
        )
        self._wait_until_up()

    def _wait_until_up(self):
        deadline = time.monotonic() + 20
        while "RUNNING" not in self.ctl("status"):
            assert time.monotonic() < deadline, "supervisord did not start"
            time.sleep(0.1)

    def ctl(self, *arguments):
        done = subprocess.run(
            [BIN / "supervisorctl", "-s", self.url, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        return done.stdout

    def pid(self, name):
        return int(self.ctl("pid", name))

    def running(self, group):
        return [
            line.split()[0] for line in self.ctl("status", f"{group}:*").splitlines() if "RUNNING" in line
        ]

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
