"""`check`: see whether everything is in place for a follower to do its work."""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from automation.cli.table import show
from automation.clock import SystemClock
from automation.config import Settings, load_settings
from automation.errors import AutomationError, ConfigurationError
from automation.events.journal import Journal, JournalError
from automation.events.mutes import Mutes
from automation.follow.state import prepare
from automation.ledger.database import FILE
from automation.ledger.health import problems
from automation.logs import configure_logging
from automation.policy.folder import Folder
from automation.policy.load import load_policy
from automation.policy.schemas import Policy
from automation.report import App, AppError
from automation.run.executor import ansible, ansible_environment
from automation.token import TokenEnd, Validity
from contract.moments import rfc3339

SKEW_LIMIT = 30.0
SYNTAX_TIMEOUT = 60


@dataclass(frozen=True)
class Result:
    """The outcome of one check; `ok` is None where it could not be made."""

    name: str
    ok: bool | None
    detail: str


def passed(name: str, detail: str) -> Result:
    """Return the outcome of a check that went well."""
    return Result(name, ok=True, detail=detail)


def failed(name: str, detail: str) -> Result:
    """Return the outcome of a check that found something to mend."""
    return Result(name, ok=False, detail=detail)


def skipped(name: str, detail: str) -> Result:
    """Return the outcome of a check that could not be made."""
    return Result(name, ok=None, detail=detail)


def check(_arguments: argparse.Namespace) -> int:
    """Make all checks and print them; returns 1 when one failed."""
    configure_logging("error")
    results = list(_results())
    words = {True: "ok", False: "FAILED", None: "skipped"}
    rows = [(result.name, words[result.ok], result.detail) for result in results]
    sys.stdout.write(show(("check", "result", "detail"), rows))
    return 1 if any(result.ok is False for result in results) else 0


def _results() -> Iterator[Result]:
    try:
        settings = load_settings()
    except ConfigurationError as error:
        yield from _each("settings", error)
        return
    yield passed("settings", "all set")
    yield _state_directory(settings)
    yield from _ledger(settings.state_dir / FILE)
    try:
        folder = Folder(settings)
    except ConfigurationError as error:
        yield from _each("playbooks folder", error)
        yield skipped("playbooks", "nothing of the folder is read by Ansible before it is in order")
    else:
        yield from _remedies(settings, folder)
    yield _token(settings)
    yield from _journal(settings)
    yield from _app(settings)


def _remedies(settings: Settings, folder: Folder) -> Iterator[Result]:
    """Check what the folder holds; Ansible sees a copy of it, and only after policy and digests fit."""
    signed = "signed" if settings.allowed_signers_file else "not asked to be signed"
    yield passed("playbooks folder", f"{settings.playbooks}, only its owner can change it, {signed}")
    try:
        policy = load_policy(settings.policy_file, settings.playbooks)
    except ConfigurationError as error:
        yield from _each("policy", error)
    else:
        yield passed("policy", f"{len(policy.remedies)} remedies in {settings.policy_file}")
        if any(remedy.sha256 for remedy in policy.remedies):
            pinned = "sha256 covers the playbook alone; use digest (`python -m automation digest`)"
            yield skipped("deprecated", pinned)
        yield from _ansible_checks(settings, folder, policy)
        yield from _permissions(settings, policy)


def _ansible_checks(settings: Settings, folder: Folder, policy: Policy) -> Iterator[Result]:
    with tempfile.TemporaryDirectory(prefix="oims-check-") as parent:
        copy = Path(parent, "playbooks")
        try:
            folder.copy_to(copy, folder.at_start.digest)
        except ConfigurationError as error:
            yield from _each("playbooks folder", error)
            return
        yield from _playbooks(settings, copy, policy)
        yield _inventory(settings, copy)


def _each(name: str, error: AutomationError) -> Iterator[Result]:
    for line in str(error).splitlines():
        yield failed(name, line)


def _state_directory(settings: Settings) -> Result:
    try:
        prepare(settings.state_dir)
    except ConfigurationError as error:
        return failed("state directory", str(error))
    return passed("state directory", f"{settings.state_dir}, only its owner can read it")


def _ledger(path: Path) -> Iterator[Result]:
    if not path.exists():
        yield skipped("ledger", "there is none yet")
        return
    found = problems(path)
    for problem in found:
        yield failed("ledger", f"{path}: {problem}; see `python -m automation ledger check`")
    if not found:
        yield passed("ledger", f"{path} is whole")


def _playbooks(settings: Settings, copy: Path, policy: Policy) -> Iterator[Result]:
    named = ((*remedy.playbooks, remedy.diagnostics_playbook) for remedy in policy.remedies)
    for name in sorted({name for names in named for name in names if name}):
        problem = _ansible(
            copy, "ansible-playbook", "-i", f"inventories/{settings.inventory}", "--syntax-check", name
        )
        yield (
            failed(f"playbook {name}", problem) if problem else passed(f"playbook {name}", "syntax is right")
        )


def _inventory(settings: Settings, copy: Path) -> Result:
    problem = _ansible(copy, "ansible-inventory", "-i", f"inventories/{settings.inventory}", "--list")
    name = f"inventory {settings.inventory}"
    return failed(name, problem) if problem else passed(name, "can be read")


def _ansible(copy: Path, program: str, *words: str) -> str | None:
    """Run an Ansible program; return its last words when it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - a list, no shell; the names come from the checked policy
            [ansible(program), *words],
            cwd=copy,
            env=ansible_environment(copy),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SYNTAX_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{program} cannot be run ({type(error).__name__}); install the group ansible"
    if done.returncode == 0:
        return None
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return " ".join(lines)[:300] or f"exit status {done.returncode}"


def _permissions(settings: Settings, policy: Policy) -> Iterator[Result]:
    if settings.inventory != "kubernetes":
        yield skipped("permissions", "the inventory is not kubernetes")
        return
    from automation.cli.permissions import missing_permissions  # noqa: PLC0415 - takes a second to import

    try:
        missing = missing_permissions(policy, settings)
    except ConnectionError as error:
        yield failed("permissions", str(error))
        return
    for line in missing:
        yield failed("permissions", line)
    if not missing:
        yield passed("permissions", "all that the policy's playbooks need")


def _token(settings: Settings) -> Result:
    if settings.token_end_file is None:
        return skipped("token", "OIMS_TOKEN_END_FILE is not set: no warning before it ends")
    validity, ends = TokenEnd(settings.token_end_file, SystemClock(None)).read()
    when = f", at {rfc3339(ends)}" if ends else f": {settings.token_end_file} cannot be read"
    if validity is Validity.VALID:
        return passed("token", f"{validity}{when}")
    return failed("token", f"{validity}{when}; run scripts/host_setup.sh --renew, and look at its timer")


def _journal(settings: Settings) -> Iterator[Result]:
    key = settings.secret("event_key").encode()
    journal = Journal(str(settings.journal_url), settings.secret("journal_token"), key, settings.ca_file)
    try:
        first = journal.read(0, 0)
        batch = journal.read(max(0, first.last_seq - 1), 0)
    except JournalError as error:
        yield failed("journal", f"{settings.journal_url}: {error}")
        return
    signed = "its last event is signed with our key" if batch.events else "it is empty: the key is not tested"
    yield passed("journal", f"{settings.journal_url}: at {batch.last_seq}, {signed}")
    yield _skew("journal", batch.skew)
    yield from _signals(settings, batch.watchdog_age)


def _signals(settings: Settings, watchdog_age: float | None) -> Iterator[Result]:
    """Say whether a silence holds runs back, and whether a verdict can tell that metrics are missing."""
    silences = Mutes(str(settings.journal_url), settings.secret("journal_token"), settings.ca_file)
    if silences.is_known():
        yield passed("silences", "the webhook knows what Alertmanager holds back")
    else:
        unknown = "the webhook cannot say: a silence holds no run back; set OIMS_ALERTMANAGER_URL there"
        yield skipped("silences", unknown)
    limit = settings.signal_timeout.total_seconds()
    if watchdog_age is None:
        yield skipped(
            "signs of Prometheus", "no alert Watchdog that always fires: verdicts rest on the journal"
        )
    else:
        detail = f"last heard {watchdog_age:.0f} s ago"
        yield Result("signs of Prometheus", ok=watchdog_age <= limit, detail=detail)


def _app(settings: Settings) -> Iterator[Result]:
    url = str(settings.app_url).rstrip("/")
    try:
        answer = App(url, settings.secret("app_token"), settings.ca_file).get("/healthz", {}, 0)
    except AppError as error:
        yield failed("app", f"{url}: {error}; reports would wait")
        return
    yield Result("app", ok=answer.ok, detail=f"{url}: answers {answer.status_code}")
    try:
        theirs = parsedate_to_datetime(answer.headers["Date"])
        yield _skew("app", (theirs - datetime.now(UTC)).total_seconds())
    except (KeyError, ValueError):
        yield _skew("app", None)


def _skew(name: str, seconds: float | None) -> Result:
    if seconds is None:
        return skipped(f"clock of the {name}", "it does not tell its time")
    detail = f"{abs(seconds):.0f} s apart from ours"
    return Result(f"clock of the {name}", ok=abs(seconds) <= SKEW_LIMIT, detail=detail)
