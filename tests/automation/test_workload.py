"""What a workload says about itself, read from the object that the API gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.workload import Workload, action, read_workload

REMEDIES = "oims.io/remedies"


def read(**metadata):
    return read_workload({"metadata": metadata})


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({}, None),
        ({"annotations": {REMEDIES: "restart"}}, {"restart"}),
        ({"annotations": {REMEDIES: " Restart, rollback "}}, {"restart", "rollback"}),
        ({"labels": {REMEDIES: "restart.rollback"}}, {"restart", "rollback"}),
        ({"labels": {REMEDIES: "restart_scale"}}, {"restart", "scale"}),
        ({"annotations": {REMEDIES: "restart"}, "labels": {REMEDIES: "none"}}, {"restart", "none"}),
        ({"annotations": {REMEDIES: ""}}, set()),
        ({"annotations": {REMEDIES: "not restart"}}, set()),
        ({"annotations": {REMEDIES: "!restart"}}, set()),
        ({"annotations": {REMEDIES: "restart: false"}}, set()),
        ({"annotations": {REMEDIES: "restart=no"}}, set()),
        ({"annotations": {REMEDIES: "all except restart"}}, set()),
    ],
)
def test_annotation_and_label_name_what_the_team_allows(metadata, words):
    assert read(**metadata).remedies == words


def test_a_text_without_end_allows_nothing():
    assert read(annotations={REMEDIES: "restart," * 100_000}).remedies == set()


@given(st.text(max_size=50))
def test_whatever_is_written_there_is_read_and_an_unknown_word_allows_nothing(text):
    found = read(annotations={REMEDIES: text})
    assert found.remedies is not None
    assert found.allows("restart_oims.yml", is_named=True) == (
        "none" not in found.remedies and bool({"restart", "all"} & found.remedies)
    )


@pytest.mark.parametrize(
    ("metadata", "manager"),
    [
        ({"annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/api"}}, "Argo CD"),
        ({"labels": {"argocd.argoproj.io/instance": "shop"}}, "Argo CD"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "shop"}}, "Flux"),
        ({"labels": {"helm.toolkit.fluxcd.io/name": "shop"}}, "Flux"),
        ({"ownerReferences": [{"kind": "Kafka", "name": "main", "controller": True}]}, "the Kafka main"),
        ({"ownerReferences": [{"kind": "Kafka", "name": "main"}]}, None),
        ({"labels": {"app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/instance": "shop"}}, None),
    ],
)
def test_who_would_revert_a_change_is_told(metadata, manager):
    assert read(**metadata).manager == manager


def test_without_a_word_of_its_team_only_the_policy_may_name_a_workload():
    assert Workload().allows("restart_oims.yml", is_named=True)
    assert not Workload().allows("restart_oims.yml", is_named=False)


@pytest.mark.parametrize(
    ("playbook", "word"),
    [("restart_oims.yml", "restart"), ("restart.yml", "restart"), ("clear-cache_all.v2.yml", "clear-cache")],
)
def test_the_first_word_of_a_playbook_is_its_action(playbook, word):
    assert action(playbook) == word
