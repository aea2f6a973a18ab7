"""One authority of the operator's own, which every part that speaks TLS outwards trusts."""

import pytest

from tests.chart.rendering import containers, documents, named, of_kind, pods, refusal

CONFIG_MAP = ("global.privateCa.existingConfigMap=trust", "global.privateCa.key=bundle.pem")
SECRET = ("global.privateCa.existingSecret=trust",)
FILE = "/etc/oims/private-ca/ca.crt"
SPEAKING = {f"oims-{part}" for part in ("app", "webhook", "prometheus", "alertmanager", "automation")}
OURS = SPEAKING - {"oims-prometheus", "oims-alertmanager"}


def speaking(*values, sets):
    """Yield the name and environment of every container that calls others, and its pod's volumes."""
    for name, pod in pods(documents(*values, sets=sets)).items():
        if (part := name.split("/")[1]) in SPEAKING:
            volumes = {item["name"]: item for item in pod["spec"]["volumes"]}
            for container in containers(pod):
                environment = {item["name"]: item.get("value") for item in container.get("env", [])}
                yield part, container, environment, volumes


def test_every_container_that_calls_others_trusts_it():
    seen = set()
    for part, container, environment, volumes in speaking("automation-in-cluster", sets=CONFIG_MAP):
        seen.add(part)
        assert environment["SSL_CERT_FILE"] == FILE
        assert environment.get("OIMS_CA_FILE") == (FILE if part in OURS else None)
        (mount,) = [item for item in container["volumeMounts"] if item["name"] == "private-ca"]
        assert mount == {"name": "private-ca", "mountPath": "/etc/oims/private-ca", "readOnly": True}
        source = {"name": "trust", "items": [{"key": "bundle.pem", "path": "ca.crt"}]}
        assert volumes["private-ca"] == {"name": "private-ca", "configMap": source}
    assert seen == SPEAKING


def test_with_tls_between_the_parts_both_authorities_are_trusted():
    for part, _, environment, volumes in speaking("tls", sets=SECRET):
        assert environment["SSL_CERT_FILE"] == FILE
        assert environment.get("OIMS_CA_FILE") == ("/etc/oims/tls/ca.crt" if part in OURS else None)
        assert volumes["private-ca"]["secret"]["secretName"] == "trust"


@pytest.mark.parametrize("ca_secret", ["", "database-ca"])
def test_postgresql_is_checked_with_it_unless_it_has_an_authority_of_its_own(ca_secret):
    sets = (*SECRET, f"database.postgres.caSecret={ca_secret}")
    for part, _, environment, _ in speaking("postgres-host", sets=sets):
        if part == "oims-app":
            own = "/etc/oims/database-ca/ca.crt"
            assert environment["PGSSLROOTCERT"] == (own if ca_secret else FILE)
            # Without one, the address says whether the certificate is checked.
            assert environment.get("PGSSLMODE") == ("verify-full" if ca_secret else None)


def test_neither_the_bundled_database_nor_the_gate_gets_it():
    objects = documents("postgres-bundled", sets=SECRET)
    for part in ("postgres", "gate"):
        pod = named(objects, "StatefulSet", f"oims-{part}")["spec"]["template"]["spec"]
        assert "private-ca" not in {item["name"] for item in pod["volumes"]}
    assert of_kind(objects, "Pod"), "the pods of helm test are looked at by test_pods"


def test_two_sources_are_refused():
    message = refusal(sets=(*CONFIG_MAP, *SECRET))
    assert "global.privateCa.existingConfigMap is set beside global.privateCa.existingSecret" in message
