"""The chart by Helm 3, which applies otherwise than Helm 4, and the way from the one to the other."""

import pytest

from tests.e2e import values
from tests.e2e.cluster import eventually
from tests.e2e.patience import Refused
from tests.e2e.release import STEPS

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
TITLE = "The lift stands between two floors"


@pytest.fixture(scope="module")
def shop(release):
    """A release that Helm 3 has installed, with an incident in it."""
    release.program = "helm3"
    release.deploy(values.base())
    release.number = release.add_incident(TITLE)
    return release


def test_its_tests_pass(shop):
    assert shop.test() == [*STEPS]


@pytest.mark.compatible("C15")
def test_an_upgrade_without_changes_changes_nothing(shop):
    before, revision = shop.state(), shop.revision()
    shop.deploy(values.base())
    assert shop.revision() == revision + 1
    assert shop.state() == before


def test_a_failed_upgrade_is_rolled_back_and_the_data_stays(shop):
    before = shop.secrets()
    broken = values.merge(values.base(), {"webhook": {"image": {"tag": "no-such-tag"}}})
    with pytest.raises(Refused, match=r"rolled back|rollback"):
        shop.deploy(broken, "--atomic", seconds=20)
    eventually(lambda: shop.ready_pods("webhook"), "the old webhook")
    assert shop.secrets() == before
    assert shop.has_incident(shop.number, TITLE)


@pytest.mark.compatible("C14", "C15")
def test_helm_4_takes_the_release_over_without_a_change_and_goes_on_with_it(shop):
    shop.program = "helm"
    before, secrets = shop.state(), shop.secrets()
    shop.deploy(values.base())
    assert shop.state() == before
    app, webhook = set(shop.pods("app")), set(shop.pods("webhook"))
    shop.deploy(values.merge(values.base(), {"app": {"logLevel": "debug"}}))
    assert not set(shop.pods("app")) & app
    assert set(shop.pods("webhook")) == webhook
    assert shop.secrets() == secrets
    assert shop.has_incident(shop.number, TITLE)
