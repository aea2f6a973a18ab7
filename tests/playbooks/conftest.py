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
    """Run a remedy on a target."""

    def run(playbook, *options, environment=None, **variables):
        target = {
            "oims_target_kind": "Deployment",
            "oims_target_namespace": "incident-mgmt",
            "oims_target_name": "oims-app",
        }
        environment = {"OIMS_SUPERVISOR_URL": supervisor.url} | (environment or {})
        return play_in(tmp_path, f"{playbook}.yml", *options, environment=environment, **target | variables)

    return run


def play_in(folder, playbook, *options, environment=None, **variables):
    """Run a playbook with variables from an unsafe file, as automation does; its files are in a folder."""
    file = folder / "variables.json"
    file.write_text(json.dumps(_unsafe(variables)))
    return subprocess.run(
        [BIN / "ansible-playbook", "-i", "inventories/local", "-e", f"@{file}", *options, playbook],
        cwd=ROOT / "playbooks",
        env={
            "PATH": os.defpath,
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_CONFIG": "ansible.cfg",
            "OIMS_STATE_DIR": str(folder / "state"),
        }
        | (environment or {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )


def _unsafe(value):
    """Mark every text as one that is never a template."""
    if isinstance(value, dict):
        return {name: _unsafe(item) for name, item in value.items()}
    return {"__ansible_unsafe": value} if isinstance(value, str) else value
