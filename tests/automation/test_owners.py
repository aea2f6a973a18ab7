"""Automation runs only what nobody but its owner and root could have changed."""

import grp
import os
import pwd
from types import SimpleNamespace

import pytest

from automation.policy.owners import folder_problems


@pytest.fixture
def machine(monkeypatch):
    """Its users and groups: Ann runs automation, and has a group of her own until a test says more."""
    ann = SimpleNamespace(pw_name="ann", pw_uid=os.geteuid(), pw_gid=os.getegid())
    own = SimpleNamespace(gr_name="ann", gr_mem=[])
    known = SimpleNamespace(ann=ann, own=own, users=[ann], groups={os.getegid(): own})
    monkeypatch.setattr(pwd, "getpwuid", lambda _: ann)
    monkeypatch.setattr(pwd, "getpwall", lambda: known.users)
    monkeypatch.setattr(grp, "getgrgid", lambda number: known.groups[number])
    return known


def member(machine):
    machine.own.gr_mem = ["ann", "bob"]


def same_primary_group(machine):
    machine.users.append(SimpleNamespace(pw_name="bob", pw_uid=os.geteuid() + 1, pw_gid=os.getegid()))


def another_name(machine):
    machine.own.gr_name = "staff"


def not_hers(machine):
    machine.ann.pw_gid += 1
    machine.groups[machine.ann.pw_gid] = machine.own


def unknown(machine):
    machine.groups.clear()


@pytest.mark.parametrize("shared", [member, same_primary_group, another_name, not_hers, unknown])
@pytest.mark.parametrize("name", ["", "repair.yml", "inventories"])
def test_it_refuses_a_folder_that_a_shared_group_can_change(playbooks, machine, shared, name):
    assert folder_problems(playbooks) == []
    path = playbooks / name
    path.chmod(path.stat().st_mode | 0o020)
    shared(machine)
    assert folder_problems(playbooks) == [f"{path} can be changed by other users: chmod go-w {path}"]


def test_the_owners_private_group_may_write_as_on_systems_with_umask_002(playbooks, machine):
    for path in (playbooks, *playbooks.rglob("*")):
        path.chmod(path.stat().st_mode | 0o020)
    assert folder_problems(playbooks) == []
    machine.own.gr_mem = ["ann"]
    assert folder_problems(playbooks) == []


@pytest.mark.parametrize("name", ["", "repair.yml", "inventories"])
@pytest.mark.threat("T25")
def test_it_refuses_a_folder_that_anybody_can_change(playbooks, machine, name):
    path = playbooks / name
    path.chmod(path.stat().st_mode | 0o002)
    assert folder_problems(playbooks) == [f"{path} can be changed by other users: chmod go-w {path}"]


def test_it_refuses_what_belongs_to_another_user(playbooks, machine, monkeypatch):
    path = playbooks / "repair.yml"
    if (user := os.geteuid()) == 0:
        os.chown(path, 65534, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    problem = f"{path} belongs to another user: run automation as its owner, or chown it"
    assert problem in folder_problems(playbooks)


def test_it_refuses_linked_files_and_a_policy_that_others_can_change(playbooks, tmp_path):
    for name in ("tasks.yml", "policy-elsewhere.yml"):
        (tmp_path / name).touch(0o600)
        (tmp_path / name).chmod(0o602)
    (playbooks / "linked.yml").symlink_to(tmp_path / "tasks.yml")
    assert folder_problems(playbooks, tmp_path / "policy-elsewhere.yml") == [
        f"{path} can be changed by other users: chmod go-w {path}"
        for path in (playbooks / "linked.yml", tmp_path / "policy-elsewhere.yml")
    ]


def test_it_refuses_a_link_to_a_folder_whose_files_it_does_not_look_at(playbooks, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (playbooks / "tasks").symlink_to(tmp_path / "elsewhere")
    assert folder_problems(playbooks) == [
        f"{playbooks / 'tasks'} is a link to a folder: put the folder itself there"
    ]
