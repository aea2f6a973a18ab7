"""A remedy's digest covers everything that Ansible may read for it, and is compared before that is read."""

import json
import os

import pytest

from automation.errors import ConfigurationError
from automation.policy.contents import read_contents
from automation.policy.owners import folder_problems

INCLUDED = (
    "tasks/repair.yml",
    "roles/web/tasks/main.yml",
    "roles/web/templates/web.j2",
    "vars/web.yml",
    "group_vars/all.yml",
    "host_vars/localhost.yml",
    "inventories/local/group_vars/all.yml",
    "files/web.conf",
    "library/web.py",
    "filter_plugins/web.py",
    "collections/ansible_collections/x/y/plugins/modules/z.py",
    "tasks/policy.more.yml",
    "tasks/.hidden.yml",
    "ansible.cfg",
)


def digest_of(playbooks):
    return read_contents(playbooks, playbooks / "policy.yml").digest


def policy(playbooks, **remedy):
    target = {"kind": "Deployment", "namespace": "shop", "name": "web"}
    document = {"alert": "Broken", "playbook": "repair.yml", "target": target, **remedy}
    (playbooks / "policy.yml").write_text(json.dumps({"remedies": [document]}))


@pytest.mark.parametrize("name", INCLUDED)
@pytest.mark.threat("T38")
def test_the_digest_covers_everything_that_a_playbook_may_include(playbooks, name):
    path = playbooks / name
    found = {digest_of(playbooks)}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("one")
    found.add(digest_of(playbooks))
    path.write_text("two")
    found.add(digest_of(playbooks))
    path.chmod(0o700)
    found.add(digest_of(playbooks))
    path.rename(path.with_name("other"))
    found.add(digest_of(playbooks))
    assert len(found) == 5


def test_the_policy_caches_and_the_place_of_the_folder_are_no_part_of_the_digest(playbooks, tmp_path):
    before = digest_of(playbooks)
    (playbooks / "policy.yml").write_text("remedies: []\n")
    for name in (".git/config", "__pycache__/x.pyc", ".ansible/x"):
        (playbooks / name).parent.mkdir(exist_ok=True)
        (playbooks / name).write_text("x")
    assert digest_of(playbooks) == before
    assert digest_of(playbooks.rename(tmp_path / "elsewhere")) == before


def test_the_copy_is_private_and_holds_what_the_digest_says(playbooks, tmp_path):
    (playbooks / "files").mkdir()
    (playbooks / "files" / "run.sh").touch(0o755)
    (playbooks / "linked.yml").symlink_to("repair.yml")
    copy = tmp_path / "copy"
    found = read_contents(playbooks, playbooks / "policy.yml", copy)
    assert read_contents(copy, copy / "policy.yml") == found
    assert not (copy / "policy.yml").exists()
    assert {path.stat().st_mode & 0o077 for path in (copy, *copy.rglob("*"))} == {0}
    assert os.access(copy / "files" / "run.sh", os.X_OK)


@pytest.mark.threat("T26")
def test_what_leaves_the_folder_or_is_no_file_is_refused(playbooks, tmp_path):
    (tmp_path / "outside.yml").touch()
    for make, reason in (
        (lambda path: path.symlink_to(tmp_path / "outside.yml"), "leaves the folder"),
        (lambda path: path.symlink_to("../../etc/passwd"), "leaves the folder"),
        (lambda path: path.symlink_to("missing.yml"), "cannot be read"),
        (os.mkfifo, "not a regular file"),
    ):
        make(playbooks / "odd.yml")
        with pytest.raises(ConfigurationError, match=reason):
            digest_of(playbooks)
        (playbooks / "odd.yml").unlink()


def test_the_folders_above_count_as_for_sshd(playbooks, tmp_path):
    assert folder_problems(playbooks) == []
    tmp_path.chmod(0o777)
    assert folder_problems(playbooks) == [f"{tmp_path} can be changed by other users: chmod go-w {tmp_path}"]
    tmp_path.chmod(0o1777)  # sticky, as /tmp: others cannot put another folder in the place of this one
    assert folder_problems(playbooks) == []
    playbooks.chmod(0o1777)  # but they could add to it
    assert folder_problems(playbooks) == [
        f"{playbooks} can be changed by other users: chmod go-w {playbooks}"
    ]


@pytest.mark.threat("T25")
def test_the_folders_of_all_links_on_the_way_count(playbooks, tmp_path):
    """Whoever may write where a link lies can lead it elsewhere."""
    for name in ("first", "second", "third"):
        (tmp_path / name).mkdir()
    (tmp_path / "third" / "end").symlink_to(playbooks)
    (tmp_path / "second" / "link").symlink_to("../third/end")
    (tmp_path / "first" / "link").symlink_to(tmp_path / "second")
    way = tmp_path / "first" / "link" / "link"
    policy_way = tmp_path / "first" / "policy.yml"
    policy_way.symlink_to(tmp_path / "third" / "end" / "policy.yml")
    (tmp_path / "circle").symlink_to(tmp_path.parent / tmp_path.name / "circle" / "x")
    assert folder_problems(way, policy_way, tmp_path / "circle") == []
    for name in ("first", "second", "third"):
        (tmp_path / name).chmod(0o777)
        for found in (folder_problems(way), folder_problems(playbooks, way / "policy.yml")):
            assert [problem.rpartition("chmod go-w ")[2] for problem in found] != []
            assert all((tmp_path / name).samefile(one.rpartition("chmod go-w ")[2]) for one in found)
        (tmp_path / name).chmod(0o755)


@pytest.mark.threat("T25")
@pytest.mark.threat("T38")
def test_a_changed_include_is_refused_at_the_start_and_named(playbooks, command):
    (playbooks / "tasks").mkdir()
    (playbooks / "tasks" / "x.yml").write_text("- debug:\n")
    pinned = command("digest").stdout.strip()
    assert pinned == digest_of(playbooks)
    policy(playbooks, digest=pinned)
    alert = playbooks.parent / "alert.json"
    alert.write_text('{"labels": {"alertname": "Broken"}}')
    assert command("explain", str(alert)).returncode == 0
    (playbooks / "tasks" / "x.yml").write_text("- command: 'true'\n")
    done = command("explain", str(alert))
    assert done.returncode == 2
    assert "policy.yml:1: remedies[0].digest: " in done.stderr
    assert "python -m automation digest" in done.stderr


EVIL = "- hosts: \"{{ lookup('ansible.builtin.pipe', 'touch MARK; echo localhost') }}\"\n  tasks: []\n"


def evil(mark):
    return EVIL.replace("MARK", str(mark))


def test_check_lets_ansible_read_nothing_of_a_folder_that_is_not_in_order(playbooks, command, tmp_path):
    policy(playbooks, digest=digest_of(playbooks))
    (playbooks / "inventories" / "local" / "evil.yml").write_text("all: {hosts: {evil: {}}}\n")
    (playbooks / "repair.yml").write_text(evil(tmp_path / "mark"))
    done = command("check")
    assert done.returncode == 1
    assert "its digest is" in done.stdout
    assert "inventory local" not in done.stdout
    assert not (tmp_path / "mark").exists()


@pytest.mark.threat("T25")
@pytest.mark.threat("T38")
def test_a_changed_playbook_is_not_even_tried_before_somebody_approved(
    journal, app, follower, eventually, playbooks, tmp_path
):
    """The preview of an approval is a run in check mode, and that runs what a lookup says."""
    policy(playbooks, mode="approve")
    process = follower()
    eventually(lambda: app.heartbeats)
    (playbooks / "repair.yml").write_text(evil(tmp_path / "mark"))
    journal.add("Broken")

    def asked():
        found = [d["approval"] for d in app.decisions if d["reason"] == "awaiting_approval"]
        return next((one for one in found if "changed since" in one["preview"]), None)

    preview = eventually(asked)["preview"]
    assert "(repair.yml)" in preview
    assert digest_of(playbooks) in preview
    assert not (tmp_path / "mark").exists(), process.log
    answer = {"id": asked()["id"], "state": "approved", "by": "Ann", "at": asked()["expires_at"]}
    app.tell(approvals=[answer])
    eventually((tmp_path / "mark").exists)
