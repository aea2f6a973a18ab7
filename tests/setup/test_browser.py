import pytest

VERSION = "echo Chromium 156"


def test_it_prints_the_browser_on_path(machine):
    path = machine.stub("chromium", VERSION)
    found = machine.run("tools/browser")
    assert (found.returncode, found.stdout, found.stderr) == (0, f"{path}\n", "")


def test_it_passes_over_one_that_does_not_start(machine):
    machine.stub("chromium", "exit 127")
    path = machine.stub("google-chrome", VERSION)
    assert machine.run("tools/browser").stdout == f"{path}\n"


def test_one_without_windows_is_preferred(machine):
    machine.stub("chromium", VERSION)
    path = machine.stub("chromium-headless-shell", VERSION)
    assert machine.run("tools/browser").stdout == f"{path}\n"


@pytest.mark.parametrize(
    ("package", "tried"),
    [
        ("chromium-headless-shell", ["update", "chromium-headless-shell"]),
        ("chromium", ["update", "chromium-headless-shell", "chromium"]),
    ],
    ids=["without windows", "with windows where there is no other"],
)
def test_root_gets_the_package_of_the_system(machine, package, tried):
    (machine.path / "id").unlink()
    machine.stub("id", "echo 0")
    stored = machine.stub(package, VERSION, folder=machine.home)
    has_it = f'mv "{stored}" "{machine.path}"'
    machine.stub("apt-get", f'case "$*" in *update) ;; *" {package}") {has_it} ;; *) exit 100 ;; esac')
    found = machine.run("tools/browser")
    assert (found.returncode, found.stdout) == (0, f"{machine.path}/{package}\n")
    assert [call.split()[-1] for call in machine.calls("apt-get")] == tried


@pytest.mark.parametrize("user", [0, 1000], ids=["root without apt-get", "another user"])
def test_anyone_else_is_told_what_to_install(machine, user):
    (machine.path / "id").unlink()
    machine.stub("id", f"echo {user}")
    found = machine.run("tools/browser")
    assert (found.returncode, found.stdout) == (1, "")
    assert "install your system's package" in found.stderr
    assert len(found.stderr.splitlines()) == 1


def test_a_failed_installation_is_said(machine):
    (machine.path / "id").unlink()
    machine.stub("id", "echo 0")
    machine.stub("apt-get", "echo 'E: no network'; exit 100")
    found = machine.run("tools/browser")
    assert (found.returncode, found.stdout) == (1, "")
    assert "E: no network" in found.stderr
    assert "could not install chromium" in found.stderr


@pytest.mark.parametrize(("script", "status"), [(VERSION, 0), ("exit 1", 1)], ids=["runs", "does not run"])
def test_a_browser_named_by_hand_is_the_only_candidate(machine, script, status):
    machine.stub("chromium", VERSION)
    mine = machine.stub("mine", script, folder=machine.home)
    found = machine.run("tools/browser", OIMS_CHROMIUM=str(mine))
    assert found.returncode == status
    assert found.stdout == (f"{mine}\n" if status == 0 else "")
    assert machine.calls("chromium") == []
