"""Playbooks and policy may have to be signed; with the real ssh-keygen."""

import shutil
import subprocess

import pytest

from automation.policy.signature import NAMESPACE

pytestmark = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is not installed")
ALERT = '{"labels": {"alertname": "Broken"}}'


def ssh_keygen(*words):
    subprocess.run(["ssh-keygen", "-q", *map(str, words)], check=True, capture_output=True, timeout=60)


class Signer:
    """Somebody with a key, a file of allowed signers, and a folder to sign."""

    def __init__(self, folder, playbooks, command):
        self.playbooks, self.signers, self._folder, self._command = (
            playbooks,
            folder / "signers",
            folder,
            command,
        )
        self.key = self.make_key("ann")
        self.signers.write_text(f'ann@example.org namespaces="{NAMESPACE}" {self.public(self.key)}\n')
        (folder / "alert.json").write_text(ALERT)

    def make_key(self, name):
        ssh_keygen("-t", "ed25519", "-N", "", "-f", self._folder / name)
        return self._folder / name

    def public(self, key):
        return key.with_suffix(".pub").read_text()

    def sign(self, key=None, namespace=NAMESPACE):
        manifest = self.playbooks / "MANIFEST"
        manifest.write_text(self._command("manifest").stdout)
        (self.playbooks / "MANIFEST.sig").unlink(missing_ok=True)
        ssh_keygen("-Y", "sign", "-f", key or self.key, "-n", namespace, manifest)

    def start(self):
        path = str(self._folder / "alert.json")
        return self._command("explain", path, OIMS_ALLOWED_SIGNERS_FILE=str(self.signers))


@pytest.fixture
def signer(tmp_path, playbooks, command):
    return Signer(tmp_path, playbooks, command)


def test_signed_playbooks_are_accepted(signer):
    signer.sign()
    assert signer.start().returncode == 0


def unsigned(signer):
    (signer.playbooks / "MANIFEST.sig").unlink()


def by_a_stranger(signer):
    signer.sign(signer.make_key("mallory"))


def for_another_purpose(signer):
    signer.sign(namespace="file")


def another_playbook(signer):
    (signer.playbooks / "repair.yml").write_text((signer.playbooks / "slow.yml").read_text())


def another_file(signer):
    (signer.playbooks / "new.yml").touch()


def another_policy(signer):
    path = signer.playbooks / "policy.yml"
    path.write_text(path.read_text() + "# changed\n")


def another_manifest(signer):
    path = signer.playbooks / "MANIFEST"
    path.write_text(path.read_text() + "\n")


def no_signers(signer):
    signer.signers.unlink()


@pytest.mark.parametrize(
    ("spoil", "file", "reason"),
    [
        (unsigned, "MANIFEST.sig", "not signed"),
        (by_a_stranger, "MANIFEST.sig", "does not name who signed it"),
        (for_another_purpose, "MANIFEST.sig", "sign it again"),
        (another_playbook, "repair.yml", "not as it was signed"),
        (another_file, "new.yml", "not as it was signed"),
        (another_policy, "policy.yml", "not as it was signed"),
        (another_manifest, "MANIFEST.sig", "sign it again"),
        (no_signers, "signers", "is missing"),
    ],
)
@pytest.mark.threat("T40")
def test_what_is_not_signed_as_it_is_stops_the_start_with_file_and_reason(signer, spoil, file, reason):
    signer.sign()
    spoil(signer)
    done = signer.start()
    assert done.returncode == 2
    assert file in done.stderr
    assert reason in done.stderr


@pytest.mark.threat("T25")
@pytest.mark.threat("T40")
def test_what_was_changed_after_the_start_is_not_run(signer, journal, app, follower, eventually):
    signer.sign()
    follower(OIMS_ALLOWED_SIGNERS_FILE=str(signer.signers))
    eventually(lambda: app.heartbeats)
    another_playbook(signer)
    journal.add("Broken")
    run = eventually(lambda: next((run for run in app.runs.values() if run["state"] == "failed"), None))
    assert "not as it was signed" in run["output_tail"]
    assert not (signer.playbooks.parent / "begun").exists()
