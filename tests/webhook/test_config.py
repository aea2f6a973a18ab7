import os

import psycopg
import pytest

from tests.processes import run
from tests.waiting import until
from tests.webhook.process import KEY, READER, WRITER, alert, message

GOOD = {
    "OIMS_WEBHOOK_TOKEN": WRITER,
    "OIMS_WEBHOOK_READER_TOKEN": READER,
    "OIMS_EVENT_KEY": KEY,
}

WRONG = {
    "no token": ({"OIMS_WEBHOOK_TOKEN": None}, "OIMS_WEBHOOK_TOKEN: is not set; set OIMS_WEBHOOK_TOKEN_FILE"),
    "an empty token": ({"OIMS_WEBHOOK_TOKEN": ""}, "OIMS_WEBHOOK_TOKEN: is not set"),
    "no reader's token": ({"OIMS_WEBHOOK_READER_TOKEN": None}, "OIMS_WEBHOOK_READER_TOKEN: is not set"),
    "no key": ({"OIMS_EVENT_KEY": None}, "OIMS_EVENT_KEY: is not set"),
    "a short key": ({"OIMS_EVENT_KEY": "short"}, "OIMS_EVENT_KEY: holds 5 characters, at least 16"),
    "both kinds of a secret": (
        {"OIMS_EVENT_KEY_FILE": "/x"},
        "OIMS_EVENT_KEY and OIMS_EVENT_KEY_FILE are both set",
    ),
    "no such file": (
        {"OIMS_EVENT_KEY": None, "OIMS_EVENT_KEY_FILE": "/nowhere/key"},
        "OIMS_EVENT_KEY_FILE: cannot read /nowhere/key: No such file",
    ),
    "the same token twice": ({"OIMS_WEBHOOK_READER_TOKEN": WRITER}, "OIMS_WEBHOOK_READER_TOKEN: is the same"),
    "no port": ({"OIMS_WEBHOOK_BIND": "localhost"}, "OIMS_WEBHOOK_BIND: is not an address"),
    "a port too high": ({"OIMS_WEBHOOK_BIND": "0.0.0.0:70000"}, "OIMS_WEBHOOK_BIND: is not an address"),
    "no unit": ({"OIMS_HEARTBEAT_INTERVAL": "15"}, "OIMS_HEARTBEAT_INTERVAL: is not a duration"),
    "too rare a heartbeat": ({"OIMS_HEARTBEAT_INTERVAL": "1h"}, "OIMS_HEARTBEAT_INTERVAL:"),
    "no size": ({"OIMS_WEBHOOK_RETENTION_SIZE": "big"}, "OIMS_WEBHOOK_RETENTION_SIZE: is not a size"),
    "no URL": ({"OIMS_ALERTMANAGER_URL": "alertmanager:9093"}, "OIMS_ALERTMANAGER_URL: is not an http"),
    "a name for Alertmanager without a password": (
        {"OIMS_ALERTMANAGER_URL": "http://127.0.0.1:1", "OIMS_ALERTMANAGER_USERNAME": "oims"},
        "OIMS_ALERTMANAGER_USERNAME and OIMS_ALERTMANAGER_PASSWORD_FILE: set both or none",
    ),
    "a name in Alertmanager's address without a password": (
        {"OIMS_ALERTMANAGER_URL": "http://oims@127.0.0.1:1"},
        "OIMS_ALERTMANAGER_URL: has a name or a password alone",
    ),
    "two ways to log in to Alertmanager": (
        {"OIMS_ALERTMANAGER_URL": "http://oims:x@127.0.0.1:1", "OIMS_ALERTMANAGER_TOKEN": "x"},
        "OIMS_ALERTMANAGER_URL: log in one way",
    ),
    "a token for no Alertmanager": ({"OIMS_ALERTMANAGER_TOKEN": "x"}, "OIMS_ALERTMANAGER_URL: is needed"),
    "an Alertmanager that does not answer": (
        {"OIMS_ALERTMANAGER_URL": "http://127.0.0.1:1"},
        "OIMS_ALERTMANAGER_URL: Alertmanager can't be asked",
    ),
    "no level": ({"OIMS_LOG_LEVEL": "LOUD"}, "OIMS_LOG_LEVEL:"),
    "a folder as journal": ({"OIMS_WEBHOOK_JOURNAL": "/"}, "OIMS_WEBHOOK_JOURNAL: cannot write /"),
    "a journal below a file": (
        {"OIMS_WEBHOOK_JOURNAL": "/etc/hostname/x.db"},
        "OIMS_WEBHOOK_JOURNAL: cannot make",
    ),
    "the journal's place twice": (
        {"OIMS_WEBHOOK_JOURNAL_FILE": "/x"},
        "OIMS_WEBHOOK_JOURNAL and OIMS_WEBHOOK_JOURNAL_FILE are both set; keep one of them",
    ),
    "no such file with the journal's place": (
        {"OIMS_WEBHOOK_JOURNAL": None, "OIMS_WEBHOOK_JOURNAL_FILE": "/nowhere/url"},
        "OIMS_WEBHOOK_JOURNAL_FILE: cannot read /nowhere/url: No such file",
    ),
    "an empty file with the journal's place": (
        {"OIMS_WEBHOOK_JOURNAL": None, "OIMS_WEBHOOK_JOURNAL_FILE": os.devnull},
        "OIMS_WEBHOOK_JOURNAL_FILE: is empty",
    ),
}


def start(folder, **changes):
    settings = GOOD | {"OIMS_WEBHOOK_JOURNAL": str(folder / "new" / "journal.db")} | changes
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OIMS_")}
    environment |= {k: v for k, v in settings.items() if v is not None}
    return run("webhook", "--check", env=environment)


@pytest.mark.parametrize(("changes", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_setting_stops_the_start_and_is_named(tmp_path, changes, message):
    result = start(tmp_path, **changes)

    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    for secret in GOOD.values():
        assert secret not in result.stderr


def test_all_wrong_settings_are_named_at_once(tmp_path):
    result = start(tmp_path, OIMS_WEBHOOK_BIND="x", OIMS_LOG_LEVEL="y")

    assert "OIMS_WEBHOOK_BIND" in result.stderr
    assert "OIMS_LOG_LEVEL" in result.stderr


def test_all_secrets_that_cannot_be_had_are_named_at_once(tmp_path):
    result = start(tmp_path, OIMS_WEBHOOK_TOKEN=None, OIMS_WEBHOOK_READER_TOKEN="short", OIMS_EVENT_KEY=None)

    said = result.stderr.splitlines()
    assert [line.partition(":")[0] for line in said[1:]] == list(GOOD)


def test_right_settings_pass_and_the_journals_folder_is_made(tmp_path):
    result = start(tmp_path)

    assert (result.returncode, result.stderr) == (0, "The settings are right.\n")
    assert (tmp_path / "new").is_dir()


def test_a_port_that_is_taken_ends_the_start_with_its_name(new_webhook):
    first = new_webhook().start()

    second = new_webhook(OIMS_WEBHOOK_BIND=f"127.0.0.1:{first.port}")
    second.port = first.port
    result = run("webhook", env=os.environ | second.settings)

    assert result.returncode != 0
    assert f"127.0.0.1:{first.port}" in result.stderr.replace("'", "").replace(", ", ":")


def test_tokens_and_the_key_are_read_again_when_their_files_change(new_webhook, tmp_path):
    """The way Kubernetes replaces a mounted Secret: a symbolic link is moved to a new folder."""
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    (tmp_path / "old" / "token").write_text(f"{WRITER}\n")
    (tmp_path / "new" / "token").write_text("another-token-of-a-test\n")
    (tmp_path / "data").symlink_to("old")
    webhook = new_webhook(
        OIMS_WEBHOOK_TOKEN=None, OIMS_WEBHOOK_TOKEN_FILE=str(tmp_path / "data" / "token")
    ).start()
    assert webhook.post(message(alert("Before"))).status == 200

    (tmp_path / "link").symlink_to("new")
    (tmp_path / "link").rename(tmp_path / "data")

    assert webhook.post(message(alert("Old"))).status == 401
    assert webhook.post(message(alert("New")), token="another-token-of-a-test").status == 200


@pytest.mark.parametrize("content", ["", "short", None])
def test_a_secret_whose_file_becomes_unusable_stays_as_it_was(new_webhook, tmp_path, content):
    path = tmp_path / "token"
    path.write_text(WRITER)
    webhook = new_webhook(OIMS_WEBHOOK_TOKEN=None, OIMS_WEBHOOK_TOKEN_FILE=str(path)).start()

    if content is None:
        path.unlink()
    else:
        path.write_text(content)

    assert webhook.post(message(alert())).status == 200
    assert webhook.post(message(alert()), token=content or "x").status == 401
    until(lambda: "credential_kept" in webhook.errors.read_text())


def test_the_journals_address_comes_from_a_file_and_a_changed_one_needs_no_restart(
    new_webhook, new_postgres, postgres_url, tmp_path
):
    place, url = tmp_path / "url", new_postgres()
    with psycopg.connect(postgres_url, autocommit=True) as database:
        database.execute("CREATE ROLE first SUPERUSER LOGIN; CREATE ROLE second SUPERUSER LOGIN")
        place.write_text(f"{url}&user=first\n")
        webhook = new_webhook(OIMS_WEBHOOK_JOURNAL=None, OIMS_WEBHOOK_JOURNAL_FILE=str(place)).start()
        assert webhook.post(message(alert("Before"))).status == 200

        database.execute("ALTER ROLE first NOLOGIN")
        database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'first'")
        place.write_text(f"{url}&user=second\n")

        until(lambda: webhook.post(message(alert("After"))).status == 200)
        assert database.execute("SELECT 1 FROM pg_stat_activity WHERE usename = 'second'").fetchone()
