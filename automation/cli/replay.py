"""`replay`: decide recorded alerts again, by the policy as it is now, without acting."""

import argparse
import json
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from automation.cli.follow import load_checked_policy
from automation.cli.table import show
from automation.clock import parse_time
from automation.config import Settings, load_settings
from automation.errors import ConfigurationError, JournalUnreachableError
from automation.events.journal import Journal, JournalError
from automation.events.lines import LineReader
from automation.events.schemas import Event
from automation.follow.engine import Engine
from automation.ledger import runs
from automation.ledger.database import Ledger
from automation.ledger.episodes import get_episode, take_in
from automation.ledger.health import migrate
from automation.logs import configure_logging
from automation.policy.schemas import Policy
from contract import durations
from contract.runs import RunState

STEP = 30.0
"""Seconds between two looks at what waits, while something waits."""


class RecordedClock:
    """Both clocks follow the recorded events."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def wall(self) -> datetime:
        """Return the time of day, UTC."""
        return self.moment

    def steady(self) -> float:
        """Return seconds that only grow."""
        return self.moment.timestamp()


def replay(arguments: argparse.Namespace) -> int:
    """Decide again about all alerts since a time and print what would have happened.

    Raises ConfigurationError when the time can't be read.
    """
    try:
        seconds = durations.read(arguments.since)
    except ValueError as error:
        raise ConfigurationError(f"--since: {arguments.since!r} {error}") from None
    settings = load_settings()
    configure_logging("warning")
    policy = load_checked_policy(settings)
    recorded = _from_file(settings, arguments.events) if arguments.events else _from_journal(settings)
    begin = datetime.now(UTC) - timedelta(seconds=seconds)
    events = [event for event in recorded if parse_time(event.received_at) >= begin]
    with closing(decide_again(events, policy)) as ledger:
        outcomes, shadows = _outcomes(ledger), shadow_counts(ledger)
    sys.stdout.write(f"{len(events)} events since {begin:%Y-%m-%d %H:%M} UTC\n\n")
    sys.stdout.write(show(("remedy", "alert", "outcome", "episodes"), outcomes))
    rows = [(name, count, cleared) for name, (count, cleared) in shadows.items()]
    if rows:
        heading = ("shadow remedy", "would have run", "cleared by itself meanwhile")
        sys.stdout.write("\n" + show(heading, rows))
    return 0


def decide_again(events: list[Event], policy: Policy) -> Ledger:
    """Return a ledger in memory, to be closed, with the decisions that a policy makes about recorded events.

    A run counts as done at once, and what the alert did then is what was recorded.
    """
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    ledger = Ledger(connection)
    clock = RecordedClock(datetime.fromtimestamp(0, UTC))
    engine = Engine(policy, ledger, clock, lambda: None, lambda: "")
    for event in events:
        moment = parse_time(event.received_at)
        _pass_time(engine, ledger, clock, moment)
        clock.moment = max(clock.moment, moment)
        take_in(ledger, [event], clock.steady())
        _look(engine, ledger, clock)
    if events:
        _pass_time(engine, ledger, clock, clock.moment + timedelta(hours=1))
    return ledger


def shadow_counts(ledger: Ledger) -> dict[str, tuple[int, int]]:
    """Return for each shadow remedy how often it would have run, and how often the alert just cleared."""
    counts: dict[str, tuple[int, int]] = {}
    for row in ledger.rows("SELECT episode, document FROM decisions WHERE reason = 'shadow'"):
        document = json.loads(row["document"])
        shadow, episode = document["shadow"], get_episode(ledger, row["episode"])
        within = timedelta(seconds=shadow["verify_within_s"])
        cleared = episode.resolved_at is not None and (
            parse_time(episode.resolved_at) <= parse_time(shadow["would_run_at"]) + within
        )
        done, gone = counts.get(document["remedy"], (0, 0))
        counts[document["remedy"]] = done + 1, gone + cleared
    return counts


def _pass_time(engine: Engine, ledger: Ledger, clock: RecordedClock, until: datetime) -> None:
    """Look again and again up to a time, as long as something waits for a look."""
    waiting = (
        "SELECT 1 FROM decisions WHERE current = 1 AND decision = 'deferred'"
        " UNION ALL SELECT 1 FROM runs WHERE verification = 'pending'"
    )
    while ledger.rows(waiting) and (following := clock.moment + timedelta(seconds=STEP)) < until:
        clock.moment = following
        _look(engine, ledger, clock)


def _look(engine: Engine, ledger: Ledger, clock: RecordedClock) -> None:
    engine.verdicts.settle(clock.steady())
    engine.decide_all(clock.steady())
    for run in runs.in_state(ledger, RunState.QUEUED):
        runs.finish(ledger, run.id, RunState.SUCCEEDED, clock)


def _outcomes(ledger: Ledger) -> list[tuple[str, str, str, int]]:
    """Count each outcome that episodes had on their way, by remedy and alert."""
    found: Counter[tuple[str, str, str]] = Counter()
    query = """
        SELECT DISTINCT d.episode, d.remedy, d.decision, d.reason, e.alertname
        FROM decisions d JOIN episodes e ON e.id = d.episode
    """
    for row in ledger.rows(query):
        outcome = row["decision"] if row["reason"] is None else f"{row['decision']}: {row['reason']}"
        found[row["remedy"] or "", row["alertname"], outcome] += 1
    return [(*key, count) for key, count in sorted(found.items())]


def _from_journal(settings: Settings) -> list[Event]:
    key = settings.secret("event_key").encode()
    journal = Journal(str(settings.journal_url), settings.secret("journal_token"), key, settings.ca_file)
    events: list[Event] = []
    try:
        while (batch := journal.read(events[-1].seq if events else 0, 0)).events:
            events += batch.events
    except JournalError as error:
        raise JournalUnreachableError(
            f"the journal at {settings.journal_url} cannot be read: {error}"
        ) from None
    return events


def _from_file(settings: Settings, path: str) -> Iterator[Event]:
    """Read the signed lines of the webhook's log, or the rows of its journal, one a line."""
    reader = LineReader(settings.secret("event_key").encode())
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"{path}: cannot be read as text") from None
    found = {event.seq: event for line in lines if isinstance(event := reader.read(line), Event)}
    if refused := reader.counts["bad_signature"] + reader.counts["unsigned"]:
        raise ConfigurationError(f"{path}: {refused} events are not signed with OIMS_EVENT_KEY")
    return (found[seq] for seq in sorted(found))
