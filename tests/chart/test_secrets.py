import base64

import pytest

from tests.chart.cluster import cluster_with, rendered, rendered_secrets
from tests.chart.rendering import containers, documents, named, of_kind, pods

WEBHOOK = {"token": "T" * 40, "reader-token": "R" * 40, "event-key": "E" * 64}
APP = {"secret-key": "S" * 64, "admin-password": "P" * 20, "automation-token": "A" * 40}
POSTGRES_OLD = {"password": "D" * 32, "app-password": "A" * 32, "webhook-password": "W" * 32, "url": "old"}
POSTGRES = ("database.type=postgres", "database.postgres.bundled.enabled=true")


def test_without_any_secrets_they_are_made_long_and_different(tmp_path):
    with cluster_with({}, tmp_path) as cluster:
        first, second = rendered_secrets(cluster, *POSTGRES), rendered_secrets(cluster, *POSTGRES)

    assert {name: set(data) for name, data in first.items()} == {
        "oims-app": set(APP),
        "oims-webhook": set(WEBHOOK),
        "oims-postgres": {"password", "app-password", "url", "webhook-password", "webhook-url"},
    }
    values = [value for made in (first, second) for data in made.values() for value in data.values()]
    assert len(values) == len(set(values))
    assert min(map(len, values)) >= 20


def test_what_the_cluster_has_is_kept(tmp_path):
    old = {"oims-app": APP, "oims-webhook": WEBHOOK, "oims-postgres": POSTGRES_OLD}
    with cluster_with(old, tmp_path) as cluster:
        found = rendered_secrets(cluster, *POSTGRES)

    assert found["oims-app"] == APP
    assert found["oims-webhook"] == WEBHOOK
    assert found["oims-postgres"] == POSTGRES_OLD | {
        "url": f"postgresql://oims_app:{'A' * 32}@oims-postgres:5432/oims?sslmode=disable",
        "webhook-url": f"postgresql://oims_webhook:{'W' * 32}@oims-postgres:5432/oims?sslmode=disable",
    }


@pytest.mark.parametrize("missing", list(WEBHOOK))
def test_a_missing_key_is_made_and_the_others_are_kept(tmp_path, missing):
    old = {key: value for key, value in WEBHOOK.items() if key != missing}
    with cluster_with({"oims-webhook": old}, tmp_path) as cluster:
        found = rendered_secrets(cluster)["oims-webhook"]

    assert len(found.pop(missing)) >= 40
    assert found == old


def test_a_value_wins_over_what_the_cluster_has(tmp_path):
    with cluster_with({"oims-webhook": WEBHOOK}, tmp_path) as cluster:
        found = rendered_secrets(cluster, "webhook.auth.token=" + "N" * 40)["oims-webhook"]

    assert found == {**WEBHOOK, "token": "N" * 40}


def test_the_bundled_postgresql_gives_each_part_the_address_of_its_own_user():
    objects = documents("postgres-bundled", sets=("webhook.journal.type=postgres",))
    volumes = {
        name: {volume["name"]: volume for volume in pod["spec"]["volumes"]}["database-url"]["secret"]
        for name, pod in pods(objects).items()
        if name in {"Deployment/oims-app", "Deployment/oims-webhook"}
    }
    assert {name: [item["key"] for item in secret["items"]] for name, secret in volumes.items()} == {
        "Deployment/oims-app": ["url"],
        "Deployment/oims-webhook": ["webhook-url"],
    }


@pytest.mark.parametrize("values", ["postgres-bundled", "postgres-host", "gitops"])
def test_no_address_of_a_database_is_in_an_environment(values):
    objects = documents(values, sets=("webhook.journal.type=postgres",))
    for pod in pods(objects).values():
        for container in containers(pod):
            for item in container.get("env", []):
                assert "postgresql" not in item.get("value", "")
                assert "valueFrom" not in item or "secretKeyRef" not in item["valueFrom"], item


def test_the_webhook_takes_a_database_user_of_its_own_from_an_existing_secret():
    sets = ("webhook.journal.type=postgres", "webhook.journal.existingSecret=journal-database")
    pod = pods(documents("postgres-host", sets=sets))["Deployment/oims-webhook"]
    (volume,) = [item for item in pod["spec"]["volumes"] if item["name"] == "database-url"]
    assert volume["secret"]["secretName"] == "journal-database"


def test_with_a_ca_the_certificate_and_name_of_the_database_are_checked():
    sets = (
        "webhook.journal.type=postgres",
        "database.postgres.caSecret=database-ca",
        "database.postgres.sslmode=prefer",
    )
    objects = documents("postgres-host", sets=sets)
    secret = named(objects, "Secret", "oims-postgres")
    assert base64.b64decode(secret["data"]["url"]).decode().endswith("?sslmode=verify-full")
    for name in ("Deployment/oims-app", "Deployment/oims-webhook"):
        pod = pods(objects)[name]
        for container in containers(pod):
            environment = {item["name"]: item.get("value") for item in container["env"]}
            assert environment["PGSSLMODE"] == "verify-full"
            folder, _, file = environment["PGSSLROOTCERT"].rpartition("/")
            (mount,) = [item for item in container["volumeMounts"] if item["mountPath"] == folder]
            (volume,) = [item for item in pod["spec"]["volumes"] if item["name"] == mount["name"]]
            assert volume["secret"]["secretName"] == "database-ca"
            assert file in {item["path"] for item in volume["secret"]["items"]}


@pytest.mark.parametrize(
    ("url", "ports"),
    [
        ("postgresql://oims:pass:1234@db.example.org:6432/oims?sslmode=verify-full", [6432]),
        ("postgresql://oims:x@one:6432,two:6433/oims", [6432, 6433]),
        ("postgresql://oims:x@[fd00::12]:6432/oims", [6432]),
        ("postgresql://db:6432", [6432]),
        ("postgresql://oims:x@db.example.org/oims", [5432]),
        ("postgresql:///oims", [5432]),
        ("no address", [5432]),
    ],
)
def test_the_network_lets_the_app_reach_the_port_that_the_secret_names(tmp_path, url, ports):
    values = ("database.type=postgres", "database.postgres.existingSecret=shop-database")
    with cluster_with({"shop-database": {"url": url}}, tmp_path) as cluster:
        rules = rendered(cluster, *values)["NetworkPolicy", "oims-app"]["spec"]["egress"]
    opened = {port["port"] for rule in rules if "to" not in rule for port in rule["ports"]}
    assert opened == {53, *ports}


def test_with_existing_secrets_none_is_made():
    assert of_kind(documents("gitops"), "Secret") == []


def test_generated_secrets_outlive_the_release_and_given_ones_change_the_pods():
    for item in of_kind(documents("postgres-bundled"), "Secret"):
        assert item["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"

    def checksum(*sets):
        (app,) = [
            item
            for item in documents("default", sets=sets)
            if item["kind"] == "Deployment" and item["metadata"]["name"] == "oims-app"
        ]
        return app["spec"]["template"]["metadata"]["annotations"]["checksum/secrets"]

    assert checksum() == checksum("app.logLevel=debug") != checksum("app.auth.secretKey=" + "x" * 40)


def test_a_password_with_any_sign_in_it_is_quoted_in_the_url():
    (secret,) = [
        item
        for item in of_kind(documents("postgres-host"), "Secret")
        if item["metadata"]["name"] == "oims-postgres"
    ]
    url = base64.b64decode(secret["data"]["url"]).decode()
    assert url == "postgresql://oims:p%40ss%2Fw%3Ard%20%25@db.example.org:5432/oims?sslmode=verify-full"
