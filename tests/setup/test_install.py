import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

# A Go that lists three packages and "builds" a program that prints its own version.
GO = """
case "$1" in
  version) echo "go version go{version} linux/amd64" ;;
  list) echo a; echo b; echo c ;;
  build)
    echo "go: downloading a v1" >&2; echo a >&2; echo "./b.go:1:1: trouble" >&2
    {then}
    while [ "$1" != -o ]; do shift; done
    printf '#!/bin/sh\\necho built\\n' >"$2"; chmod +x "$2" ;;
esac
"""


@pytest.fixture
def developer(machine):
    """A machine with a Go on PATH that will do, and no release archives."""
    (machine.project / "tools/archives.txt").write_text("")
    stub_go(machine)
    return machine


def stub_go(machine, *, version="1.26.8", then="", folder=None):
    machine.stub("go", GO.format(version=version, then=then), folder=folder)


def stub_tool(machine, name, answer):
    return machine.stub(name, f'echo "{answer}"')


def builds(machine):
    return [call.split()[-1] for call in machine.calls("go") if call.startswith("go build")]


def tool(machine, name):
    return machine.project / ".tools/bin" / name


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("prometheus", "prometheus, version 3.14.0 (branch: HEAD, revision: abc)"),
        ("promtool", "promtool, version 3.5.0 (branch: HEAD, revision: abc)"),
        ("alertmanager", "alertmanager, version 0.34.2 (branch: HEAD)"),
        ("amtool", "amtool, version 0.28.0 (branch: HEAD)"),
        ("helm", "v4.0.0+gabc"),
        ("helm3", "v3.20.2+gabc"),
        ("kubeconform", "v0.7.0"),
        ("actionlint", "1.7.7\ninstalled by building from source"),
    ],
)
def test_a_tool_on_path_of_a_sufficient_version_is_used(developer, name, answer):
    path = stub_tool(developer, name, answer)
    done = developer.run("tools/install", name)
    assert (done.returncode, done.stderr) == (0, f"tools: {name} is {path}, found on PATH\n")
    assert tool(developer, name).readlink() == path
    assert builds(developer) == []
    assert developer.run("tools/install", name).stderr == "", "it is said once"


@pytest.mark.parametrize(
    ("name", "answer", "package"),
    [
        ("promtool", "promtool, version 2.42.0+ds", "github.com/prometheus/prometheus/cmd/promtool"),
        ("promtool", "promtool, version 3.4.9", "github.com/prometheus/prometheus/cmd/promtool"),
        ("helm", "v3.20.2+gabc", "helm.sh/helm/v4/cmd/helm"),
        ("helm", "v5.0.0", "helm.sh/helm/v4/cmd/helm"),
        ("kubeconform", "development", "github.com/yannh/kubeconform/cmd/kubeconform"),
    ],
)
def test_a_tool_on_path_of_another_version_is_built_instead(developer, name, answer, package):
    stub_tool(developer, name, answer)
    done = developer.run("tools/install", name)
    assert done.returncode == 0, done.stderr
    assert builds(developer) == [package]
    assert not tool(developer, name).is_symlink()


def test_helm_3_is_taken_from_path_under_its_usual_name(developer):
    path = stub_tool(developer, "helm", "v3.20.2+gabc")
    assert developer.run("tools/install", "helm3").returncode == 0
    assert tool(developer, "helm3").readlink() == path


def test_only_what_is_asked_for_is_built_and_it_says_what_and_how_long(developer):
    done = developer.run("tools/install", "promtool")
    assert builds(developer) == ["github.com/prometheus/prometheus/cmd/promtool"]
    assert [entry.name for entry in tool(developer, "").iterdir() if entry.name[0] != "."] == ["promtool"]
    assert "building promtool 3.14.0 from source" in done.stderr
    assert re.search(r"built promtool 3\.14\.0 in \d+ s\n", done.stderr)


def test_a_build_passes_on_what_the_compiler_says_but_not_its_downloads(developer):
    done = developer.run("tools/install", "kubeconform")
    assert "./b.go:1:1: trouble" in done.stderr
    assert "downloading" not in done.stderr


def test_prometheus_keeps_kubernetes_and_dns_discovery_and_no_cloud(developer):
    developer.run("tools/install", "prometheus")
    [build] = [call for call in developer.calls("go") if call.startswith("go build")]
    assert "-tags remove_all_sd,enable_kubernetes_sd,enable_dns_sd" in build


def test_a_second_run_builds_nothing_and_says_nothing(developer):
    developer.run("tools/install", "amtool", "kubeconform")
    developer.forget_calls()
    again = developer.run("tools/install", "amtool", "kubeconform")
    assert (again.returncode, again.stderr) == (0, "")
    assert developer.calls() == []


def test_two_runs_at_once_build_a_tool_once(developer):
    stub_go(developer, then="sleep 1")
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda _: developer.run("tools/install", "kubeconform"), range(2)))
    assert [done.returncode for done in runs] == [0, 0]
    assert len(builds(developer)) == 1
    assert sum("which provides kubeconform" in done.stderr for done in runs) == 1


def test_a_run_that_died_holds_nobody_up(developer):
    folder = developer.project / ".tools/bin"
    folder.mkdir(parents=True)
    ended = subprocess.Popen(["true"])
    ended.wait()
    (folder / ".kubeconform.lock").symlink_to(str(ended.pid))
    assert developer.run("tools/install", "kubeconform").returncode == 0
    assert len(builds(developer)) == 1
    assert not (folder / ".kubeconform.lock").is_symlink()


def test_another_pin_is_built_again(developer):
    developer.run("tools/install", "kubeconform")
    pin = developer.project / "tools/kubeconform/go.mod"
    pin.write_text(pin.read_text().replace("v0.8.0", "v0.9.1"))
    assert "built kubeconform 0.9.1" in developer.run("tools/install", "kubeconform").stderr


def test_a_tool_that_has_gone_from_path_is_built(developer):
    stub_tool(developer, "helm", "v4.3.1").rename(developer.home / "away")
    stub_tool(developer, "helm", "v4.3.1")
    developer.run("tools/install", "helm")
    (developer.path / "helm").unlink()
    assert "built helm" in developer.run("tools/install", "helm").stderr


def test_its_own_folder_on_path_is_not_a_place_to_take_tools_from(developer):
    developer.run("tools/install", "promtool")
    pin = developer.project / "tools/prometheus/go.sum"
    pin.write_text(pin.read_text() + "\n")
    stub_tool(developer, "promtool", "promtool, version 3.14.0").rename(tool(developer, "promtool"))
    developer.forget_calls()
    search = f"{tool(developer, '')}:{developer.path}"
    assert developer.run("tools/install", "promtool", PATH=search).returncode == 0
    assert len(builds(developer)) == 1


def test_a_failed_build_leaves_no_tool_and_says_so(developer):
    stub_go(developer, then="exit 1")
    failed = developer.run("tools/install", "promtool")
    assert failed.returncode == 1
    assert "building promtool failed" in failed.stderr
    assert not tool(developer, "promtool").exists()


def test_source_that_cannot_be_had_is_named_as_the_cause(developer):
    developer.stub(
        "go", 'case "$1" in version) echo go1.26.8 ;; list) echo "no such host" >&2; exit 1 ;; esac'
    )
    failed = developer.run("tools/install", "promtool")
    assert failed.returncode == 1
    assert "no such host" in failed.stderr
    assert "check the network and GOPROXY" in failed.stderr


@pytest.mark.parametrize("on_path", [None, "1.21.13"], ids=["no Go", "an old Go"])
def test_the_pinned_go_is_installed_where_path_has_none_that_will_do(developer, on_path):
    (developer.path / "go").unlink()
    if on_path:
        stub_go(developer, version=on_path)
    pinned = developer.home / "pinned"
    stub_go(developer, folder=pinned)
    place = (
        f'mkdir -p "{developer.project}/.tools/go/bin"; mv "{pinned}/go" "{developer.project}/.tools/go/bin"'
    )
    developer.stub("setup", place, folder=developer.project / "tools")
    done = developer.run("tools/install", "kubeconform", "promtool")
    assert done.returncode == 0, done.stderr
    assert developer.calls("setup") == ["setup go"]
    assert done.stderr.count("no Go 1.26.0 or newer on PATH") == 1
    assert tool(developer, "kubeconform").exists()


def test_go_itself_can_be_asked_for(developer):
    done = developer.run("tools/install", "go")
    assert (done.returncode, done.stderr) == (0, "")
    assert tool(developer, "go").readlink() == developer.path / "go"


@pytest.mark.parametrize("arguments", [[], ["promtool", "prometheus2"]], ids=["nothing", "an unknown name"])
def test_wrong_use_is_refused_before_anything_is_built(developer, arguments):
    refused = developer.run("tools/install", *arguments)
    assert refused.returncode == 2
    assert refused.stderr.startswith("tools: ")
    assert developer.calls() == []
