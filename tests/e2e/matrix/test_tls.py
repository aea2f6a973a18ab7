"""TLS between the parts, with a monitor on this host that reaches them through the gate."""

import pytest

from tests.certificates import make_certificate
from tests.e2e import values
from tests.e2e.cluster import eventually
from tests.e2e.patience import patient_text
from tests.e2e.release import STEPS, mails

pytestmark = [pytest.mark.e2e, pytest.mark.matrix, pytest.mark.timeout(900)]
SECRET = "sealed"
PARTS = ("app", "webhook", "prometheus", "alertmanager")
PROBE = {"groups": [{"name": "e2e", "rules": [{"alert": "Probe", "expr": "vector(1)"}]}]}


@pytest.fixture(scope="module")
def sealed(release, tmp_path_factory):
    """A release whose parts speak TLS."""
    made = make_certificate(
        tmp_path_factory.mktemp("tls"), also=[release.object_name(part) for part in PARTS]
    )
    release.namespace.kubectl(
        *("create", "secret", "generic", SECRET, "--type=kubernetes.io/tls"),
        *(f"--from-file=tls.crt={made.certificate}", f"--from-file=tls.key={made.key}"),
        f"--from-file=ca.crt={made.certificate}",
    )
    probed = {"tls": {"existingSecret": SECRET}, "prometheus": {"extraRules": {"probe": PROBE}}}
    return release.deploy(values.merge(values.base(), probed))


def test_the_charts_own_tests_pass(sealed):
    assert sealed.test("--timeout", patient_text(180)) == [*STEPS]


def test_an_alert_reaches_the_host_through_the_gate_and_its_repair_is_reported(sealed, monitor):
    policy = values.policy(sealed.namespace.name)
    policy["remedies"].append(policy["remedies"][0] | {"alert": "Probe"})
    before = set(sealed.pods("app"))
    monitor.set_up().start(policy)
    eventually(lambda: monitor.finished("restart_oims.yml", state="succeeded"), "the restart", seconds=300)
    assert not set(sealed.ready_pods("app")) & before
    # The alert never ends, so a person is told by the app, which knows it from the automation.
    eventually(
        lambda: [mail for mail in mails(sealed.namespace) if "Probe" in mail["subject"]],
        "the mail",
        seconds=180,
    )
    assert monitor.stop() == 0
