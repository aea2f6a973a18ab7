import pytest

# `python -m venv FOLDER` makes FOLDER/bin/python a copy of this stub; `-m pip` makes uv beside it.
PYTHON = """
case "$*" in
  "-m venv "*) mkdir -p "$3/bin"; cat "$0" >"$3/bin/python"; chmod +x "$3/bin/python" ;;
  "-m pip "*) cat "{uv}" >"$(dirname "$0")/uv"; chmod +x "$(dirname "$0")/uv" ;;
  "--version") echo "Python 3.12.7" ;;
  *ensurepip*) echo "$0" ;;
esac
"""
UV = (
    '[ "$1" = --version ] && echo "uv {version}" && exit 0\necho "$UV_PROJECT_ENVIRONMENT" >>"{seen}"\n{then}'
)
SYNC = "uv sync --frozen --no-default-groups --group dev --group ansible"


@pytest.fixture
def fresh(machine):
    """A machine with a Python and no uv on PATH."""
    pinned = machine.stub(
        "uv", UV.format(version="0.13.9", seen=machine.home / "environments", then=""), folder=machine.home
    )
    machine.stub("python3.12", PYTHON.format(uv=pinned))
    return machine


def stub_uv(machine, *, version="0.13.9", then=""):
    return machine.stub("uv", UV.format(version=version, seen=machine.home / "environments", then=then))


def environments(machine):
    """Return the folders that uv was told to fill."""
    return (machine.home / "environments").read_text().split()


def test_a_fresh_machine_gets_a_venv_with_the_locked_dependencies(fresh):
    stub_uv(fresh)
    done = fresh.run("tools/setup")
    assert done.returncode == 0, done.stderr
    assert fresh.calls("python3.12")[-1] == f"python3.12 -m venv {fresh.project}/.venv"
    assert fresh.calls("uv")[-1] == SYNC
    assert environments(fresh)[-1] == f"{fresh.project}/.venv"
    assert "ansible" in done.stderr


def test_a_second_run_does_nothing_and_says_nothing(fresh):
    stub_uv(fresh)
    fresh.run("tools/setup")
    fresh.forget_calls()
    again = fresh.run("tools/setup")
    assert (again.returncode, again.stderr) == (0, "")
    assert fresh.calls("uv") == []


def test_a_changed_lock_is_installed(fresh):
    stub_uv(fresh)
    fresh.run("tools/setup")
    fresh.forget_calls()
    with (fresh.project / "uv.lock").open("a") as lock:
        lock.write("# another\n")
    assert fresh.run("tools/setup").returncode == 0
    assert fresh.calls("uv")[-1] == SYNC
    assert not [call for call in fresh.calls() if "-m venv" in call]


def test_a_failed_installation_is_said_and_tried_again(fresh):
    stub_uv(fresh, then="exit 2")
    failed = fresh.run("tools/setup")
    assert failed.returncode == 1
    assert "check the network, then run this again" in failed.stderr
    stub_uv(fresh)
    fresh.forget_calls()
    assert fresh.run("tools/setup").returncode == 0
    assert fresh.calls("uv")[-1] == SYNC


def test_a_venv_whose_python_has_gone_is_made_anew(fresh):
    stub_uv(fresh)
    fresh.run("tools/setup")
    (fresh.project / ".venv/bin/python").unlink()
    (fresh.project / ".venv/left-over").touch()
    fresh.forget_calls()
    assert fresh.run("tools/setup").returncode == 0
    assert not (fresh.project / ".venv/left-over").exists()
    assert fresh.calls("uv")[-1] == SYNC


@pytest.mark.parametrize("on_path", [None, "0.4.30"], ids=["no uv", "an old uv"])
def test_uv_is_installed_by_hash_where_path_has_none_that_will_do(fresh, on_path):
    if on_path:
        stub_uv(fresh, version=on_path, then="exit 9")
    done = fresh.run("tools/setup")
    assert done.returncode == 0, done.stderr
    [pip] = [call for call in fresh.calls() if "-m pip" in call]
    assert "--require-hashes" in pip
    assert pip.endswith(f"-r {fresh.project}/tools/uv.txt")
    assert fresh.calls("uv")[-1] == SYNC


def test_nothing_is_made_where_no_python_will_do(machine):
    failed = machine.run("tools/setup")
    assert failed.returncode == 1
    assert "CPython 3.12 or newer is needed" in failed.stderr
    assert not (machine.project / ".venv").exists()


def test_the_pinned_go_gets_an_environment_of_its_own(fresh):
    stub_uv(fresh)
    assert fresh.run("tools/setup", "go").returncode == 0
    assert fresh.calls("uv")[-1] == "uv sync --frozen --no-default-groups --group go"
    assert environments(fresh) == [f"{fresh.project}/.tools/go"]


def test_it_refuses_what_it_does_not_know(machine):
    refused = machine.run("tools/setup", "rust")
    assert (refused.returncode, refused.stderr) == (2, "setup: takes 'go' or nothing, not 'rust'\n")
