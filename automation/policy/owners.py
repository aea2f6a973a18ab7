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
    own_group = _own_group()
    return [problem for path in paths for problem in _who_else(path, own_group)]


def _who_else(path: Path, own_group: int | None) -> Iterator[str]:
    """Say whether another user could have changed a file or folder, or what a link leads to."""
    try:
        info = path.stat()
    except OSError:
        return  # whoever needs it says that it is missing
    if info.st_uid not in {os.geteuid(), 0}:
        yield f"{path} belongs to another user: run automation as its owner, or chown it"
    by_group = info.st_mode & stat.S_IWGRP and info.st_gid != own_group
    if by_group or info.st_mode & stat.S_IWOTH:
        yield f"{path} can be changed by other users: chmod go-w {path}"


def _own_group() -> int | None:
    """Return the number of the group in which nobody is but the user who runs automation, if there is one.

    Many systems give each user a group of the same name, and let it write to what the user makes (umask 002).
    A group that cannot be looked up counts as shared.
    """
    try:
        user = pwd.getpwuid(os.geteuid())
        group = grp.getgrgid(user.pw_gid)
    except KeyError:
        return None
    is_of_that_name = group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}
    others = (other for other in pwd.getpwall() if other.pw_uid != user.pw_uid)
    if is_of_that_name and all(other.pw_gid != user.pw_gid for other in others):
        return user.pw_gid
    return None
