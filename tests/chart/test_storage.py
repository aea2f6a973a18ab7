"""Volumes and their classes."""

import pytest

from tests.chart.rendering import documents

COMPONENT = "prometheus.persistence.storageClass"


@pytest.mark.parametrize(
    ("sets", "others", "prometheus"),
    [
        ([], None, None),
        (["global.storageClass=fast"], "fast", "fast"),
        (["global.storageClass=fast", f"{COMPONENT}=slow"], "fast", "slow"),
        (["global.storageClass=fast", f"{COMPONENT}=-"], "fast", ""),
        ([f"{COMPONENT}=slow"], None, "slow"),
    ],
    ids=["the cluster's own", "one for all", "a component's own wins", "none", "one component"],
)
def test_a_volume_has_its_components_class_or_that_of_all(sets, others, prometheus):
    found = classes(documents(sets=tuple(sets)))
    assert found.pop("oims-prometheus") == prometheus
    assert set(found.values()) == {others}
    assert len(found) > 1


def classes(objects):
    """The storage class of each volume by the name of its claim or StatefulSet."""
    claims = {item["metadata"]["name"]: item for item in objects if item["kind"] == "PersistentVolumeClaim"}
    for item in objects:
        for claim in item.get("spec", {}).get("volumeClaimTemplates", []):
            claims[item["metadata"]["name"]] = claim
    return {name: claim["spec"].get("storageClassName") for name, claim in claims.items()}
