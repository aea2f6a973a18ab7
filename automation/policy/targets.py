"""How the policy names targets: a workload by name, or the owner of what the alert names."""

from collections.abc import Iterator
from enum import StrEnum
from itertools import product
from typing import Annotated

from pydantic import Discriminator, Field, Tag

from automation.policy.values import KINDS, Closed, FromLabel, Kind, Name, NameOrLabel


class NamedWorkload(Closed):
    """A workload by its name."""

    kind: Kind = Field(description="Deployment, StatefulSet or DaemonSet.")
    namespace: NameOrLabel = Field(description="A name, or {label, allow} to take it from the alert.")
    name: NameOrLabel = Field(description="A name, or {label, allow} to take it from the alert.")

    @property
    def is_fixed(self) -> bool:
        """Whether every alert leads to the same workload."""
        return isinstance(self.namespace, str) and isinstance(self.name, str)

    @property
    def rule(self) -> str:
        """How an alert leads to it, in words."""
        return f"{self.kind} that the alert's labels name"


class OwnerLabel(StrEnum):
    """The label that names an object whose owner is the target."""

    POD = "pod"
    DEPLOYMENT = "deployment"
    STATEFULSET = "statefulset"
    DAEMONSET = "daemonset"
    AUTOSCALER = "horizontalpodautoscaler"
    CLAIM = "persistentvolumeclaim"

    @property
    def kind(self) -> str:
        """The kind of the object, as Kubernetes writes it."""
        return KIND_OF_LABEL[self]


KIND_OF_LABEL = {
    OwnerLabel.POD: "Pod",
    OwnerLabel.DEPLOYMENT: "Deployment",
    OwnerLabel.STATEFULSET: "StatefulSet",
    OwnerLabel.DAEMONSET: "DaemonSet",
    OwnerLabel.AUTOSCALER: "HorizontalPodAutoscaler",
    OwnerLabel.CLAIM: "PersistentVolumeClaim",
}


class OwnerOf(Closed):
    """The workload that owns what the alert names, in the namespace of the alert's label `namespace`."""

    owner_of: OwnerLabel = Field(description="The label that names the object, such as `pod`.")
    namespaces: tuple[Name, ...] = Field(
        min_length=1, description="The only namespaces in which it is looked for."
    )
    kinds: tuple[Kind, ...] = Field(
        default=KINDS, min_length=1, description="The only kinds of workloads that may be found."
    )
    workloads: tuple[Name, ...] | None = Field(
        default=None,
        min_length=1,
        description="The only names that may be found. Unset: those whose annotation `oims.io/remedies` "
        "names the action of the playbook.",
    )

    @property
    def rule(self) -> str:
        """How an alert leads to it, in words."""
        return f"owner of the alert's {self.owner_of.kind} in {', '.join(self.namespaces)}"


def _named_or_owner(value: object) -> str:
    """Tell the two apart, so that a mistake is reported for the one that was meant."""
    is_owner = "owner_of" in value if isinstance(value, dict) else isinstance(value, OwnerOf)
    return "#owner" if is_owner else "#named"


NamedOrOwner = Annotated[
    Annotated[NamedWorkload, Tag("#named")] | Annotated[OwnerOf, Tag("#owner")],
    Discriminator(_named_or_owner),
]


def possible_targets(target: NamedWorkload | OwnerOf) -> Iterator[tuple[Kind, str, str]]:
    """Return kind, namespace and name of what a target may turn out to be; an empty name is any name."""
    if isinstance(target, OwnerOf):
        yield from product(target.kinds, target.namespaces, target.workloads or ("",))
    else:
        yield from product([target.kind], _names(target.namespace), _names(target.name))


def _names(value: str | FromLabel) -> tuple[str, ...]:
    return value.allow if isinstance(value, FromLabel) else (value,)
