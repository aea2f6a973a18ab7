"""How a playbook ended, by what it printed."""

import re

KINDS = ["Deployment", "StatefulSet", "DaemonSet"]
"""The workloads that the remedies know."""


def said(done):
    return " ".join((done.stdout + done.stderr).split())


def changed(done):
    assert done.returncode == 0, said(done)
    return int(re.search(r"changed=(\d+)", done.stdout)[1])


def refused(done, reason):
    assert done.returncode != 0, said(done)
    assert reason in said(done)
