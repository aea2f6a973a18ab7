"""What needs the API of Kubernetes, whose client takes a second to import: only where it is used."""

import uuid
from collections.abc import Callable

from automation.config import Settings
from automation.lease.election import Election


def election(settings: Settings, changed: Callable[[], None]) -> Election:
    """Return the election of the Lease that the settings name."""
    from automation.lease.store import LeaseStore  # noqa: PLC0415

    identity = f"{settings.instance}-{settings.location}-{uuid.uuid4().hex[:8]}"
    return Election(LeaseStore(settings.lease, settings.lease_namespace), identity, changed)


def rollout(settings: Settings) -> Callable[[dict[str, str]], str | None] | None:
    """Return who asks whether a target is rolled out; nobody where the targets are no workloads."""
    if settings.inventory != "kubernetes":
        return None
    from automation.rollout import Rollouts  # noqa: PLC0415

    return Rollouts().problem
