"""`scripts/minikube.sh` and the tools of `make e2e`, with stand-ins for minikube, docker and Helm."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SYSTEM = ["bash", "cat", "dirname", "env", "git", "grep", "sed"]
STUB = '#!/bin/sh\nprintf "%s %s\\n" "$(basename "$0")" "$*" >>"$STUB/calls"\n'
DOCKER = """case "$1 $2" in
  "image inspect") printf 'sha256:%s\\n' "0123456789abcdef-${5%%:*}" ;;
  "save "*) printf 'archive of %s' "$2" ;;
esac
"""
MINIKUBE = """case "$*" in
  *status) test ! -e "$STUB/stopped" ;;
  *"image ls") cat "$STUB/held" 2>/dev/null || true ;;
  *"image load -") cat >>"$STUB/loaded"; echo >>"$STUB/loaded" ;;
esac
"""


class Machine:
    """A PATH with stand-ins that note each call."""

    def __init__(self, folder):
        self.bin, self.stub = folder / "bin", folder / "stub"
        self.bin.mkdir()
        self.stub.mkdir()
        for name in [*SYSTEM, "basename"]:
            (self.bin / name).symlink_to(shutil.which(name))
        for name, rest in {
            "minikube": MINIKUBE,
            "docker": DOCKER,
            "podman": DOCKER,
            "kubectl": "",
            "helm": "",
        }.items():
            self.add(name, rest)

    def add(self, name, rest):
        (self.bin / name).write_text(STUB + rest)
        (self.bin / name).chmod(0o755)

    def remove(self, name):
        (self.bin / name).unlink()

    def run(self, *options, **settings):
        return subprocess.run(
            [ROOT / "scripts/minikube.sh", *options],
            env={"PATH": str(self.bin), "HOME": str(self.stub), "STUB": str(self.stub)} | settings,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )

    def calls(self, name):
        log = self.stub / "calls"
        lines = log.read_text().splitlines() if log.exists() else []
        return [line for line in lines if line.startswith(f"{name} ")]


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_it_builds_loads_and_installs_under_a_tag_of_the_content(machine):
    done = machine.run()
    assert done.returncode == 0, done.stderr
    assert len([call for call in machine.calls("docker") if call.startswith("docker build")]) == 3
    assert (machine.stub / "loaded").read_text().splitlines() == [
        f"archive of oims-{part}:0123456789ab" for part in ("app", "webhook", "automation")
    ]
    (install,) = machine.calls("helm")
    for words in (
        "upgrade --install oims",
        "charts/oims --kube-context minikube --namespace incident-mgmt --create-namespace",
        "--set-string app.image.tag=0123456789ab",
        "--set-string webhook.image.tag=0123456789ab",
        "--set-string automation.inCluster.image.tag=0123456789ab",
        "--wait",
    ):
        assert words in install


def test_what_the_profile_holds_is_not_loaded_again(machine):
    (machine.stub / "held").write_text("docker.io/library/oims-app:0123456789ab\noims-webhook:0123456789ab\n")
    assert machine.run().returncode == 0
    assert (machine.stub / "loaded").read_text() == "archive of oims-automation:0123456789ab\n"


def test_a_stopped_profile_is_started(machine):
    (machine.stub / "stopped").touch()
    assert machine.run(MINIKUBE_PROFILE="lab").returncode == 0
    assert "minikube --profile lab start" in machine.calls("minikube")


def test_a_running_profile_is_left_as_it_is(machine):
    assert machine.run().returncode == 0
    assert not [call for call in machine.calls("minikube") if call.endswith(" start")]


def test_profile_namespace_release_and_values_are_settings(machine):
    settings = {
        "MINIKUBE_PROFILE": "lab",
        "OIMS_NAMESPACE": "ops",
        "OIMS_RELEASE": "blue",
        "HELM_VALUES": "my.yaml",
    }
    assert machine.run(**settings).returncode == 0
    (install,) = machine.calls("helm")
    assert "upgrade --install blue" in install
    assert "--kube-context lab --namespace ops" in install
    assert "--values my.yaml" in install
    assert all("--profile lab " in call for call in machine.calls("minikube"))


def test_podman_builds_and_saves_too(machine):
    machine.remove("docker")
    assert machine.run(CONTAINER="podman").returncode == 0
    assert (machine.stub / "loaded").read_text().count("archive of") == 3


def test_a_check_asks_for_no_helm_and_starts_nothing(machine):
    machine.remove("helm")
    done = machine.run("--check")
    assert (done.returncode, done.stderr) == (0, "")
    assert not (machine.stub / "calls").exists()
    machine.remove("minikube")
    done = machine.run("--check")
    assert done.returncode == 3
    assert "minikube is not installed" in done.stderr


@pytest.mark.parametrize("tool", ["minikube", "kubectl", "docker"])
def test_a_missing_tool_is_named(machine, tool):
    machine.remove(tool)
    done = machine.run()
    assert done.returncode == 3
    assert f"{tool} is not installed" in done.stderr
    assert not machine.calls("helm")


@pytest.mark.parametrize(
    ("tool", "rest", "words"),
    [
        ("docker", 'test "$1" = build && exit 1', "could not be built"),
        ("minikube", 'case "$*" in *"image load -") exit 1;; esac', "could not take in oims-app"),
        ("helm", "exit 1", "get pods"),
    ],
)
def test_a_step_that_fails_ends_it_with_what_to_look_at(machine, tool, rest, words):
    machine.add(tool, rest + "\n" + (DOCKER if tool == "docker" else ""))
    done = machine.run()
    assert done.returncode == 1
    assert words in done.stderr
    assert tool == "helm" or not machine.calls("helm")


def test_help_is_the_header_and_an_unknown_option_is_named(machine):
    assert "MINIKUBE_PROFILE" in machine.run("--help").stdout
    done = machine.run("--force")
    assert done.returncode == 2
    assert "--force" in done.stderr
    assert not machine.calls("minikube")


class TestLoadImages:
    """`tools/load-images`: where images go is the context's business, or a setting's."""

    def run(self, machine, *names, context, **settings):
        machine.add("kubectl", f"echo {context}\n")
        return subprocess.run(
            [ROOT / "tools/load-images", *names],
            env={"PATH": str(machine.bin), "STUB": str(machine.stub)} | settings,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    def test_kind_is_known_by_its_context(self, machine):
        machine.add("kind", "")
        assert self.run(machine, "a:1", "b:2", context="kind-lab").returncode == 0
        assert machine.calls("kind") == ["kind load docker-image --name lab a:1 b:2"]

    def test_minikube_gets_archives(self, machine):
        assert self.run(machine, "a:1", "b:2", context="minikube").returncode == 0
        assert (machine.stub / "loaded").read_text() == "archive of a:1\narchive of b:2\n"

    def test_another_cluster_needs_a_command(self, machine):
        done = self.run(machine, "a:1", context="production")
        assert done.returncode == 2
        assert "set IMAGE_LOAD" in done.stderr

    def test_the_command_wins_over_the_context(self, machine):
        machine.add("push", "")
        assert self.run(machine, "a:1", "b:2", context="minikube", IMAGE_LOAD="push --to lab").returncode == 0
        assert machine.calls("push") == ["push --to lab a:1 b:2"]

    def test_a_failed_load_is_a_failure(self, machine):
        machine.add("push", "exit 7")
        assert self.run(machine, "a:1", context="minikube", IMAGE_LOAD="push").returncode == 7


class TestE2e:
    """`tools/e2e` asks before it touches a cluster."""

    def run(self, machine, context, **settings):
        machine.add("make", "")
        machine.add("kubectl", f"echo {context}\n")
        machine.add("docker", "exit 9\n")  # the build, which must not be reached without consent
        return subprocess.run(
            [ROOT / "tools/e2e"],
            env={"PATH": f"{machine.bin}", "STUB": str(machine.stub)} | settings,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    def test_an_unknown_context_needs_a_yes(self, machine):
        done = self.run(machine, "production")
        assert done.returncode == 2
        assert "'production'" in done.stderr
        assert "E2E_YES=1" in done.stderr
        assert not machine.calls("docker")

    @pytest.mark.parametrize(
        ("context", "settings"), [("production", {"E2E_YES": "1"}), ("minikube", {}), ("kind-lab", {})]
    )
    def test_a_yes_or_a_disposable_context_is_used(self, machine, context, settings):
        assert self.run(machine, context, **settings).returncode == 9
        assert machine.calls("docker")

    def test_a_missing_tool_is_named(self, machine):
        machine.remove("kubectl")
        done = subprocess.run(
            [ROOT / "tools/e2e"],
            env={"PATH": str(machine.bin), "STUB": str(machine.stub)},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert done.returncode == 3
        assert "kubectl is not installed" in done.stderr
