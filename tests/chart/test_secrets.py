import pytest

from tests.chart.cluster import cluster_with, rendered_secrets
from tests.chart.rendering import documents, of_kind

WEBHOOK = {"token": "T" * 40, "reader-token": "R" * 40, "event-key": "E" * 64}
APP = {"secret-key": "S" * 64, "admin-password": "P" * 20, "automation-token": "A" * 40}
POSTGRES = ("database.type=postgres", "database.postgres.bundled.enabled=true")


def test_without_any_secrets_they_are_made_long_and_different(tmp_path):
    with cluster_with({}, tmp_path) as cluster:
        first, second = rendered_secrets(cluster, *POSTGRES), rendered_secrets(cluster, *POSTGRES)

    assert {name: set(data) for name, data in first.items()} == {
        "oims-app": set(APP),
        "oims-webhook": set(WEBHOOK),
        "oims-postgres": {"password", "url"},
    }
    values = [value for made in (first, second) for data in made.values() for value in data.values()]
    assert len(values) == len(set(values))
    assert min(map(len, values)) >= 20


def test_what_the_cluster_has_is_kept(tmp_path):
    old = {"oims-app": APP, "oims-webhook": WEBHOOK, "oims-postgres": {"password": "D" * 32, "url": "old"}}
    with cluster_with(old, tmp_path) as cluster:
        found = rendered_secrets(cluster, *POSTGRES)

    assert found["oims-app"] == APP
    assert found["oims-webhook"] == WEBHOOK
    assert found["oims-postgres"] == {
        "password": "D" * 32,
        "url": f"postgresql://oims:{'D' * 32}@oims-postgres:5432/oims?sslmode=disable",
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
    import base64  # noqa: PLC0415 - used here only

    (secret,) = [
        item
        for item in of_kind(documents("postgres-host"), "Secret")
        if item["metadata"]["name"] == "oims-postgres"
    ]
    url = base64.b64decode(secret["data"]["url"]).decode()
    assert url == "postgresql://oims:p%40ss%2Fw%3Ard%20%25@db.example.org:5432/oims?sslmode=verify-full"
