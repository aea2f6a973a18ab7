import shutil
import subprocess

import pytest

LINTERS = (
    "ruff",
    "mypy",
    "lint-imports",
    "ansible-lint",
    "yamllint",
    "shellcheck",
    "hadolint",
    "actionlint",
    "djlint",
)


@pytest.fixture
def clone(machine):
    """A clone with a file for each linter, and linters that find nothing."""
    for linter in (*LINTERS, "python"):
        machine.stub(linter, "", folder=machine.project / ".venv/bin")
    for name in ("playbooks/a.yml", "app/a.html", ".github/workflows/a.yml", "Dockerfile"):
        (machine.project / name).parent.mkdir(parents=True, exist_ok=True)
        (machine.project / name).touch()
    (machine.project / ".gitignore").write_text(".venv/\n")
    subprocess.run([shutil.which("git"), "init", "--quiet"], cwd=machine.project, check=True, timeout=20)
    return machine


def lint(clone):
    return clone.run("tools/lint")


def test_every_linter_has_its_line_when_nothing_is_found(clone):
    done = lint(clone)
    assert (done.returncode, done.stderr) == (0, "")
    names = [line.split()[:2] for line in done.stdout.splitlines()]
    assert names == [["ok", name] for name in ("ruff", "ruff-format", *LINTERS[1:], "prose")]


def test_a_finding_is_shown_and_the_other_linters_still_run(clone):
    clone.stub("mypy", "echo 'app/a.py:1: error: wrong'; exit 1", folder=clone.project / ".venv/bin")
    done = lint(clone)
    assert done.returncode == 1
    assert "FAILED  mypy" in done.stdout
    assert "app/a.py:1: error: wrong" in done.stdout
    assert done.stderr.startswith("lint: see above for what was found by: mypy ")
    assert len(clone.calls("djlint")) == 1


def test_shell_scripts_are_known_by_their_first_line_even_before_they_are_committed(clone):
    clone.stub("watch", "", folder=clone.project / "scripts")
    (clone.project / "scripts/notes").write_text("no script\n")
    lint(clone)
    [call] = clone.calls("shellcheck")
    assert "scripts/watch" in call
    assert "tools/install" in call
    assert "scripts/notes" not in call


def test_what_a_shell_script_sources_is_checked_with_it(clone):
    lint(clone)
    [call] = clone.calls("shellcheck")
    assert "--external-sources --check-sourced" in call


def test_a_templated_chart_file_is_no_yaml(clone):
    (clone.project / "charts/oims/templates").mkdir(parents=True)
    (clone.project / "charts/oims/templates/app.yaml").touch()
    (clone.project / "charts/oims/values.yaml").touch()
    lint(clone)
    [call] = clone.calls("yamllint")
    assert "charts/oims/values.yaml" in call
    assert "templates/app.yaml" not in call
