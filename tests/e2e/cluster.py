"""Programs against the cluster of the current kube context."""

import json
import os
import shutil
import subprocess
import time
import uuid
from pathlib import Path

import requests

from tests.e2e.patience import Refused, again, patient, refusal

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "oims"
PREFIX = "oims-e2e"
REPEATABLE = {"apply", "auth", "describe", "get", "logs", "rollout"}
"""Commands of kubectl that may be given twice."""
RESTRICTED = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}


def eventually(look, what, *, seconds=60, pause=0.5):
    """Wait until `look` returns something true, and return it. A part that does not answer is asked again."""
    seconds = patient(seconds)
    deadline = time.monotonic() + seconds
    trouble = ""
    while True:
        try:
            if value := look():
                return value
            trouble = ""
        except (requests.RequestException, Refused) as error:
            trouble = f" ({error})"
        assert time.monotonic() < deadline, f"not seen within {seconds:g} s: {what}{trouble}"
        time.sleep(pause)


def run(*command, stdin=None, timeout=180, environment=None, cwd=None):
    """Run a program and return what it printed.

    Raises Refused with what it wrote when it fails: Dropped when a connection was dropped.
    """
    done = subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=patient(timeout),
        env=os.environ | (environment or {}),
        cwd=cwd,
    )
    if done.returncode:
        raise refusal(command, (done.stderr or done.stdout).strip())
    return done.stdout


def words_of(*command, stdin=None):
    """Run a program and return what it printed, warnings too."""
    done = subprocess.run(
        command,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=patient(180),
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def helm_program(name="helm"):
    found = shutil.which(name, path=f"{ROOT / '.tools/bin'}{os.pathsep}{os.environ['PATH']}")
    assert found, f"{name} is missing: run `make tools`"
    return found


class Namespace:
    """A namespace of the tests' own that lets in restricted pods only."""

    def __init__(self, purpose):
        self.name = f"{PREFIX}-{purpose}-{uuid.uuid4().hex[:6]}"
        body = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": self.name, "labels": RESTRICTED},
        }
        run("kubectl", "create", "-f", "-", stdin=json.dumps(body))

    def kubectl(self, *arguments, stdin=None, timeout=180):
        def ask():
            return run("kubectl", "-n", self.name, *arguments, stdin=stdin, timeout=timeout)

        return again(ask) if arguments[0] in REPEATABLE else ask()

    def get(self, *arguments):
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def items(self, kind, **labels):
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        return self.get(kind, *(["-l", selector] if selector else []))["items"]

    def may(self, account, *what):
        """Say whether an account of the namespace may do something."""
        user = f"system:serviceaccount:{self.name}:{account}"
        try:
            answer = self.kubectl("auth", "can-i", *what, "--as", user)
        except Refused as refused:
            answer = str(refused)  # "no" is an exit status of 1, with that word last
        words = answer.split()
        assert words[-1] in {"yes", "no"}, answer
        return words[-1] == "yes"

    def delete(self):
        run("kubectl", "delete", "namespace", self.name, "--wait=false", "--ignore-not-found")

    def describe(self, folder):
        """Write what a person needs who asks why a test failed."""
        folder.mkdir(parents=True, exist_ok=True)
        questions = {
            "objects": ("get", "all,configmap,secret,pvc,networkpolicy", "-o", "wide"),
            "events": ("get", "events", "--sort-by=.lastTimestamp"),
            "pods": ("describe", "pods"),
        }
        for name, question in questions.items():
            self._note(folder / f"{name}.txt", *question)
        for pod in self.items("pods"):
            name = pod["metadata"]["name"]
            self._note(folder / f"{name}.log", "logs", name, "--all-containers", "--prefix", "--tail=2000")

    def _note(self, path, *question):
        try:
            path.write_text(self.kubectl(*question))
        except Refused as refused:
            path.write_text(f"{refused}\n")
