"""What a workload says about itself: which remedies its team allows, and who else would change it back."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

REMEDIES = "oims.io/remedies"
"""Annotation, or label, with what a workload's team allows: `restart`, `rollback,scale`, `all` or `none`."""
NONE, ALL = "none", "all"
WORD = re.compile("[a-z0-9-]+")
SEPARATORS = str.maketrans("._", ",,")
"""A label cannot hold a comma."""
MOST = 1_000
"""Characters of that text; a longer one allows nothing."""

ARGO_CD = ("argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance")
FLUX = ("kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name")

type _Document = Mapping[str, Any]


@dataclass(frozen=True)
class Workload:
    """What matters of a target beside its rollout."""

    remedies: frozenset[str] | None = None
    """The remedies that its team allows; none when it says nothing."""
    manager: str | None = None
    """Who would revert a changed template or number of replicas, in words; none when nobody would."""
    uid: str | None = None
    problem: str | None = None
    """Why it could not be looked at, in words; none when it could."""
    is_missing: bool = False
    """Whether the cluster has no such workload."""

    def allows(self, playbook: str, *, is_named: bool) -> bool:
        """Say whether its team allows a playbook; without its word, the policy has to name the workload."""
        if self.remedies is None:
            return is_named
        return NONE not in self.remedies and not self.remedies.isdisjoint({ALL, action(playbook)})


def action(playbook: str) -> str:
    """Return what a playbook does, by the first word of its name: `restart` of `restart_oims.yml`."""
    return playbook.partition(".")[0].partition("_")[0]


def read_workload(document: _Document) -> Workload:
    """Read it from an object as the API of Kubernetes gives it."""
    metadata = document["metadata"]
    marks = {**(metadata.get("labels") or {}), **(metadata.get("annotations") or {})}
    return Workload(_remedies(metadata), next(_managers(metadata, marks), None), metadata.get("uid"))


def _remedies(metadata: _Document) -> frozenset[str] | None:
    """Read both places. What is not words alone allows nothing: it may be meant to forbid."""
    texts = [(metadata.get(place) or {}).get(REMEDIES) for place in ("annotations", "labels")]
    if texts == [None, None]:
        return None
    text = ",".join(text for text in texts if text is not None).lower()
    if len(text) > MOST:
        return frozenset()
    words = [word.strip() for word in text.translate(SEPARATORS).split(",") if word.strip()]
    return frozenset(words) if all(WORD.fullmatch(word) for word in words) else frozenset()


def _managers(metadata: _Document, marks: Mapping[str, str]) -> Iterator[str]:
    for name, places in (("Argo CD", ARGO_CD), ("Flux", FLUX)):
        if any(place in marks for place in places):
            yield name
    for owner in metadata.get("ownerReferences") or []:
        if owner.get("controller"):
            yield f"the {owner.get('kind')} {owner.get('name')}"
