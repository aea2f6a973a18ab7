"""What gets into the images, as far as can be told without building them."""

import fnmatch
import re
import subprocess

import pytest

from tests.chart.rendering import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
UV_EXPORT = ("export", "--quiet", "--frozen", "--no-emit-project", "--no-hashes", "--only-group")
ALLOWED = {
    "LICENSE",
    "pyproject.toml",
    "uv.lock",
    "app",
    "webhook",
    "automation",
    "contract",
    "gate",
    "playbooks",
    "serving",
    "tools",
}


def is_sent(path):
    """Say whether a file is part of the build's context: the last line of .dockerignore that fits decides."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!")
        parts = path.split("/")
        parents = ["/".join(parts[: end + 1]) for end in range(len(parts))]
        anywhere = pattern.removeprefix("**/")
        names = parts if pattern.startswith("**/") else parents
        if any(fnmatch.fnmatchcase(name, anywhere) for name in names):
            sent = line.startswith("!")
    return sent


def files():
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    return subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


def test_only_named_folders_reach_a_build():
    sent = {path for path in files() if is_sent(path)}
    assert {path.split("/")[0] for path in sent} <= ALLOWED
    assert {path for path in sent if path.startswith("tools/")} == {
        "tools/image/install-group",
        "tools/uv.txt",
    }
    assert {"app/__init__.py", "webhook/__init__.py", "uv.lock", "LICENSE"} <= sent


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        ".env",
        "app/.env",
        "instance/site.db",
        "app/instance/site.db",
        "webhook/journal.db",
        "webhook/journal.db-wal",
        ".demo/event-key",
        "tests/app/test_security.py",
        "app/__pycache__/config.cpython-312.pyc",
        "charts/oims/values.yaml",
        "secrets/token",
        "kubeconfig",
    ],
)
def test_secrets_history_and_tests_do_not(path):
    assert not is_sent(path)


def stage(name):
    """Return the instructions of one stage."""
    found = re.search(rf"^FROM \S+ AS {name}$(.*?)(?=^FROM |\Z)", DOCKERFILE, re.DOTALL | re.MULTILINE)
    assert found, name
    return found[1]


def test_every_image_runs_as_a_numeric_user_and_starts_python_itself():
    assert "USER 10001:10001" in stage("runtime")
    for name in ("webhook", "app", "automation"):
        assert f'ENTRYPOINT ["python", "-m", "{name}"]' in stage(name)
        assert "RUN" not in stage(name)
        assert "USER" not in stage(name)


@pytest.mark.parametrize(
    ("group", "absent"),
    [("webhook", r"ansible|kubernetes|kubectl"), ("app", r"ansible|kubernetes")],
)
def test_the_web_facing_images_get_neither_ansible_nor_a_kubernetes_client(group, absent):
    done = subprocess.run(
        [ROOT / ".venv/bin/uv", *UV_EXPORT, group],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = re.findall(r"^([a-z0-9-]+)==", done.stdout, re.MULTILINE)
    assert "flask" in names
    assert [name for name in names if re.search(absent, name)] == []
    assert stage(f"{group}-build").strip() == f"RUN sh ./install-group {group}"
