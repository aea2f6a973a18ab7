"""Who could change what automation runs: its owner and root only, or it is not run."""

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path

LEFT_OUT = frozenset({".git", ".ansible", "__pycache__"})
"""What no playbook reads: it is not in the digest, and not in the copy in which Ansible is started."""
MOST_LINKS = 40
"""Linux follows no more on the way to one file."""


def folder_problems(playbooks: Path, *others: Path | None) -> list[str]:
    """Name what other users could change: of the playbooks folder and all folders above it.

    `others` are further files that count, such as the policy: each with the folders above it.
    """
    if not playbooks.is_dir():
        return [f"{playbooks} is not a folder: set OIMS_PLAYBOOKS"]
    paths = [playbooks]
    for folder, folders, files in os.walk(playbooks):
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
        paths += [Path(folder, name) for name in sorted(folders + files) if name not in LEFT_OUT]
    linked = [path for path in paths[1:] if path.is_symlink() and path.is_dir()]
    if linked:
        return [f"{path} is a link to a folder: put the folder itself there" for path in linked]
    paths += [path for path in others if path and path not in paths]
    own_group = _own_group()
    above = dict.fromkeys(one for path in (playbooks, *filter(None, others)) for one in _above(path))
    return [
        *(problem for path in paths for problem in _who_else(path, own_group)),
        *(
            problem
            for path in above
            if path not in paths
            for problem in _who_else(path, own_group, may_be_sticky=True)
        ),
    ]


def _above(path: Path) -> list[Path]:
    """Return the folders above a path up to the root, and those above each link on the way and its target."""
    found: list[Path] = []
    ways, links = [path.absolute()], set[Path]()
    for way in ways:
        found += way.parents
        for one in (way, *way.parents):
            if len(links) < MOST_LINKS and one.is_symlink() and one not in links:
                links.add(one)
                ways.append(one.parent / one.readlink())
    return found


def _who_else(path: Path, own_group: int | None, *, may_be_sticky: bool = False) -> Iterator[str]:
    """Say whether another user could have changed a file or folder, or what a link leads to.

    In a sticky folder, such as /tmp, others may add names, but touch only their own: that will do above.
    """
    try:
        info = path.stat()
    except OSError:
        return  # whoever needs it says that it is missing
    if info.st_uid not in {os.geteuid(), 0}:
        yield f"{path} belongs to another user: run automation as its owner, or chown it"
    by_group = info.st_mode & stat.S_IWGRP and info.st_gid != own_group
    is_kept = may_be_sticky and info.st_mode & stat.S_ISVTX
    if (by_group or info.st_mode & stat.S_IWOTH) and not is_kept and not _is_read_only(path):
        yield f"{path} can be changed by other users: chmod go-w {path}"


def _is_read_only(path: Path) -> bool:
    """Say whether nobody can write there, whatever the mode: the volume of a ConfigMap is mounted so."""
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)


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
