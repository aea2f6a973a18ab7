import pytest

from tests.setup.conftest import pretends

SHIM = 'echo "pyenv: python3.12: command not found" >&2; exit 127'


def works(python):
    return f'exec "{python}" "$@"'


def test_it_takes_a_python_on_path_that_works(machine, real_python):
    machine.stub("python3.12", works(real_python))
    found = machine.run("tools/find-python")
    assert (found.returncode, found.stdout, found.stderr) == (0, f"{real_python}\n", "")


def test_it_passes_over_a_shim_that_only_fails(machine, real_python):
    machine.stub("python3.12", SHIM)
    machine.stub("python3", works(real_python))
    assert machine.run("tools/find-python").stdout == f"{real_python}\n"
    assert [call.split()[0] for call in machine.calls()] == ["python3.12", "python3"]


def test_it_takes_the_first_that_is_as_new_as_asked_for(machine, real_python):
    older, newer = (f'sys.version_info = (3, {minor}, 1, "final", 0)' for minor in (13, 14))
    machine.stub("python3.13", pretends(real_python, older))
    machine.stub("python3.14", pretends(real_python, newer))
    assert machine.run("tools/find-python", "3.14").stdout == f"{real_python}\n"
    assert [call.split()[0] for call in machine.calls()] == ["python3.13", "python3.14"]
    found = machine.run("tools/find-python", "3.15")
    assert found.returncode == 1
    assert "CPython 3.15 or newer is needed" in found.stderr


@pytest.mark.parametrize(
    "prelude",
    [
        'sys.version_info = (3, 11, 9, "final", 0)',
        'sys.implementation.name = "pypy"',
    ],
    ids=["too old", "not CPython"],
)
def test_it_passes_over_an_interpreter_that_is_not_the_right_one(machine, real_python, prelude):
    machine.stub("python3", pretends(real_python, prelude))
    assert machine.run("tools/find-python").returncode == 1


def test_it_finds_a_version_of_pyenv_that_no_shim_offers(machine, real_python):
    machine.stub("python3.12", SHIM)
    machine.stub("pyenv", f'echo "{machine.home}/.pyenv"')
    machine.stub("python3", "exit 1", folder=machine.home / ".pyenv/versions/3.11.7/bin")
    machine.stub("python3", works(real_python), folder=machine.home / ".pyenv/versions/3.12.1/bin")
    assert machine.run("tools/find-python").stdout == f"{real_python}\n"


def test_it_finds_a_python_that_uv_has_installed_and_lets_uv_download_none(machine, real_python):
    python = machine.stub("python3.13", works(real_python), folder=machine.home / "uv")
    machine.stub("uv", f'[ "$UV_PYTHON_DOWNLOADS" = never ] && echo "{python}"')
    assert machine.run("tools/find-python").stdout == f"{real_python}\n"


def test_it_says_what_to_install_when_there_is_none(machine):
    found = machine.run("tools/find-python")
    assert found.returncode == 1
    assert found.stdout == ""
    assert "CPython 3.12 or newer is needed" in found.stderr
    assert "OIMS_PYTHON" in found.stderr
    assert len(found.stderr.splitlines()) == 1


def test_it_names_the_package_that_completes_a_python_without_venv(machine, real_python):
    python = machine.stub("python3.12", pretends(real_python, 'sys.modules["ensurepip"] = None'))
    found = machine.run("tools/find-python")
    assert found.returncode == 1
    assert f"{python} has no module ensurepip" in found.stderr
    assert "python3-venv" in found.stderr


def test_a_python_named_by_hand_is_the_only_candidate(machine, real_python):
    machine.stub("python3.12", works(real_python))
    mine = machine.stub("mine", "exit 1", folder=machine.home)
    found = machine.run("tools/find-python", OIMS_PYTHON=str(mine))
    assert found.returncode == 1
    assert f"OIMS_PYTHON is {mine}" in found.stderr
    assert machine.calls("python3.12") == []
