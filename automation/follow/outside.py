"""What is asked before a run: what holds the alert back, whose workload it is about, how that one does."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from automation.answers import NoAnswerError
from automation.ledger.episodes import Episode
from automation.policy.match import InvalidTargetError, NamedObject, Owner, Target, named_object
from automation.policy.schemas import Remedy
from automation.policy.targets import OwnerOf
from automation.workload import Workload

QUIET = 5.0
"""Seconds for which what was not answered is not asked again: each question may take as long."""
EVERYTHING = ""


class Rollouts(Protocol):
    """Whoever looks at the rollouts of targets; see `automation.rollout`."""

    def problem(self, target: Mapping[str, str], /) -> str | None:
        """Say in words why a target cannot be taken for rolled out; none when it is."""

    def progress(self, target: Mapping[str, str], /) -> str | None:
        """Say in words what a run would disturb; none when nothing is under way, or nobody knows."""

    def workload(self, target: Mapping[str, str], /) -> Workload:
        """Return what a target says about itself, or why it could not be asked."""


class Ownership(Protocol):
    """Whoever finds the owners of objects; see `automation.ownership`."""

    def find(self, named: NamedObject, /) -> Owner:
        """Return the workload behind an object, or why there is none. Raises NoAnswerError."""


@dataclass(frozen=True)
class Answers:
    """What was heard just before a run."""

    muted: str | None = None
    """What holds the alert back in Alertmanager, in words."""
    progress: str | None = None
    """What of the target is coming up by itself, in words."""
    workload: Workload | None = None
    """What the target says about itself; none where the targets are no workloads of Kubernetes."""


class Outside:
    """Asks Alertmanager, by the webhook, and the cluster, where there is one."""

    def __init__(
        self,
        muted: Callable[[str], str | None] = lambda _: None,
        rollouts: Rollouts | None = None,
        ownership: Ownership | None = None,
    ) -> None:
        self.rollouts = rollouts
        self._muted, self._ownership = muted, ownership
        self._quiet_until: dict[str, float] = {}
        """Until when nothing is asked about an object; by EVERYTHING, about any."""

    def owner(self, remedy: Remedy, episode: Episode) -> Owner | None:
        """Return the workload that an alert is about, or why it is about none; none while nobody knows.

        A workload that was found stays: the pod that an alert names may be gone soon.
        """
        if not isinstance(remedy.target, OwnerOf) or self._ownership is None:
            return None
        try:
            named = named_object(remedy.target, episode.labels)
        except InvalidTargetError:
            return None  # deciding finds the same reason
        known = episode.owner
        if known and known.target and known.named == named.path:
            return known
        now = time.monotonic()
        if any(self._quiet_until.get(path, now) > now for path in (EVERYTHING, named.path)):
            return None
        try:
            return self._ownership.find(named)
        except NoAnswerError as error:
            self._quiet_until = {path: until for path, until in self._quiet_until.items() if until > now}
            self._quiet_until[EVERYTHING if error.is_away else named.path] = time.monotonic() + QUIET
            return None

    def ask(self, episode: Episode, target: Target, *, is_blind: bool) -> Answers:
        """Ask what a run depends on; when blind, the webhook does not answer and is not asked."""
        muted = None if is_blind else self._muted(episode.fingerprint)
        if self.rollouts is None:
            return Answers(muted)
        place = target.as_json()
        return Answers(muted, self.rollouts.progress(place), self.rollouts.workload(place))
