"""Emptying the spool of reports: in order, many at once, with growing pauses while the app is away."""

import json
import random
from collections.abc import Sequence

import requests
import structlog

from automation.bulk import BULK, Answer, answers, pack
from automation.clock import Clock
from automation.fit import forms
from automation.ledger import reports
from automation.ledger.database import Ledger
from automation.ledger.reports import Report
from automation.report import App, AppError
from contract import limits

LONGEST_DELAY = 60.0
ROUND_SECONDS = 5.0
MENDABLE = frozenset({401, 403, 404, 408, 425, 429})
"""4xx answers that a person or time can mend: a wrong token, an app of an older version, too much at once."""

log = structlog.get_logger()


class Reporter:
    """Tells the app what waits: together, as long as it takes that.

    What it refuses among others is told alone, in ever smaller forms. A batch that it never takes, although
    it answers the heartbeat, becomes smaller, down to one report, which then lets the others pass.
    """

    def __init__(self, app: App, ledger: Ledger, clock: Clock) -> None:
        self._app, self._ledger, self._clock = app, ledger, clock
        self._most = limits.REPORTS
        self._failures, self._resume_at = 0, 0.0

    def resume(self) -> None:
        """Wait no longer, since the app answers; what it did not take is sent again, less at once."""
        if self._failures:
            self._most = max(1, self._most // 2)
        self._resume_at = 0.0

    def send_due(self) -> None:
        """Send what is due, oldest first, for some seconds at most; stop when the app does not take it."""
        ends = self._clock.steady() + ROUND_SECONDS
        while self._resume_at <= self._clock.steady() < ends:
            waiting = reports.due(self._ledger, self._clock.steady())
            if not waiting:
                return
            batch = pack(waiting, self._most)
            if batch.body is None or self._most == 1:
                self._send_each(batch.reports)
            else:
                self._send_together(batch.reports, batch.body)

    def _send_together(self, sent: Sequence[Report], body: str) -> None:
        try:
            answer = self._app.post(BULK, body)
        except AppError as error:
            self._pause(f"no answer ({error})")
            return
        code = answer.status_code
        told = answers(answer.content) if code == requests.codes.ok else ()
        if told:
            self._failures, self._most = 0, min(limits.REPORTS, 2 * len(told))
            self._settle_all(sent, told)
        elif code == requests.codes.not_found or _is_refusal(code):
            # An app of an older version, or something among the reports for which it reads none of them.
            self._send_each(sent)
        else:
            self._pause(f"it answers {code}")

    def _settle_all(self, sent: Sequence[Report], told: Sequence[Answer]) -> None:
        """Settle those that were answered; the rest is still due."""
        refused: list[Report] = []
        with self._ledger.transaction(is_aside=True):
            for report, answer in zip(sent, told, strict=False):
                if _is_refusal(answer.status):
                    refused.append(report)
                else:
                    self._settle(report, answer.status)
        self._send_each(refused)

    def _send_each(self, sent: Sequence[Report]) -> None:
        """Send reports by a request each, as far as the app takes them."""
        for report in sent:
            try:
                answer = self._send(report)
            except AppError as error:
                problem = f"no answer ({error})"
                self._postpone(report, problem)
                self._pause(problem)
                return
            if not self._settle(report, answer.status_code, answer.text):
                self._pause(f"it answers {answer.status_code}")
                return
            self._failures, self._most = 0, max(2, self._most)

    def _send(self, report: Report) -> requests.Response:
        """Send a report, in ever smaller forms while the app refuses it: its end must not get lost.

        Raises AppError.
        """
        for number, body in enumerate(forms(json.loads(report.body))):
            answer = self._app.post(report.path, body)
            if not _is_refusal(answer.status_code):
                if number:
                    log.warning("report_shortened", path=report.path, subject=report.subject)
                break
        return answer

    def _settle(self, report: Report, code: int, text: str = "") -> bool:
        """Record what became of a report; say whether it is settled."""
        if requests.codes.ok <= code < requests.codes.multiple_choices:
            reports.delivered(self._ledger, report)
        elif _is_refusal(code):
            reason = f"{code}: {text[:500]}"
            reports.refused(self._ledger, report, reason)
            log.error("report_refused", path=report.path, subject=report.subject, answer=reason)
        else:
            self._postpone(report, f"it answers {code}")
            return False
        return True

    def _postpone(self, report: Report, reason: str) -> None:
        delay = _delay(report.tries)
        reports.retry_at(self._ledger, report, self._clock.steady() + delay)
        log.warning("report_not_delivered", path=report.path, reason=reason, retry_in_s=round(delay, 1))

    def _pause(self, reason: str) -> None:
        """Send nothing for a while."""
        delay = _delay(self._failures)
        self._failures += 1
        self._resume_at = self._clock.steady() + delay
        log.warning("reports_wait", reason=reason, retry_in_s=round(delay, 1))


def _delay(tries: int) -> float:
    return min(LONGEST_DELAY, 0.5 * 2.0 ** min(tries, 10)) * random.uniform(0.7, 1.0)  # noqa: S311 - jitter


def _is_refusal(code: int) -> bool:
    """Say whether the same again would be refused again."""
    return 400 <= code < 500 and code not in MENDABLE  # noqa: PLR2004 - client errors
