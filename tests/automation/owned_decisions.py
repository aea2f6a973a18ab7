"""The decision table for targets that the cluster finds, and for what a workload says about itself."""

from dataclasses import replace

from automation.policy.match import Owner, Target
from automation.workload import Workload
from contract.decisions import DecisionKind, Reason
from contract.runs import RunState
from tests.automation.situations import CALM, EPISODE, attempt, policy

RUN, DEFERRED, DECLINED = DecisionKind
OWNED = {"owner_of": "pod", "namespaces": ["shop"]}
LISTED = OWNED | {"workloads": ["api"]}
PATH = "Pod shop/api-7d-x → ReplicaSet api-7d → Deployment api"
FOUND = Owner(Target("Deployment", "shop", "api"), PATH)
ALERT = replace(EPISODE, labels={"alertname": "Broken", "namespace": "shop", "pod": "api-7d-x"}, owner=FOUND)
ALLOWED = Workload(frozenset({"restart"}))


def owned(target=OWNED, playbook="restart_oims.yml", **more):
    return policy(target=target, playbook=playbook, **more)


def says(*words, manager=None):
    return replace(CALM, workload=Workload(frozenset(words) if words else None, manager))


def labelled(**labels):
    return replace(ALERT, labels={"alertname": "Broken", "namespace": "shop", "pod": "api-7d-x"} | labels)


TABLE = {
    "its team allows it": (owned(), ALERT, says("restart"), RUN, None),
    "its team allows everything": (owned(), ALERT, says("all"), RUN, None),
    "nobody has found the owner yet": (
        owned(),
        replace(ALERT, owner=None),
        CALM,
        DEFERRED,
        Reason.TARGET_UNKNOWN,
    ),
    "an owner of another pod is none": (
        owned(),
        labelled(pod="other"),
        CALM,
        DEFERRED,
        Reason.TARGET_UNKNOWN,
    ),
    "the workload could not be asked": (
        owned(),
        ALERT,
        replace(CALM, workload=Workload(problem="the cluster answers 503")),
        DEFERRED,
        Reason.TARGET_UNKNOWN,
    ),
    "nor could one that the policy names: its team may have said none": (
        policy(),
        EPISODE,
        replace(CALM, workload=Workload(problem="the cluster answers 503")),
        DEFERRED,
        Reason.TARGET_UNKNOWN,
    ),
    "a workload that the cluster does not have": (
        policy(),
        EPISODE,
        replace(CALM, workload=Workload(problem="the cluster answers 404", is_missing=True)),
        DECLINED,
        Reason.INVALID_TARGET,
    ),
    "a workload that replaced the owner of the pod": (
        owned(),
        replace(ALERT, owner=replace(FOUND, uid="old")),
        replace(CALM, workload=Workload(frozenset({"all"}), uid="new")),
        DECLINED,
        Reason.INVALID_TARGET,
    ),
    "a pod that is gone": (
        owned(),
        replace(ALERT, owner=Owner(None, "Pod shop/api-7d-x", "Pod shop/api-7d-x does not exist")),
        CALM,
        DECLINED,
        Reason.INVALID_TARGET,
    ),
    "a namespace that the policy does not name": (
        owned(),
        labelled(namespace="kube-system"),
        CALM,
        DECLINED,
        Reason.INVALID_TARGET,
    ),
    "an alert without a pod": (
        owned(),
        replace(EPISODE, labels={"alertname": "Broken", "namespace": "shop"}),
        CALM,
        DECLINED,
        Reason.INVALID_TARGET,
    ),
    "a kind that the policy does not name": (
        owned(OWNED | {"kinds": ["StatefulSet"]}),
        ALERT,
        says("restart"),
        DECLINED,
        Reason.INVALID_TARGET,
    ),
    "a name that the policy lists needs no annotation": (owned(LISTED), ALERT, says(), RUN, None),
    "a name that the policy does not list": (
        owned(OWNED | {"workloads": ["web"]}),
        ALERT,
        says("restart"),
        DECLINED,
        Reason.INVALID_TARGET,
    ),
    "its team says nothing": (owned(), ALERT, says(), DECLINED, Reason.INVALID_TARGET),
    "its team allows something else": (owned(), ALERT, says("scale"), DECLINED, Reason.INVALID_TARGET),
    "none wins": (owned(), ALERT, says("none", "restart", "all"), DECLINED, Reason.INVALID_TARGET),
    "none wins over a policy that names the workload": (
        policy(),
        EPISODE,
        says("none"),
        DECLINED,
        Reason.INVALID_TARGET,
    ),
    "in shadow the team counts as well": (
        owned(mode="shadow"),
        ALERT,
        says("none"),
        DECLINED,
        Reason.INVALID_TARGET,
    ),
    "what Argo CD would revert": (
        owned(playbook="rollback_oims.yml"),
        ALERT,
        says("rollback", manager="Argo CD"),
        DECLINED,
        Reason.MANAGED_ELSEWHERE,
    ),
    "a restart is reverted by nobody": (owned(), ALERT, says("restart", manager="Argo CD"), RUN, None),
    "the second step begins when the first did not help": (
        policy(steps=["restart_oims.yml", "rollback_oims.yml"], playbook=None),
        EPISODE,
        replace(CALM, attempts=(attempt(900),)),
        RUN,
        None,
    ),
    "all steps were run": (
        policy(steps=["restart_oims.yml", "rollback_oims.yml"], playbook=None, max_attempts=9),
        EPISODE,
        replace(CALM, attempts=(attempt(1800), attempt(900))),
        DECLINED,
        Reason.ATTEMPTS_EXHAUSTED,
    ),
    "an interruption uses no step up": (
        policy(steps=["restart_oims.yml", "rollback_oims.yml"], playbook=None),
        EPISODE,
        replace(CALM, attempts=(attempt(1800, state=RunState.INTERRUPTED), attempt(900))),
        RUN,
        None,
    ),
    "an interrupted step is done again": (
        policy(steps=["restart_oims.yml", "rollback_oims.yml"], playbook=None, approve_from=2),
        EPISODE,
        replace(CALM, attempts=(attempt(900, state=RunState.INTERRUPTED),)),
        RUN,
        None,
    ),
    "a person is asked from the second step on": (
        policy(steps=["restart_oims.yml", "rollback_oims.yml"], playbook=None, approve_from=2),
        EPISODE,
        replace(CALM, attempts=(attempt(900),)),
        DEFERRED,
        Reason.AWAITING_APPROVAL,
    ),
    "a step that Argo CD would revert ends the chain": (
        policy(steps=["restart_oims.yml", "rollback_oims.yml"], playbook=None),
        EPISODE,
        replace(says(manager="Argo CD"), attempts=(attempt(900),)),
        DECLINED,
        Reason.MANAGED_ELSEWHERE,
    ),
    "so much burns at once that a person is asked": (
        policy(limits={"breaker": {"targets": 3}}),
        EPISODE,
        replace(CALM, burning=4),
        DEFERRED,
        Reason.AWAITING_APPROVAL,
    ),
    "as much as the breaker allows": (
        policy(limits={"breaker": {"targets": 3}}),
        EPISODE,
        replace(CALM, burning=3),
        RUN,
        None,
    ),
    "a breaker arms nothing that only watches": (
        policy(limits={"breaker": {"targets": 3}}, mode="shadow"),
        EPISODE,
        replace(CALM, burning=4),
        DECLINED,
        Reason.SHADOW,
    ),
    "also where the policy names the workload": (
        policy(playbook="scale_oims.yml"),
        EPISODE,
        says(manager="the Kafka main"),
        DECLINED,
        Reason.MANAGED_ELSEWHERE,
    ),
}
