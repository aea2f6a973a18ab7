"""What host_setup.sh refuses, in words; what it writes is tested on a real cluster."""

import subprocess

import pytest

from tests.shell.monitor import ROOT


@pytest.fixture
def set_up(monitor):
    def run(*options):
        return subprocess.run(
            [ROOT / "scripts" / "host_setup.sh", *options],
            env=monitor.environment | {"OIMS_HOST_DIR": str(monitor.home / "new")},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


def test_help_is_the_header(set_up):
    done = set_up("--help")
    assert done.returncode == 0
    assert "OIMS_WEBHOOK_SECRET" in done.stdout


def test_an_unknown_option_is_named(set_up):
    done = set_up("--force")
    assert done.returncode == 2
    assert "unknown option --force" in done.stderr


def test_a_missing_kubectl_is_named(set_up, monitor):
    (monitor.bin / "kubectl").unlink()
    done = set_up()
    assert done.returncode == 3
    assert "kubectl is not installed" in done.stderr


def test_a_missing_account_is_named_with_what_to_do_and_nothing_is_written(set_up, monitor):
    done = set_up()
    assert done.returncode == 1
    assert "the release oims has no monitor's account in namespace incident-mgmt" in done.stderr
    assert "automation.monitor.enabled" in done.stderr
    assert not list((monitor.home / "new").iterdir())


def test_what_kubectl_says_is_shown(set_up, monitor):
    (monitor.stub / "kubectl.fails").write_text("error: You must be logged in to the server (Unauthorized)\n")
    done = set_up()
    assert done.returncode == 1
    assert "You must be logged in" in done.stderr
    assert "the accounts of namespace incident-mgmt cannot be read (see above)" in done.stderr
    assert "monitor's account" not in done.stderr


def test_the_folder_of_another_release_is_refused_and_left_as_it_is(set_up, monitor):
    (monitor.stub / "account").write_text("oims-monitor")
    folder = monitor.home / "new"
    folder.mkdir()
    kept = "    context: {cluster: oims, user: green-oims-monitor, namespace: incident-mgmt}\n"
    (folder / "kubeconfig").write_text(kept)
    done = set_up()
    assert done.returncode == 2
    assert "the folder of another release (account green-oims-monitor in namespace" in done.stderr
    assert {file.name: file.read_text() for file in folder.iterdir()} == {"kubeconfig": kept}


@pytest.mark.parametrize("hours", ["0", "25", "240", "-1", "1h", "1e1"])
@pytest.mark.threat("T39")
def test_a_token_lasts_a_day_at_most(set_up, monitor, hours):
    monitor.environment["OIMS_TOKEN_HOURS"] = hours
    done = set_up()
    assert done.returncode == 2
    assert "OIMS_TOKEN_HOURS must be a whole number from 1 to 24" in done.stderr
