"""The journal's reader: `GET /events`, the one source of truth for alerts."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import requests
from pydantic import BaseModel, Field, ValidationError

from automation.events.schemas import Event
from contract.sessions import session
from contract.signing import is_genuine

CONNECT_TIMEOUT = 5.0
ANSWER_TIMEOUT = 10.0
PAGE = 500


class JournalError(Exception):
    """The journal could not be read; the text says why."""


class Page(BaseModel):
    """One answer of `GET /events`."""

    events: list[dict[str, Any]]
    last_seq: int = Field(ge=0)
    oldest_seq: int | None = None
    journal_id: str = ""
    watchdog_age_s: float | None = None


@dataclass(frozen=True)
class Batch:
    """Verified events after an offset, and where the journal stands."""

    events: list[Event]
    last_seq: int
    oldest_seq: int
    journal_id: str
    skew: float | None
    """Seconds that the journal's clock is ahead of ours."""
    time: datetime | None
    """The time of day by the journal's clock; none when it does not tell."""
    watchdog_age: float | None
    """Seconds since Prometheus last sent Alertmanager the alert that always fires; none: nobody can say."""


class Journal:
    """A client of one journal; every event it returns carries a genuine signature."""

    def __init__(self, url: str, token: str, key: bytes, ca_file: Path | None = None) -> None:
        self._url = url.rstrip("/") + "/events"
        self._key = key
        self._session = session(ca_file)
        self._session.trust_env = False  # a proxy or .netrc of the user must not see the token
        self._session.headers["Authorization"] = f"Bearer {token}"

    def read(self, after: int, wait: int) -> Batch:
        """Return the events after sequence number `after`, waiting up to `wait` seconds for the first.

        Raises JournalError when it cannot be reached, refuses, or sends what the webhook did not sign.
        """
        params = {"after": after, "limit": PAGE, "wait": wait}
        try:
            answer = self._session.get(
                self._url,
                params=params,
                timeout=(CONNECT_TIMEOUT, wait + ANSWER_TIMEOUT),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise JournalError(f"no answer ({type(error).__name__})") from None
        if answer.status_code in {401, 403}:
            raise JournalError(f"it answers {answer.status_code}: check OIMS_JOURNAL_TOKEN")
        if answer.status_code != requests.codes.ok:
            raise JournalError(f"it answers {answer.status_code}")
        try:
            page = Page.model_validate_json(answer.content)
        except ValidationError:
            raise JournalError("its answer is not a page of events: check OIMS_JOURNAL_URL") from None
        events = [self._verified(row) for row in page.events]
        oldest = page.oldest_seq if page.oldest_seq is not None else page.last_seq + 1
        return Batch(
            events, page.last_seq, oldest, page.journal_id, _skew(answer), _time(answer), page.watchdog_age_s
        )

    def _verified(self, row: dict[str, Any]) -> Event:
        """Stop at a row with a wrong signature: to skip it would lose an alert without a word."""
        if not is_genuine(row, self._key):
            raise JournalError(
                f"event {row.get('seq')!r} has no genuine signature: "
                "check that OIMS_EVENT_KEY is the webhook's"
            )
        try:
            return Event.model_validate(row)
        except ValidationError:
            raise JournalError(f"event {row.get('seq')!r} lacks a field this version needs") from None


def _skew(answer: requests.Response) -> float | None:
    theirs = _time(answer)
    return (theirs - datetime.now(UTC)).total_seconds() if theirs else None


def _time(answer: requests.Response) -> datetime | None:
    try:
        return parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError, OverflowError):
        return None
