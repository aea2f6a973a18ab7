"""`oims doctor`: a sound installation passes; each kind of damage is found by its own line alone."""

import shutil
import sqlite3

import psycopg
import pytest

from app.records.outbox import MailState
from cli.doctor.incidents import MAIL_STATES
from tests.automation.doubles import KEY
from tests.automation.installation import Installation, policy
from tests.doctor.checkup import doctor, failed, findings
from tests.doctor.damages import DAMAGES, FILES, damage
from tests.postgres import own_server
from tests.processes import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def live(installation, **settings):
    """Let an installation do what it does: repairs, refusals, an alert that ends, one that only lives."""
    installation.begin()
    for alert in ("Repairable", "Unknown", "Brief"):
        installation.deliver(alert)
    installation.deliver("Watchdog", severity="none")
    installation.eventually(
        lambda: installation.ledger_rows("SELECT 1 FROM runs WHERE state = 'succeeded' AND attempt > 0")
    )
    for alert in ("Repairable", "Brief"):
        installation.deliver(alert, "resolved")
    installation.eventually(lambda: not under_way(installation), nudge=False)


def under_way(installation):
    return [
        *installation.ledger_rows("SELECT id FROM runs WHERE state IN ('queued', 'running')"),
        *installation.ledger_rows("SELECT id FROM runs WHERE verification = 'pending'"),
        *installation.ledger_rows("SELECT id FROM reports"),
        *(
            {(6,)}
            - set(installation.ledger_rows("SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'offset'"))
        ),
    ]


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """The databases of an installation that was killed after it had worked."""
    folder = tmp_path_factory.mktemp("lived")
    installation = Installation(
        folder,
        policy({"alert": "Repairable"}),
        OIMS_SMTP_HOST="127.0.0.1",
        OIMS_SMTP_PORT=str(free_port()),
        OIMS_MAIL_TO="on-call@example.org",
    )
    try:
        live(installation)
        whole = [f"--{name}={folder / place}" for name, place in zip(FILES, PLACES, strict=True)]
        assert findings(*whole)["events-once"]["result"] == "ok", "read while it runs"
    finally:
        installation.close()
    copy = tmp_path_factory.mktemp("copy")
    for (_, file), place in zip(FILES.items(), PLACES, strict=True):
        with sqlite3.connect(folder / place) as source, sqlite3.connect(copy / file) as target:
            source.backup(target)
        source.close()
        target.close()
    shutil.copy(folder / "webhook.log", copy / "webhook.log")
    (copy / "key").write_text(f"{KEY}\n")
    return copy


PLACES = ("journal.db", "site.db", "state/ledger.db")


@pytest.fixture
def copies(lived, tmp_path):
    """Copies that a test may damage, and the arguments that name them."""
    for path in lived.iterdir():
        shutil.copy(path, tmp_path)
    return tmp_path


def named(folder):
    files = [f"--{name}={folder / file}" for name, file in FILES.items()]
    return [*files, f"--log={folder / 'webhook.log'}", f"--event-key-file={folder / 'key'}"]


@pytest.mark.fault("F32")
def test_a_sound_installation_passes_every_invariant(copies):
    status, text = doctor(*named(copies), "--at-rest")

    assert status == 0, text
    assert "FAILED" not in text
    assert "not checked" not in text
    assert all(one["checked"] > 0 for one in findings(*named(copies)).values()), text


@pytest.mark.fault("F32")
@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found_by_its_own_invariant_and_no_other(copies, name):
    part, change = DAMAGES[name]
    if callable(change):
        change(copies)
    else:
        damage(copies, part, *change)

    found = failed(*named(copies))

    assert set(found) == {name}, found
    assert found[name], "it names what is wrong"
    status, text = doctor(*named(copies))
    assert status == 1
    assert f"FAILED  {name} " in text
    assert "To do: " in text


def test_every_invariant_is_damaged_here(copies):
    by_hand = {"journal-file", "app-file", "ledger-file", "printed-lines"}
    assert set(findings(*named(copies))) == set(DAMAGES) | by_hand


@pytest.mark.parametrize(
    "forgery",
    [
        lambda text: text.replace('"sig":"hmac-sha256:', '"sig":"hmac-sha256:0'),
        lambda text: text.replace("Unknown", "Unheard"),
        lambda text: text + '{"kind":"alert","seq":1,"sig":"\\ud800"}\n',
    ],
    ids=["signature", "label", "no text"],
)
def test_a_forged_line_of_the_log_is_found(copies, forgery):
    log = copies / "webhook.log"
    log.write_text(forgery(log.read_text()))

    assert set(failed(*named(copies))) == {"printed-lines"}


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_said_without_a_traceback(copies, name):
    path = copies / FILES[name]
    whole = path.read_bytes()
    half = len(whole) // 2 // 4096 * 4096
    path.write_bytes(whole[:half] + b"\xff" * (len(whole) - half))

    status, text = doctor(*named(copies))
    assert status in {1, 2}
    assert f"FAILED  {name}-file" in text or f"the {name}: " in text
    assert "Traceback" not in text


def test_what_is_under_way_is_no_damage_unless_nothing_may_be(copies):
    damage(
        copies,
        "ledger",
        "INSERT INTO locks SELECT target, id FROM runs WHERE attempt = 1",
        "UPDATE runs SET state = 'running', verification = NULL, finished_steady = NULL WHERE attempt = 1",
    )

    found = findings(*named(copies))
    assert found["runs"]["result"] == "ok"
    assert found["runs"]["in_flight"] == 1
    assert set(failed(*named(copies), "--at-rest")) == {"runs"}


def test_without_a_database_its_invariants_are_not_checked_and_the_others_are(copies):
    status, text = doctor(f"--journal={copies / 'journal.db'}")
    assert status == 0
    assert "not checked: needs app" in text
    assert "ok      journal-numbers" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name at least one of --journal, --app and --ledger"),
        (["--journal=/nowhere/journal.db"], "the journal: there is no file /nowhere/journal.db"),
        (["--app=sqlite:////nowhere/site.db"], "the app: there is no file /nowhere/site.db"),
        (["--app=postgresql://nobody:secret@127.0.0.1:1/none"], "the app: PostgreSQL cannot be reached"),
        (["--ledger", __file__], "the ledger: "),
    ],
)
def test_what_cannot_be_read_is_named_and_ends_with_2(monkeypatch, arguments, words):
    for variable in ("OIMS_WEBHOOK_JOURNAL", "OIMS_DATABASE_URL", "OIMS_STATE_DIR"):
        monkeypatch.delenv(variable, raising=False)
    status, text = doctor(*arguments)
    assert status == 2
    assert words in text
    assert "secret" not in text


def test_nothing_is_written(copies):
    for path in copies.iterdir():
        path.chmod(0o400)
    before = {file: (copies / file).read_bytes() for file in FILES.values()}
    assert doctor(*named(copies))[0] == 0
    assert {file: (copies / file).read_bytes() for file in FILES.values()} == before


def test_it_knows_every_state_of_a_mail():
    assert {*MailState} == MAIL_STATES


@pytest.mark.fault("F32")
def test_databases_in_postgresql_are_judged_alike(copies):
    with own_server() as server:
        url = server.get_uri("postgres")
        for name in ("journal", "app"):
            in_postgres(url, name, copies / FILES[name])
        both = [f"--journal={url}", f"--app={url}", f"--ledger={copies / 'ledger.db'}"]
        assert failed(*both) == {}
        with psycopg.connect(url) as connection:
            connection.execute("DELETE FROM alert_events WHERE incident_id IS NULL")
        assert set(failed(*both)) == {"events-once"}


JSON_COLUMNS = {("timeline_events", "data"), ("audit_events", "data")}


def in_postgres(url, name, path):
    """Copy the tables that doctor reads, with the columns as they are in SQLite but for JSON."""
    with sqlite3.connect(path) as source, psycopg.connect(url) as target:
        tables = [row[0] for row in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            columns = [(row[1], row[2]) for row in source.execute(f"PRAGMA table_info({table})")]
            kinds = [
                "JSON" if (table, column) in JSON_COLUMNS else "BIGINT" if "INT" in kind else "TEXT"
                for column, kind in columns
            ]
            made = ", ".join(f'"{column}" {kind}' for (column, _), kind in zip(columns, kinds, strict=True))
            target.execute(f"CREATE TABLE {table} ({made})".encode())
            values = ", ".join(f"%s::text::{kind}" for kind in kinds)
            for row in source.execute(f"SELECT * FROM {table}"):  # noqa: S608
                target.execute(f"INSERT INTO {table} VALUES ({values})".encode(), row)  # noqa: S608
    source.close()
