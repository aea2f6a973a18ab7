"""The policy file: what it accepts, and what it says about a mistake."""

from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.clock import parse_time
from automation.errors import ConfigurationError
from automation.policy.load import load_policy
from automation.policy.match import InvalidTargetError, find_maintenance, find_remedy, find_target
from automation.policy.schemas import Mode

REMEDY = """\
remedies:
  - alert: Broken
    playbook: repair.yml
    target: {kind: Deployment, namespace: shop, name: web}
"""

MISTAKES = {
    "an unknown key is suggested": (
        REMEDY + "    coldown: 5m\n",
        5,
        'remedies[0].coldown: is not a known key; did you mean "cooldown"?',
    ),
    "a wrong duration": (
        REMEDY + "    cooldown: 5 minutes\n",
        5,
        "remedies[0].cooldown: '5 minutes' is not a duration; write numbers with units",
    ),
    "a path as playbook": (
        REMEDY.replace("repair.yml", "../etc/repair.yml"),
        3,
        "remedies[0].playbook: '../etc/repair.yml' is not a file name of the playbooks folder",
    ),
    "an option as playbook": (REMEDY.replace("repair.yml", "--help.yml"), 3, "is not a file name"),
    "a playbook that is not there": (REMEDY.replace("repair.yml", "gone.yml"), 3, "gone.yml is not in "),
    "a missing playbook": (
        REMEDY.replace("    playbook: repair.yml\n", ""),
        2,
        "remedies[0].playbook: is missing",
    ),
    "an unknown mode": (REMEDY + "    mode: maybe\n", 5, "remedies[0].mode: input should be 'off'"),
    "a kind that is not supported": (REMEDY.replace("Deployment", "Pod"), 4, "remedies[0].target.kind"),
    "steps and a playbook": (
        REMEDY + "    steps: [repair.yml]\n",
        2,
        "has playbook and steps: keep one of them",
    ),
    "more steps than attempts": (
        REMEDY.replace("playbook: repair.yml", "steps: [repair.yml, repair.yml, repair.yml]"),
        2,
        "has 3 steps and max_attempts is 2: each step is an attempt",
    ),
    "a person asked from a step that there is not": (
        REMEDY + "    approve_from: 2\n",
        2,
        "has 0 steps and approve_from is 2",
    ),
    "a step that is not there": (
        REMEDY.replace("playbook: repair.yml", "steps: [repair.yml, gone.yml]"),
        3,
        "remedies[0].steps[1]: gone.yml is not in ",
    ),
    "an owner of what is no label": (
        REMEDY.replace("{kind: Deployment, namespace: shop, name: web}", "{owner_of: podd, namespaces: [a]}"),
        4,
        "remedies[0].target.owner_of: input should be 'pod'",
    ),
    "an owner in any namespace": (
        REMEDY.replace("{kind: Deployment, namespace: shop, name: web}", "{owner_of: pod}"),
        4,
        "remedies[0].target.namespaces: is missing",
    ),
    "an owner and a name": (
        REMEDY.replace("namespace: shop, name: web}", "owner_of: pod, namespaces: [shop]}"),
        4,
        "remedies[0].target.kind: is not a known key here",
    ),
    "a name that is none": (REMEDY.replace("web", "We b"), 4, "'We b' is not an object name"),
    "a value in the place of the target's": (
        REMEDY + "    with: {step: 1, target_name: db}\n",
        5,
        "remedies[0].with: may not have target_name: automation gives that itself",
    ),
    "an allow-list that is empty": (
        REMEDY.replace("name: web", "name: {label: app, allow: []}"),
        4,
        "allow: ",
    ),
    "no attempt at all": (REMEDY + "    max_attempts: 0\n", 5, "greater than or equal to 1"),
    "a wrong default is told once": (
        "defaults:\n  cooldown: soon\n" + REMEDY,
        2,
        "defaults.cooldown: 'soon'",
    ),
    "a key that is there twice": (REMEDY + "    alert: Other\n", 5, 'the key "alert" is there twice'),
    "a name that is there twice": (
        REMEDY + "    name: one\n" + REMEDY.removeprefix("remedies:\n") + "    name: one\n",
        6,
        "the name one is taken by an earlier remedy",
    ),
    "YAML that is none": ("remedies:\n  - alert: [Broken\n", 3, "is not valid YAML"),
    "a list": ("- alert: Broken\n", 1, "must be a mapping"),
    "nothing": ("", 1, "must be a mapping"),
    "no remedies": ("limits: {concurrent_runs: 1}\n", 1, "remedies: is missing"),
    "a Python object": ("remedies: !!python/object/apply:os.system [id]\n", 1, "is not valid YAML"),
    "a wrong checksum": (REMEDY + f"    sha256: {'a' * 64}\n", 3, "not the pinned one"),
    "a window without a zone": (
        REMEDY + "maintenance:\n  - {name: n, start: 2026-01-01T00:00:00, end: 2026-01-02T00:00:00}\n",
        6,
        "times in quotes with a zone",
    ),
    "a window that ends before it starts": (
        REMEDY + 'maintenance:\n  - {name: n, start: "2026-01-02T00:00:00Z", end: "2026-01-01T00:00:00Z"}\n',
        6,
        "end must be after start",
    ),
    "a time of day without quotes": (
        REMEDY + "maintenance:\n  - {name: n, days: [sat], start: 22:00, end: 23:00}\n",
        6,
        "times of day in quotes",
    ),
    "a float as value": (
        REMEDY + "    with: {step: 1.5}\n",
        5,
        "remedies[0].with.step: input should be a valid string",
    ),
    "a variable that is none": (REMEDY + "    with: {Step-1: 1}\n", 5, "remedies[0].with.Step-1"),
}


def load(playbooks, text):
    path = playbooks / "policy.yml"
    path.write_text(text)
    return load_policy(path, playbooks)


@pytest.mark.parametrize(("text", "line", "reason"), MISTAKES.values(), ids=MISTAKES)
def test_it_names_the_file_the_line_and_the_reason(playbooks, text, line, reason):
    with pytest.raises(ConfigurationError) as caught:
        load(playbooks, text)
    messages = str(caught.value).splitlines()
    assert len(messages) == 1
    assert messages[0].startswith(f"{playbooks}/policy.yml:{line}: ")
    assert reason in messages[0]


def test_it_reports_every_mistake_at_once(playbooks):
    with pytest.raises(ConfigurationError) as caught:
        load(playbooks, REMEDY + "    timeout: never\n    max_attempts: 0\n")
    assert len(str(caught.value).splitlines()) == 2


def test_a_remedy_names_labels_with_dots_and_quotes(playbooks):
    match = """    match: {service.name: käse, 'a "quoted" name': it's}\n"""
    policy = load(playbooks, REMEDY + match)
    labels = {"alertname": policy.remedies[0].alert, "service.name": "käse", 'a "quoted" name': "it's"}
    assert find_remedy(policy, labels) is policy.remedies[0]
    assert find_remedy(policy, labels | {"service.name": "kase"}) is None


def test_a_remedy_takes_the_defaults_it_does_not_override(playbooks):
    defaults = "defaults: {cooldown: 7m, max_attempts: 4, verify: {within: 9m, hold: 8s}}\n"
    remedy = load(playbooks, defaults + REMEDY + "    max_attempts: 1\n    verify: {within: 3m}\n").remedies[
        0
    ]
    assert (remedy.cooldown, remedy.max_attempts, remedy.verify.within, remedy.verify.hold) == (
        420,
        1,
        180,
        8,
    )


def test_a_bare_off_switches_a_remedy_off(playbooks):
    assert load(playbooks, REMEDY + "    mode: off\n").remedies[0].mode is Mode.OFF


def test_the_shipped_policy_is_right(playbooks):
    shipped = playbooks.parent / "shipped"
    shipped.symlink_to(Path(__file__).parents[2] / "playbooks")
    assert load_policy(shipped / "policy.yml", shipped).remedies


@pytest.mark.threat("T6")
def test_a_link_is_not_a_playbook(playbooks):
    (playbooks / "link.yml").symlink_to(playbooks / "repair.yml")
    with pytest.raises(ConfigurationError, match="is not a regular file"):
        load(playbooks, REMEDY.replace("repair.yml", "link.yml"))


LABELLED = REMEDY.replace("name: web", "name: {label: app, allow: [web, api]}")


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ({}, "the alert has no label app"),
        ({"app": "db"}, "the policy does not allow the value"),
        ({"app": "web api"}, "is not an object name"),
        ({"app": "../web"}, "is not an object name"),
        ({"app": "--web"}, "is not an object name"),
        ({"app": "web\n"}, "is not an object name"),
        ({"app": "{{ lookup('pipe', 'id') }}"}, "is not an object name"),
        ({"app": "a" * 254}, "is not an object name"),
    ],
)
@pytest.mark.threat("T8")
def test_a_label_gives_only_what_the_policy_allows(playbooks, labels, reason):
    remedy = load(playbooks, LABELLED).remedies[0]
    assert str(find_target(remedy, {"app": "api"}, None)) == "Deployment shop/api"
    with pytest.raises(InvalidTargetError, match=reason):
        find_target(remedy, labels, None)


def test_the_first_remedy_whose_matchers_all_hold_is_used(playbooks):
    second = REMEDY.removeprefix("remedies:\n") + "    name: second\n"
    policy = load(playbooks, REMEDY + "    match: {tier: [gold, silver], zone: a}\n" + second)
    assert find_remedy(policy, {"alertname": "Broken", "tier": "gold", "zone": "a"}).label == "repair/Broken"
    assert find_remedy(policy, {"alertname": "Broken", "tier": "gold"}).label == "second"
    assert find_remedy(policy, {"alertname": "Broke"}) is None
    assert find_remedy(policy, {}) is None


@pytest.mark.parametrize(
    ("now", "inside"),
    [
        ("2026-11-21T21:59:59Z", False),  # a Saturday
        ("2026-11-21T22:00:00Z", True),
        ("2026-11-22T05:59:59Z", True),
        ("2026-11-22T06:00:00Z", False),
        ("2026-11-22T23:00:00Z", False),
    ],
)
def test_a_weekly_window_may_end_the_next_morning(playbooks, now, inside):
    window = (
        'maintenance:\n  - {name: patches, days: [sat], start: "22:00", end: "06:00", alerts: [Broken]}\n'
    )
    policy = load(playbooks, REMEDY + window)
    assert (find_maintenance(policy, {"alertname": "Broken"}, parse_time(now)) is not None) is inside
    assert find_maintenance(policy, {"alertname": "Other"}, parse_time(now)) is None


LEAVES = st.none() | st.booleans() | st.integers() | st.text()
KEYS = st.sampled_from(["remedies", "defaults", "limits", "maintenance", "alert", "target", "x"])


@settings(deadline=None, max_examples=50)
@given(st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=12))
def test_no_document_is_answered_with_a_traceback(tmp_path_factory, document):
    folder = tmp_path_factory.mktemp("policy")
    path = folder / "policy.yml"
    path.write_text(yaml.safe_dump(document))
    with suppress(ConfigurationError):
        load_policy(path, folder)
