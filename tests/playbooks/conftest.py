"""The playbooks, run as automation runs them, on a real supervisord."""

import json
import os
import subprocess

import pytest

from tests.playbooks.supervisor import BIN, ROOT, Supervisor


@pytest.fixture(scope="module")
def supervisor(tmp_path_factory):
    running = Supervisor(tmp_path_factory.mktemp("s"))
    yield running
    running.stop()


@pytest.fixture
def play(tmp_path, supervisor):
    """Run a playbook with variables from an unsafe file, as automation does."""

    def run(playbook, *options, environment=None, **variables):
        target = {
            "oims_target_kind": "Deployment",
            "oims_target_namespace": "incident-mgmt",
            "oims_target_name": "oims-app",
        }
        unsafe = {
            name: {"__ansible_unsafe": value} if isinstance(value, str) else value
            for name, value in (target | variables).items()
            if value is not None
        }
        file = tmp_path / "variables.json"
        file.write_text(json.dumps(unsafe))
        return subprocess.run(
            [
                BIN / "ansible-playbook",
                "-i",
                "inventories/local",
                "-e",
                f"@{file}",
                *options,
                f"{playbook}.yml",
            ],
            cwd=ROOT / "playbooks",
            env={
                "PATH": os.defpath,
                "HOME": str(tmp_path),
                "LC_ALL": "C.UTF-8",
                "ANSIBLE_CONFIG": "ansible.cfg",
                "OIMS_STATE_DIR": str(tmp_path / "state"),
                "OIMS_SUPERVISOR_URL": supervisor.url,
            }
            | (environment or {}),
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )

    return run
