"""What a workload's team, and its other controllers, have to say about a run."""

from automation.decide.case import Case, Obstacle
from automation.policy.targets import OwnerOf
from automation.workload import REMEDIES, Workload, action
from contract.decisions import Reason

REVERTED = frozenset({"rollback", "scale"})
"""Actions that change what a GitOps controller or an operator compares with its source."""


def not_allowed(case: Case) -> Obstacle | None:
    """Keep to the remedies that a workload's team allows; `none` always wins."""
    workload, target = case.now.workload, case.remedy.target
    if workload is None or (workload.problem and not workload.is_missing):
        return None
    if workload.is_missing or _is_another(case, workload):
        detail = f"{case.target} does not exist."
        return Obstacle(Reason.INVALID_TARGET, detail, escalate=case.episode.is_firing)
    is_named = not isinstance(target, OwnerOf) or target.workloads is not None
    if workload.allows(case.remedy.playbook, is_named=is_named):
        return None
    wanted = action(case.remedy.playbook)
    if workload.remedies is None:
        detail = (
            f"{case.target} has no annotation {REMEDIES}: its team allows {wanted} by it, or the policy "
            "names it in workloads."
        )
    else:
        said = ", ".join(sorted(workload.remedies)) or "nothing that can be read"
        detail = f"{case.target} allows {said} in {REMEDIES}, not {wanted}."
    return Obstacle(Reason.INVALID_TARGET, detail, escalate=case.episode.is_firing)


def managed_elsewhere(case: Case) -> Obstacle | None:
    """Leave alone what another controller would change back at once."""
    workload, wanted = case.now.workload, action(case.remedy.playbook)
    if workload is None or workload.manager is None or wanted not in REVERTED:
        return None
    detail = f"{workload.manager} manages {case.target} and would revert this {wanted}: change it there."
    return Obstacle(Reason.MANAGED_ELSEWHERE, detail, escalate=case.episode.is_firing)


def unknown_workload(case: Case) -> Obstacle | None:
    """Wait for the cluster's answer where a run needs the consent that it holds."""
    workload = case.now.workload
    if workload is None or workload.problem is None:
        return None
    detail = f"Whether {case.target} allows {action(case.remedy.playbook)} is not known: {workload.problem}."
    return Obstacle(Reason.TARGET_UNKNOWN, detail)


def _is_another(case: Case, workload: Workload) -> bool:
    """Say whether the workload that was found has been replaced by one of its name."""
    owner = case.episode.owner
    if not isinstance(case.remedy.target, OwnerOf) or owner is None or owner.uid is None:
        return False
    return workload.uid is not None and workload.uid != owner.uid
