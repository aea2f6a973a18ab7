"""Who could change what automation runs: its owner and root only, or it is not run."""

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path


def folder_problems(playbooks: Path, policy: Path | None = None) -> list[str]:
    """Name everything in the playbooks folder, and the policy, that another user could have changed."""
    if not playbooks.is_dir():
        return [f"{playbooks} is not a folder: set OIMS_PLAYBOOKS"]
    paths = [playbooks]
    for folder, folders, files in os.walk(playbooks):
        paths += [Path(folder, name) for name in sorted(folders + files)]
    linked = [path for path in paths[1:] if path.is_symlink() and path.is_dir()]
    if linked:
        return [f"{path} is a link to a folder: put the folder itself there" for path in linked]
    if policy and policy not in paths:
        paths.append(policy)
    return [problem for path in paths for problem in _who_else(path)]


def _who_else(path: Path) -> Iterator[str]:
    """Say whether another user could have changed a file or folder, or what a link leads to."""
    try:
        info = path.stat()
    except OSError:
        return  # whoever needs it says that it is missing
    if info.st_uid not in {os.geteuid(), 0}:
        yield f"{path} belongs to another user: run automation as its owner, or chown it"
    by_group = info.st_mode & stat.S_IWGRP and not _is_own(info.st_gid)
    if by_group or info.st_mode & stat.S_IWOTH:
        yield f"{path} can be changed by other users: chmod go-w {path}"


def _is_own(group: int) -> bool:
    """Say whether nobody is in a group but the user who runs automation.

    Many systems give each user a group of the same name, and let it write to what the user makes (umask 002).
    A group that cannot be looked up counts as shared.
    """
    try:
        found, user = grp.getgrgid(group), pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    others = [other for other in pwd.getpwall() if other.pw_gid == group and other.pw_uid != user.pw_uid]
    is_of_that_name = user.pw_gid == group and found.gr_name == user.pw_name
    return is_of_that_name and set(found.gr_mem) <= {user.pw_name} and not others
