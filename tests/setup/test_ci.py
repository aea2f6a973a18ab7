"""The steps of `.ci/run` by themselves, with stand-ins for the cluster's scripts and for make."""

import json
import re
import shutil
import subprocess

import pytest
import yaml

from tests.setup.conftest import ROOT, pretends

FAILED = json.dumps(
    dict.fromkeys(
        ("tests/e2e/test_loop.py::test_a", "tests/e2e/test_loop.py::test_b", "tests/e2e/test_access.py"), True
    )
)


@pytest.fixture
def clone(machine):
    """A clone beside the scripts that make a cluster; every `make e2e` passes."""
    shutil.copytree(ROOT / ".ci", machine.project / ".ci")
    (machine.path / "tr").symlink_to(shutil.which("tr"))
    cluster(machine, "up", "echo starting >&2; echo '27 s'; echo /kube/admin.kubeconfig")
    cluster(machine, "base-images", "")
    cluster(machine, "load-image", "")
    (machine.path / "make").unlink()
    machine.stub("make", 'echo "$KUBECONFIG $IMAGE_LOAD $E2E_YES"')
    return machine


DEFAULT = re.search(r"^DEFAULT_UP=(.+)/up$", (ROOT / ".ci/e2e").read_text(), re.MULTILINE)[1]


def cluster(machine, name, script, folder=DEFAULT):
    machine.stub(name, script, folder=machine.project / folder)


def beside(machine):
    return (machine.project / DEFAULT / "load-image").resolve()


def fails_once(machine, failed):
    """Let the first `make e2e` fail and leave what pytest notes of its failures."""
    machine.stub(
        "make",
        'if [ -e .first ]; then echo "then passed"; exit; fi\n'
        "touch .first; echo first words\n"
        "folder=${PYTEST_ADDOPTS#-o cache_dir=}/v/cache; mkdir -p $folder\n"
        f"printf '%s' '{failed}' >$folder/lastfailed\nexit 1",
    )


def test_the_chart_is_proved_on_the_cluster_that_the_script_makes(clone):
    done = clone.run(".ci/e2e")
    assert (done.returncode, done.stdout) == (0, f"/kube/admin.kubeconfig {beside(clone)} 1\n")
    assert clone.calls() == ["up ", "base-images ", "make e2e"]


def test_a_command_of_ones_own_makes_the_cluster_and_needs_nothing_beside_it(clone):
    cluster(clone, "mine", "echo /my/kubeconfig", folder="tools")
    done = clone.run(".ci/e2e", OIMS_CLUSTER_UP="tools/mine --small", IMAGE_LOAD="push here")
    assert (done.returncode, done.stdout) == (0, "/my/kubeconfig push here 1\n")
    assert clone.calls() == ["mine --small", "make e2e"]


@pytest.mark.parametrize(("there", "verb"), [("", "create cluster"), ("other\noims-ci", "export kubeconfig")])
def test_an_installed_kind_makes_the_cluster_once(clone, there, verb):
    clone.stub("kind", f"if [ $1 = get ]; then printf '{there}'; else echo some words; fi")
    done = clone.run(".ci/e2e")
    kubeconfig = clone.project / ".cache/kind-kubeconfig"
    assert (done.returncode, done.stdout) == (0, f"{kubeconfig}  1\n")
    assert clone.calls("kind")[1].startswith(f"kind {verb} --name oims-ci --kubeconfig {kubeconfig}")
    assert clone.calls("up") == []


def test_one_machines_surroundings_are_named_in_one_place():
    project = subprocess.run(
        [shutil.which("git"), "grep", "--fixed-strings", "--files-with-matches", "../" + "shared"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert project.stdout.split() == [".ci/e2e"]


@pytest.mark.parametrize("broken", ["up", "base-images"])
def test_a_machine_that_cannot_make_a_cluster_says_so_and_does_not_blame_the_change(clone, broken):
    cluster(clone, broken, "echo no room; exit 1")
    done = clone.run(".ci/e2e")
    assert done.returncode == 0
    assert f"{broken} could not" in done.stderr
    assert "NOT proved on a cluster" in done.stderr
    assert not clone.calls("make")


def test_where_nothing_makes_a_cluster_it_is_left_out(clone):
    shutil.rmtree(clone.project / DEFAULT)
    done = clone.run(".ci/e2e")
    assert done.returncode == 0
    assert "OIMS_CLUSTER_UP names no command" in done.stderr
    assert "NOT proved on a cluster" in done.stderr
    assert clone.calls() == []


def test_failed_files_run_again_as_a_whole_and_calmly(clone):
    fails_once(clone, FAILED)
    done = clone.run(".ci/e2e")
    assert done.returncode == 0
    assert "first words\nthen passed" in done.stdout
    files = "tests/e2e/test_access.py tests/e2e/test_loop.py "
    assert clone.calls("make") == ["make e2e", f"make e2e E2E_WORKERS=0 T={files}"]


def test_what_fails_again_fails(clone):
    fails_once(clone, FAILED)
    clone.stub("make", (clone.path / "make").read_text().split("\n", 2)[2].replace("exit; fi", "exit 1; fi"))
    assert clone.run(".ci/e2e").returncode == 1


def test_a_failure_before_the_tests_is_not_tried_again(clone):
    cache = clone.project / ".cache/ci-e2e/v/cache"
    cache.mkdir(parents=True)
    (cache / "lastfailed").write_text(FAILED)
    clone.stub("make", "exit 2")
    assert clone.run(".ci/e2e").returncode == 1
    assert clone.calls("make") == ["make e2e"]


@pytest.fixture
def elsewhere(clone, real_python):
    """A machine that has a newer Python as well; a copy of the project is an empty folder here."""
    for name in ("cp", "git"):
        (clone.path / name).unlink(missing_ok=True)
    clone.stub("git", 'mkdir -p "$4"')
    clone.stub("cp", "")
    clone.stub("make", 'echo "$TZ $LC_ALL $(umask) ${http_proxy:-no proxy} $OIMS_PYTHON"')
    clone.stub("python3.13", pretends(real_python, 'sys.version_info = (3, 13, 0, "final", 0)'))
    return clone


def test_the_parts_and_the_demo_are_tried_as_on_another_machine(elsewhere, real_python):
    done = elsewhere.run(".ci/elsewhere")
    assert done.returncode == 0, done.stderr
    first, copied, tested, shown = elsewhere.calls("make")
    assert [first, copied] == ["make tools browser", "make -C .cache/else where setup"]
    [tested, marked] = tested.removeprefix("make check T=").split(" -m ")
    assert marked == "'not slow'"
    assert [path for path in tested.split() if not (ROOT / path).exists()] == []
    assert shown == "make -C .cache/else where demo ONCE=1"
    set_up, others = (
        f"Asia/Kolkata C 0002 {proxy} {real_python}" for proxy in ("no proxy", "http://127.0.0.1:9")
    )
    assert done.stdout.splitlines() == [set_up, set_up, others, others]


def test_a_machine_without_a_newer_python_says_so_and_takes_what_it_has(elsewhere, real_python):
    (elsewhere.path / "python3.13").unlink()
    elsewhere.stub("python3.12", pretends(real_python, 'sys.version_info = (3, 12, 1, "final", 0)'))
    done = elsewhere.run(".ci/elsewhere")
    assert done.returncode == 0, done.stderr
    assert "nothing is proved on one" in done.stderr
    assert done.stdout.splitlines()[-1].endswith(str(real_python))


def test_tests_that_failed_run_again_calmly_and_what_fails_again_fails(clone):
    clone.stub("make", "exit 1")
    assert clone.run(".ci/tests", ".", "tests/app").returncode == 1
    assert clone.calls("make") == [
        "make check T=tests/app",
        "make check T=--last-failed --last-failed-no-failures=none --numprocesses=0",
    ]


def test_each_step_is_a_job_of_the_workflow():
    steps = re.findall(r"^step (.+)$", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    assert workflow["jobs"]["step"]["strategy"]["matrix"]["step"] == steps


def test_actions_of_others_are_pinned_by_their_commit():
    for file in (ROOT / ".github/workflows").glob("*.yml"):
        used = re.findall(r"uses: (\S+)", file.read_text())
        assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action) for action in used), file
