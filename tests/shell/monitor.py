"""The monitor with a private PATH and HOME: real coreutils, stand-ins for kubectl and automation."""

import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

from tests.e2e.patience import patient

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "monitor_alerts.sh"
WRITTEN = "".join(path.read_text() for path in [SCRIPT, *(ROOT / "scripts" / "monitor").glob("*.sh")])
STUBS = Path(__file__).parent / "stubs"
TOOLS = ["bash", "cat", "chmod", "date", "dirname", "env", "flock", "kill", "mkdir"]
TOOLS += ["mkfifo", "mktemp", "mv", "rm", "sleep", "stat", "tail", "timeout"]
HEARTBEAT = 1
PATIENCE = 30


def eventually(condition, what):
    """Wait until the condition holds and return its value."""
    seconds = patient(PATIENCE)
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not seen in {seconds:g} s: {what}"
        time.sleep(0.05)
    return value


class Monitor:
    """A monitor's surroundings, and the process once it is started."""

    def __init__(self, folder):
        self.stub, self.bin, self.home = folder / "stub", folder / "bin", folder / "home"
        self.host, self.state, self.log = (
            self.home / ".config" / "oims",
            folder / "state",
            folder / "webhook.log",
        )
        for path in (self.stub, self.bin, self.home, self.host, self.stub / "www"):
            path.mkdir(parents=True, mode=0o700)
        self.mark = f"OIMS_TEST_MARK={uuid.uuid4()}"
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool))
        for stub in STUBS.iterdir():
            (self.bin / stub.name).symlink_to(stub)
        for name in ("kubeconfig", "reader-token", "event-key", "api-token"):
            (self.host / name).write_text("secret")
            (self.host / name).chmod(0o600)
        name, _, value = self.mark.partition("=")
        self.environment = {
            name: value,
            "PATH": str(self.bin),
            "HOME": str(self.home),
            "STUB": str(self.stub),
            "REAL_PYTHON": sys.executable,
            "OIMS_PYTHON": "python",
            "OIMS_STATE_DIR": str(self.state),
            "OIMS_HEARTBEAT_INTERVAL": str(HEARTBEAT),
            "OIMS_JOURNAL_URL": "http://journal.invalid",
            "OIMS_APP_URL": "http://app.invalid",
        }
        self.process = None

    def follow_file(self):
        self.log.touch()
        self.environment["OIMS_LOG_FILE"] = str(self.log)
        return self

    def forward(self):
        """Let it open its own port-forwards."""
        del self.environment["OIMS_JOURNAL_URL"], self.environment["OIMS_APP_URL"]
        self.write("ready.gate", "gate-0 True 2026-11-23T00:00:00Z\ngate-1 False \ngate-2 True \n")
        return self

    def run(self, *options):
        return subprocess.run(
            [SCRIPT, *options], env=self.environment, capture_output=True, text=True, check=False, timeout=60
        )

    def start(self, *options):
        before = self.text("said").count("automation started")
        with (self.stub / "said").open("ab") as said:
            self.process = subprocess.Popen([SCRIPT, *options], env=self.environment, stderr=said)
        self.sees("automation started", times=before + 1)
        return self

    def write(self, name, text):
        (self.stub / name).write_text(text)

    def text(self, name):
        path = self.stub / name
        return path.read_text() if path.exists() else ""

    def pod(self, name, *lines, uid=None, restarts=0):
        """A webhook pod that runs and has printed these lines."""
        self.write(f"pod.{name}", f"{uid or 'uid-' + name} Running {restarts}")
        self.print(name, *lines)
        listed = {line for line in self.text("pods").splitlines() if not line.endswith(f" {name}")}
        self.write("pods", "\n".join([*sorted(listed), f"{uid or 'uid-' + name} {name}"]) + "\n")

    def print(self, pod, *lines, at="2026-11-23T10:00:00.123456789Z"):
        with (self.stub / f"log.{pod}").open("a") as log:
            log.writelines(f"{at} {line}\n" for line in lines)

    def calls(self, *words):
        return [call for call in self.text("calls").splitlines() if all(word in call for word in words)]

    def sees(self, text, times=1):
        return eventually(lambda: self.text("said").count(text) >= times, f"{text!r} in {self.text('said')}")

    def receives(self, line):
        return eventually(lambda: line in self.text("received").splitlines(), f"{line!r} at automation")

    def processes(self, command=""):
        """Ids of all that was started from here and still lives."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes()
                environment = (folder / "environ").read_bytes().split(b"\0")
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if (
                self.mark.encode() in environment
                and state != "Z"
                and command.encode() in words.replace(b"\0", b" ")
            ):
                found.append(int(folder.name))
        return found

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(timeout=60)
