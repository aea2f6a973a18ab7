"""How a playbook ended, by what it printed."""

import re

import pytest

KINDS = ["Deployment", "StatefulSet", "DaemonSet"]
"""The workloads that the remedies know."""
THOROUGHLY = [KINDS[0], *(pytest.param(kind, marks=pytest.mark.matrix) for kind in KINDS[1:])]
"""The same for what takes many runs of a playbook: test_rights.py has each remedy repair each kind once."""


def said(done):
    return " ".join((done.stdout + done.stderr).split())


def changed(done):
    assert done.returncode == 0, said(done)
    return int(re.search(r"changed=(\d+)", done.stdout)[1])


def refused(done, reason):
    assert done.returncode != 0, said(done)
    assert reason in said(done)
