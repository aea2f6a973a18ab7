"""What Alertmanager holds back: asked of the webhook just before a run, since no event tells of a silence."""

import time
from dataclasses import dataclass
from pathlib import Path

import requests
import structlog
from pydantic import BaseModel, Field, ValidationError

from contract.sessions import session

TIMEOUT = (2.0, 6.0)
FRESH = 2.0
"""Seconds for which an answer holds that lets a run begin."""
FRESH_WHILE_WAITING = 10.0
"""The same for one that holds a run back: its episode is looked at twice in a second. Also for none."""

log = structlog.get_logger()


class Silence(BaseModel):
    """Who silenced an alert, why, and until when."""

    created_by: str = ""
    comment: str = ""
    ends_at: str = ""


class Mute(BaseModel):
    """One alert that Alertmanager tells nobody about."""

    fingerprint: str
    silences: list[Silence] = Field(default_factory=list)
    inhibited_by: list[str] = Field(default_factory=list)
    muted_by: list[str] = Field(default_factory=list)

    @property
    def words(self) -> str:
        """Say in words what holds it back."""
        if self.silences:
            silence = self.silences[0]
            words = f"silenced in Alertmanager by {silence.created_by or 'somebody'} until {silence.ends_at}"
            return f"{words}: {silence.comment}" if silence.comment else words
        if self.inhibited_by:
            return "inhibited in Alertmanager by another alert"
        return f"muted in Alertmanager{' by ' + ', '.join(self.muted_by) if self.muted_by else ''}"


class _Answer(BaseModel):
    is_known: bool
    alerts: list[Mute]


@dataclass(frozen=True)
class _Heard:
    mutes: dict[str, Mute]
    at: float
    is_known: bool

    def is_fresh(self, fingerprint: str) -> bool:
        waits = fingerprint in self.mutes or not self.is_known
        return time.monotonic() - self.at < (FRESH_WHILE_WAITING if waits else FRESH)


class Mutes:
    """Asks the webhook. What nobody can say holds nothing back: the journal says that the alert fires."""

    def __init__(self, url: str, token: str, ca_file: Path | None = None) -> None:
        self._url = url.rstrip("/") + "/mutes"
        self._session = session(ca_file)
        self._session.trust_env = False  # a proxy or .netrc of the user must not see the token
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._heard = _Heard({}, float("-inf"), is_known=False)

    def why(self, fingerprint: str) -> str | None:
        """Return in words what holds an alert back now; none: nothing does, or nobody can say."""
        if not self._heard.is_fresh(fingerprint):
            self._heard = self._ask()
        mute = self._heard.mutes.get(fingerprint)
        return mute.words if mute else None

    def is_known(self) -> bool:
        """Ask whether anybody can say what is held back."""
        return self._ask().is_known

    def _ask(self) -> _Heard:
        try:
            answer = self._session.get(self._url, timeout=TIMEOUT, allow_redirects=False)
            found = _Answer.model_validate_json(answer.content)
        except (requests.RequestException, ValidationError) as error:
            log.warning("silences_unknown", reason=type(error).__name__)
            found = _Answer(is_known=False, alerts=[])
        mutes = {mute.fingerprint: mute for mute in found.alerts}
        return _Heard(mutes, time.monotonic(), found.is_known)
