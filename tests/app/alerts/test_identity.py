"""Alerts that differ only in their exporter are one incident; those of two troubles never are."""

import pytest

from app.alerts.identity import identity
from app.extensions import db
from app.incidents import queries, service
from app.records.actors import Actor
from app.records.incidents import EventKind, Incident
from app.records.lifecycle import State
from tests.app.journal import event, take

CRASHING = {
    "alertname": "KubePodCrashLooping",
    "namespace": "shop",
    "pod": "web-7d9c8b5f6-x2lqz",
    "container": "web",
    "uid": "5d1c",
    "job": "kube-state-metrics",
    "service": "kps-kube-state-metrics",
    "endpoint": "http",
    "instance": "10.42.3.19:8080",
}
FULL = {
    "alertname": "NodeFilesystemAlmostOutOfSpace",
    "job": "node-exporter",
    "namespace": "monitoring",
    "pod": "kps-prometheus-node-exporter-8mx2k",
    "container": "node-exporter",
    "endpoint": "http-metrics",
    "instance": "10.0.0.5:9100",
    "mountpoint": "/var",
}
SLOW = {
    "alertname": "MySlow",
    "job": "mysql-exporter",
    "pod": "shop-mysql-exporter-5c9d7f8b6-lx7vz",
    "instance": "10.42.1.5:9104",
}
PROBED = {
    "alertname": "ProbeFailed",
    "job": "blackbox-exporter",
    "pod": "blackbox-exporter-6b7f9d5c4-b8x2k",
    "instance": "10.9.9.9:443",
}
DISK = {
    "alertname": "SmartDeviceFailing",
    "job": "smartctl-exporter",
    "pod": "smartctl-exporter-8mx2k",
    "device": "sda",
    "instance": "10.0.0.5:9633",
}
THROTTLED = {
    "alertname": "CPUThrottlingHigh",
    "job": "kubelet",
    "pod": "redis-exporter-5c9d7f8b6-lx7vz",
    "container": "redis-exporter",
    "instance": "10.0.0.5:10250",
}
OWN = {"alertname": "Errors", "job": "shop", "pod": "web-7d9c8b5f6-x2lqz", "instance": "10.42.3.19:8080"}


def mark(labels):
    return identity("a fingerprint of " + repr(sorted(labels.items())), labels)


@pytest.mark.parametrize(
    ("labels", "change"),
    [
        (CRASHING, {"instance": "10.42.5.7:8080"}),
        (CRASHING, {"instance": "10.42.5.7:8080", "endpoint": "https", "uid": "77"}),
        (FULL, {"pod": "kps-prometheus-node-exporter-z4t7d", "container": "node-exporter-2"}),
        (FULL | {"node": "node-1"}, {"instance": "10.42.9.9:9100"}),
        (SLOW, {"pod": "shop-mysql-exporter-7f8b6c9d5-2zqwd", "instance": "10.42.8.8:9104"}),
        (PROBED, {"pod": "blackbox-exporter-6b7f9d5c4-zz2k8"}),
        (PROBED | {"target": "https://shop.example"}, {"instance": "10.42.9.9:9115"}),
        (SLOW | {"instance": "[fd00::5]:9104"}, {"instance": "[fd00::9]:9104"}),
        (DISK | {"node": "node-1"}, {"pod": "smartctl-exporter-z4t7d", "instance": "10.42.0.6:9633"}),
        (
            CRASHING | {"pod": "kps-kube-state-metrics-5c9d7f8b6-lx7vz"},
            {"pod": "kps-kube-state-metrics-5c9d7f8b6-2zqwd"},
        ),
    ],
    ids=lambda value: value.get("alertname", "+".join(value)),
)
def test_an_exporter_that_is_replaced_is_the_same_trouble(labels, change):
    assert mark(labels) == mark(labels | change)


@pytest.mark.parametrize(
    ("labels", "change"),
    [
        (CRASHING, {"pod": "web-7d9c8b5f6-b8x2k"}),
        (CRASHING, {"container": "sidecar"}),
        (CRASHING, {"namespace": "bank"}),
        (FULL, {"instance": "10.0.0.6:9100"}),
        (FULL, {"mountpoint": "/"}),
        (FULL | {"node": "node-1"}, {"node": "node-2"}),
        (SLOW, {"pod": "bank-mysql-exporter-5c9d7f8b6-lx7vz"}),
        (SLOW, {"instance": "db-2.example:3306"}),
        (PROBED, {"instance": "10.9.9.10:443"}),
        (FULL | {"job": "node", "service": "node"}, {"instance": "10.0.0.6:9100"}),
        (DISK, {"pod": "smartctl-exporter-z4t7d", "instance": "10.0.0.6:9633"}),
        (
            CRASHING | {"pod": "kps-prometheus-node-exporter-8mx2k"},
            {"pod": "kps-prometheus-node-exporter-z4t7d"},
        ),
        (CRASHING | {"container": "redis-exporter"}, {"container": "statsd-exporter"}),
        (THROTTLED, {"pod": "redis-exporter-5c9d7f8b6-2zqwd", "instance": "10.0.0.6:10250"}),
        (PROBED | {"endpoint": "https://shop.example"}, {"endpoint": "https://bank.example"}),
        (OWN, {"pod": "web-7d9c8b5f6-b8x2k"}),
        (OWN, {"instance": "10.42.5.7:8080"}),
    ],
    ids=lambda value: value.get("alertname", "+".join(value)),
)
def test_two_troubles_are_never_one(labels, change):
    assert mark(labels) != mark(labels | change)


def test_an_alert_of_no_exporter_keeps_its_fingerprint():
    assert identity("00000000000000aa", OWN) == "00000000000000aa"


def fired(status="firing", number=1, labels=CRASHING, **more):
    """An alert of the exporter's pod with this number."""
    own = {"instance": f"10.42.3.{number}:8080"}
    values = {"fingerprint": f"{number:016x}", "episode": f"episode-of-{number}"}
    return event(status, labels=labels | own, **values | more)


def incidents():
    return list(db.session.query(Incident).order_by(Incident.id))


@pytest.mark.usefixtures("context")
def test_the_incident_of_a_replaced_exporter_goes_on_until_its_last_alert_ends(settings):
    take(settings, fired(number=1), fired(number=2))
    (incident,) = incidents()
    assert incident.fingerprint == f"{2:016x}"

    take(settings, fired("resolved", 2))
    assert (incident.state, incident.is_firing) == (State.OPEN, True)
    assert (incident.fingerprint, incident.episode) == (f"{1:016x}", "episode-of-1")

    take(settings, fired("resolved", 1))
    assert (incident.state, incident.is_firing) == (State.RESOLVED, False)
    assert [item.kind for item in queries.timeline_page(incident.id).items] == [
        EventKind.OPENED,
        EventKind.ALERT_FIRED,
        EventKind.ALERT_RESOLVED,
        EventKind.RESOLVED,
    ]
    assert "differs in instance." in queries.timeline_page(incident.id).items[1].summary


@pytest.mark.usefixtures("context")
def test_an_alert_that_comes_back_while_another_of_the_trouble_fires_counts_again(settings):
    take(settings, fired(number=1), fired(number=2), fired("resolved", 1), fired(number=1))
    take(settings, fired("resolved", 2))
    (incident,) = incidents()
    assert (incident.state, incident.is_firing) == (State.OPEN, True)


@pytest.mark.usefixtures("context")
def test_an_incident_resolved_by_a_person_stays_so_while_an_alert_goes_on(settings, alice):
    take(settings, fired(number=1), fired(number=2))
    (incident,) = incidents()
    service.resolve(incident.id, actor=Actor.person(alice), reason="known")
    take(settings, fired(number=1, annotations={"summary": "It still crashes"}))
    assert (len(incidents()), incident.state) == (1, State.RESOLVED)


@pytest.mark.usefixtures("context")
def test_an_installation_may_tell_alerts_apart_by_all_labels(settings):
    own = settings.model_copy(update={"exporter_labels": ("none",)})
    take(own, fired(number=1), fired(number=2))
    assert len(incidents()) == 2


@pytest.mark.usefixtures("context")
def test_an_incident_from_before_the_setting_changed_goes_on(settings):
    own = settings.model_copy(update={"exporter_labels": ("none",)})
    take(own, fired(number=1))
    take(settings, fired(number=1, starts_at=incidents()[0].opened_at))
    assert len(incidents()) == 1
