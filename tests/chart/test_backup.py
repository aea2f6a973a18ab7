"""Backups by the chart's CronJob: what it renders, and its scripts on real databases."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from tests.chart.rendering import CHART, containers, documents, named, refusal
from tests.postgres import own_server
from tests.processes import run

SCRIPTS = CHART / "files/backup"
CLAIM = ("backup.enabled=true", "backup.existingClaim=backups")
SQLITE = "database.sqlite.persistence"


def pod_spec(spec):
    return {"spec": spec}


def job(objects, step):
    cron = named(objects, "CronJob", f"oims-{step}")["spec"]
    return cron, cron["jobTemplate"]["spec"]["template"]["spec"]


@pytest.mark.parametrize("step", ["backup", "restore"])
def test_a_job_for_a_file_goes_where_the_app_is_and_mounts_its_claim_and_settings(step):
    objects = documents("existing-claim")
    cron, pod = job(objects, step)
    assert cron["suspend"] is (step == "restore")
    assert cron["concurrencyPolicy"] == "Forbid"
    (near,) = pod["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    app = named(objects, "Deployment", "oims-app")["spec"]["template"]
    assert near["labelSelector"]["matchLabels"].items() <= app["metadata"]["labels"].items()
    volumes = {item["name"]: item for item in pod["volumes"]}
    assert volumes["data"] == next(item for item in app["spec"]["volumes"] if item["name"] == "data")
    assert volumes["backups"] == {"name": "backups", "persistentVolumeClaim": {"claimName": "backups"}}
    (container,) = pod["containers"]
    web = app["spec"]["containers"][0]
    assert container["image"] == web["image"]
    settings = {item["name"]: item.get("value") for item in container["env"]}
    assert settings.pop("OIMS_BACKUPS_KEPT") == "14"
    assert settings == {item["name"]: item.get("value") for item in web["env"]}
    assert named(objects, "NetworkPolicy", f"oims-{step}")["spec"]["egress"] == []


@pytest.mark.parametrize("step", ["backup", "restore"])
def test_a_job_for_a_server_reaches_it_from_anywhere_and_sees_no_other_secret(step):
    objects = documents("everything")
    cron, pod = job(objects, step)
    assert cron["timeZone"] == "Europe/Berlin"
    assert "affinity" not in pod
    assert pod["priorityClassName"] == "important"
    secrets = {item["secret"]["secretName"] for item in pod["volumes"] if "secret" in item}
    assert secrets == {"oims-postgres", "bucket"}
    (container,) = [item for item in containers(pod_spec(pod)) if item["name"] == step]
    assert "postgres:" in container["image"]
    assert "s3" not in {mount["name"] for mount in container["volumeMounts"]}
    server = named(objects, "NetworkPolicy", "oims-postgres")["spec"]["ingress"][0]["from"]
    let_in = {peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for peer in server}
    assert let_in == {"app", "webhook", "backup", "restore"}
    egress = named(objects, "NetworkPolicy", f"oims-{step}")["spec"]["egress"]
    assert [port["port"] for rule in egress for port in rule["ports"]] == [53, 53, 5432, 9000]


S3 = ("backup.enabled=true", "backup.s3.endpoint=https://s3.example.org")
REST = ("backup.s3.bucket=bucket", "backup.s3.existingSecret=keys", "backup.s3.prefix=oims/")


@pytest.mark.parametrize(
    ("step", "order"), [("backup", ["backup", "send"]), ("restore", ["fetch", "restore"])]
)
@pytest.mark.parametrize("kind", ["default", "postgres-bundled"])
def test_a_bucket_takes_the_place_of_a_claim(kind, step, order):
    objects = documents(kind, sets=(*S3, *REST))
    _, pod = job(objects, step)
    assert [item["name"] for item in containers(pod_spec(pod))] == order
    assert {"name": "backups", "emptyDir": {}} in pod["volumes"]
    (carrier,) = [item for item in containers(pod_spec(pod)) if item["name"] in {"send", "fetch"}]
    ending = "db" if kind == "default" else "sql.gz"
    assert {"--bucket=bucket", "--prefix=oims/", "--keep=14", f"--ending={ending}"} <= set(carrier["args"])
    assert carrier["image"].endswith("oims-app:" + carrier["image"].rpartition(":")[2])
    assert {mount["name"] for mount in carrier["volumeMounts"]} == {"backups", "s3"}
    assert "env" not in carrier
    egress = named(objects, "NetworkPolicy", f"oims-{step}")["spec"]["egress"]
    ports = [port["port"] for rule in egress for port in rule["ports"]]
    assert ports == [53, 53, *([5432] if kind != "default" else []), 443]


def test_a_bucket_beside_a_claim_is_another_copy():
    _, pod = job(documents("default", sets=(*CLAIM, *S3, *REST)), "backup")
    assert {"name": "backups", "persistentVolumeClaim": {"claimName": "backups"}} in pod["volumes"]


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        (S3, "set backup.s3.bucket, and backup.s3.existingSecret"),
        (CLAIM[:1], "make a claim, and set backup.existingClaim"),
        ((*CLAIM, f"{SQLITE}.enabled=false"), "no pod beside the app's reaches the database file"),
        ((*CLAIM, f"{SQLITE}.accessModes[0]=ReadWriteOncePod"), "with the access mode ReadWriteOnce"),
    ],
)
def test_a_backup_that_has_no_place_or_no_source_is_refused(sets, said):
    assert said in refusal(sets=sets)


def script(name, folder, **settings):
    """Run a script as the pod does; return its exit status and what it said."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("OIMS_")}
    path = os.pathsep.join([settings.pop("bin", str(Path(sys.executable).parent)), os.environ["PATH"]])
    done = subprocess.run(
        ["sh", SCRIPTS / name], cwd=CHART.parents[1], timeout=600,
        capture_output=True, text=True, check=False,
        env=clean | {"PATH": path, "OIMS_BACKUPS": str(folder), "OIMS_BACKUPS_KEPT": "2"} | settings,
    )  # fmt: skip
    return done.returncode, done.stderr


def migrate(**settings):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OIMS_")}
    done = run("app", "migrate", env=clean | settings)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_file_is_backed_up_the_oldest_goes_and_the_newest_comes_back(tmp_path):
    database, folder = tmp_path / "site.db", tmp_path / "backups"
    folder.mkdir()
    settings = {"OIMS_DATABASE_URL": f"sqlite:///{database}", "OIMS_SECRET_KEY": "k" * 32}
    migrate(**settings)
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE marker (word TEXT)")
        for day in (1, 2):
            (folder / f"oims-2026010{day}T000000Z.db").write_bytes(b"old")
        (folder / ".part-7").write_bytes(b"of a pod that was killed")
        status, said = script("back-up", folder, **settings)
        assert status == 0, said
        kept = sorted(path.name for path in folder.iterdir())
        assert (len(kept), kept[0]) == (2, "oims-20260102T000000Z.db")
        assert f"removed {folder}/oims-20260101T000000Z.db" in said
        assert (folder / kept[1]).stat().st_mode & 0o077 == 0, "it holds password hashes"
        connection.execute("DROP TABLE marker")
    status, said = script("restore", folder, OIMS_BACKUP_FILE="oims-2025.db", **settings)
    assert status == 1
    assert f"there is no backup oims-2025.db in {folder}; it holds: {kept[0]} {kept[1]}" in said
    status, said = script("restore", folder, **settings)
    assert status == 0, said
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT count(*) FROM marker").fetchone() == (0,)


@pytest.fixture
def server():
    with own_server() as running:
        yield running


@pytest.mark.slow
def test_a_server_is_backed_up_and_restored_but_for_the_journal(tmp_path, server):
    admin = server.get_uri("postgres")
    with psycopg.connect(admin, autocommit=True) as connection:
        for user in ("oims_app", "oims_webhook"):
            connection.execute(f"CREATE ROLE {user} LOGIN")
        connection.execute("GRANT USAGE, CREATE ON SCHEMA public TO oims_app")
        connection.execute("CREATE SCHEMA oims_webhook AUTHORIZATION oims_webhook")
        connection.execute("SET ROLE oims_webhook; CREATE TABLE oims_webhook.journal_state (id int)")
    url = f"{admin}&user={quote('oims_app')}"
    migrate(OIMS_DATABASE_URL=url, OIMS_SECRET_KEY="k" * 32)
    (tmp_path / "url").write_text(url)
    settings = {"OIMS_DATABASE_URL_FILE": str(tmp_path / "url"), "bin": str(server.bin_path)}
    folder = tmp_path / "backups"
    folder.mkdir()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE marker AS SELECT 'before' AS word")
        connection.execute("CREATE TABLE journal_events AS SELECT 1 AS seq")
        status, said = script("back-up", folder, **settings)
        assert status == 0, said
        connection.execute("UPDATE marker SET word = 'after'; CREATE TABLE later (id int)")
        connection.execute("INSERT INTO journal_events VALUES (2)")

        (backup,) = folder.iterdir()
        broken = folder / "oims-broken.sql.gz"
        broken.write_bytes(backup.read_bytes()[:-100])
        status, said = script("restore", folder, OIMS_BACKUP_FILE=broken.name, **settings)
        assert status != 0
        assert connection.execute("SELECT word FROM marker").fetchone() == ("after",), "nothing was changed"

        with psycopg.connect(url) as reader:
            reader.execute("SELECT word FROM marker")  # and no end of the transaction
            patience = {"OIMS_RESTORE_LOCK_TIMEOUT": "300ms"}
            status, said = script("restore", folder, OIMS_BACKUP_FILE=backup.name, **settings | patience)
            assert (status != 0, "due to lock timeout" in said) == (True, True), said
        assert connection.execute("SELECT word FROM marker").fetchone() == ("after",), "nothing was changed"
        assert connection.execute("SELECT count(*) FROM later").fetchone() == (0,)

        status, said = script("restore", folder, OIMS_BACKUP_FILE=backup.name, **settings)
        assert status == 0, said
        assert connection.execute("SELECT word FROM marker").fetchone() == ("before",)
        assert connection.execute("SELECT to_regclass('later')").fetchone() == (None,)
        assert connection.execute("SELECT count(*) FROM journal_events").fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
    migrate(OIMS_DATABASE_URL=url, OIMS_SECRET_KEY="k" * 32)
