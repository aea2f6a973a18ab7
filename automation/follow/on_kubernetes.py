"""What needs the API of Kubernetes, whose client takes a second to import: only where it is used."""

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from automation.config import Settings
from automation.events.mutes import Mutes
from automation.follow.outside import Outside
from automation.lease.election import Election
from automation.policy.schemas import ROLLBACK, Policy

if TYPE_CHECKING:
    from automation.revisions import Revisions


def election(settings: Settings, changed: Callable[[], None]) -> Election:
    """Return the election of the Lease that the settings name."""
    from automation.lease.store import LeaseStore  # noqa: PLC0415

    identity = f"{settings.instance}-{settings.location}-{uuid.uuid4().hex[:8]}"
    return Election(LeaseStore(settings.lease, settings.lease_namespace), identity, changed)


def outside(settings: Settings) -> Outside:
    """Return who is asked before a run; where the targets are no workloads, no cluster is."""
    journal = str(settings.journal_url), settings.secret("journal_token"), settings.ca_file
    muted = Mutes(*journal).why
    if settings.inventory != "kubernetes":
        return Outside(muted)
    from automation.ownership import Ownership  # noqa: PLC0415
    from automation.rollout import Rollouts  # noqa: PLC0415

    return Outside(muted, Rollouts(), Ownership())


def revisions(settings: Settings, policy: Policy) -> "Revisions | None":
    """Return who notes the revisions that a rollback may choose; nobody where nothing is rolled back."""
    if settings.inventory != "kubernetes" or not any(ROLLBACK in one.playbooks for one in policy.remedies):
        return None
    from automation.revisions import Revisions  # noqa: PLC0415

    return Revisions(policy)
