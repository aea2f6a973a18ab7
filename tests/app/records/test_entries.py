"""Entries of timelines and of the audit trail: a class for each kind, and only what it knows."""

import inspect

import pytest

from app.records import account_entries, audit_entries, channel_entries, entries, oncall_entries
from app.records.audit_kinds import AuditKind
from app.records.entries import Merged, Opened, Resolved
from app.records.incidents import EventKind
from app.severities import Severity


def kinds(*modules):
    classes = [one for module in modules for _, one in inspect.getmembers(module, inspect.isclass)]
    return sorted(one.kind for one in classes if "kind" in vars(one))


@pytest.mark.parametrize(
    ("all_kinds", "modules"),
    [(EventKind, [entries]), (AuditKind, [account_entries, audit_entries, channel_entries, oncall_entries])],
)
def test_each_kind_has_one_class(all_kinds, modules):
    assert kinds(*modules) == sorted(all_kinds)


@pytest.mark.parametrize(
    ("event", "data"),
    [
        (Opened(severity=Severity.LOW), {"severity": "low"}),
        (
            Opened(severity=Severity.LOW, seq=1, episode="e", fired_at="2026-11-28T12:00:00.000Z"),
            {"severity": "low", "seq": 1, "episode": "e", "fired_at": "2026-11-28T12:00:00.000Z"},
        ),
        (Resolved(reason=""), {"reason": ""}),
        (Merged(into=2), {"into": 2}),
    ],
)
def test_the_data_of_an_entry_is_what_it_knows(event, data):
    assert event.data() == data
