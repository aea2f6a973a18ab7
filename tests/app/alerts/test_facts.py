"""What an alert says about itself: its severity, its service, and what its incident is called."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from sqlalchemy import select

from app.alerts import titles
from app.extensions import db
from app.records.incidents import Incident, TimelineEvent
from tests.app.journal import event, take

pytestmark = pytest.mark.usefixtures("context")


def opened(settings, labels, annotations=None):
    take(settings, event(labels={"alertname": "Trouble"} | labels, annotations=annotations or {}))
    return db.session.scalars(select(Incident)).one()


WORDS = {
    "critical": "P0 P1 p1 crit CRIT fatal disaster blocker sev1 SEV-1 sev0 urgent emerg alert panic page "
    "S1 prio1 Priority:1 sev.1 P-0 catastrophic",
    "high": "high error err major P2 sev2 important",
    "medium": "medium warn Warning average P3 sev3",
    "low": "low notice debug info minor P4 p5 sev5",
}


@pytest.mark.parametrize(
    ("word", "severity"), [(word, severity) for severity, words in WORDS.items() for word in words.split()]
)
def test_the_usual_words_for_severities_are_known(settings, word, severity):
    incident = opened(settings, {"severity": word})

    assert incident.severity == severity
    assert "is no known word" not in " ".join(
        item.summary for item in db.session.scalars(select(TimelineEvent))
    )


def test_an_unknown_word_counts_as_medium_and_the_timeline_says_so(settings):
    incident = opened(settings, {"severity": "\x1bpurple"})

    first = db.session.scalars(select(TimelineEvent)).first()
    assert incident.severity == "medium"
    assert "purple”, is no known word and counts as medium; OIMS_SEVERITY_WORDS can name it." in first.summary
    assert "\x1b" not in first.summary


@pytest.mark.parametrize("word", ["1", "5", "not critical", "criticality", "p", "p6", "warnings"])
def test_a_word_that_may_mean_either_is_not_guessed(settings, word):
    assert opened(settings, {"severity": word}).severity == "medium"
    assert "is no known word" in db.session.scalars(select(TimelineEvent)).first().summary


def test_an_installation_has_its_own_words_and_labels(settings):
    own = settings.model_copy(
        update={
            "severity_words": {"purple": "critical"},
            "severity_labels": ("colour", "severity"),
            "service_labels": ("owner_of_it",),
        }
    )

    incident = opened(own, {"colour": "Purple", "severity": "low", "owner_of_it": "checkout", "service": "x"})

    assert (incident.severity, incident.service) == ("critical", "checkout")


def test_the_next_label_counts_where_the_word_of_the_first_is_not_known(settings):
    assert opened(settings, {"severity": "purple", "priority": "P1"}).severity == "critical"


def test_facts_are_taken_from_all_labels_however_many(settings):
    many = {f"a{number:04}": "x" for number in range(300)}

    incident = opened(
        settings, many | {"severity": "critical", "service": "checkout", "namespace": "shop", "pod": "web-1"}
    )

    assert (incident.severity, incident.service) == ("critical", "checkout")
    assert incident.title == "Trouble: shop/web-1"
    assert len(incident.labels) == 100
    assert incident.labels["namespace"] == "shop"


STATE_METRICS = {
    "job": "kube-state-metrics",
    "service": "kps-kube-state-metrics",
    "instance": "10.42.3.19:8080",
    "endpoint": "http",
}
NODE_EXPORTER = {
    "job": "node-exporter",
    "service": "kps-prometheus-node-exporter",
    "namespace": "monitoring",
    "pod": "kps-prometheus-node-exporter-x2f",
    "instance": "10.0.0.3:9100",
}
OF_ITSELF = {"pod": "kps-kube-state-metrics-7c9-x", "container": "kube-state-metrics", "namespace": "shop"}
TITLES = {
    "KubePodCrashLooping": (
        STATE_METRICS | {"namespace": "shop", "pod": "web-7d9c-x2", "container": "web"},
        {"summary": "Pod is crash looping."},
        "Pod is crash looping: shop/web-7d9c-x2",
    ),
    "a message and no summary": (
        STATE_METRICS | {"namespace": "shop", "pod": "web-7d9c-x2"},
        {"message": "Pod is crash looping."},
        "Pod is crash looping: shop/web-7d9c-x2",
    ),
    "a message that names it": (
        STATE_METRICS | {"namespace": "shop", "pod": "web-7d9c-x2"},
        {"message": "Pod shop/web-7d9c-x2 (web) is in waiting state."},
        "Pod shop/web-7d9c-x2 (web) is in waiting state.",
    ),
    "no words": (STATE_METRICS | {"namespace": "shop", "pod": "web-1"}, {}, "Trouble: shop/web-1"),
    "KubeJobFailed": (
        STATE_METRICS | OF_ITSELF | {"job_name": "backup-2891"},
        {"summary": "Job failed to complete."},
        "Job failed to complete: shop/backup-2891",
    ),
    "KubeDeploymentReplicasMismatch": (
        STATE_METRICS | OF_ITSELF | {"deployment": "api"},
        {"summary": "Deployment has not matched the expected number of replicas."},
        "Deployment has not matched the expected number of replicas: shop/api",
    ),
    "KubeNodeNotReady": (
        STATE_METRICS | {"node": "worker-3", "condition": "Ready"},
        {"summary": "Node is not ready."},
        "Node is not ready: worker-3",
    ),
    "KubePersistentVolumeFillingUp": (
        {"job": "kubelet", "service": "kps-kubelet", "namespace": "db", "persistentvolumeclaim": "data-0"}
        | {"node": "worker-3", "instance": "10.0.0.3:10250"},
        {"summary": "PersistentVolume is filling up."},
        "PersistentVolume is filling up: db/data-0",
    ),
    "NodeFilesystemSpaceFillingUp": (
        NODE_EXPORTER | {"device": "/dev/sda1", "mountpoint": "/var"},
        {"summary": "Filesystem is predicted to run out of space within the next 24 hours."},
        "Filesystem is predicted to run out of space within the next 24 hours: 10.0.0.3 /var",
    ),
    "ProbeFailed": (
        {"job": "blackbox", "instance": "https://shop.example.org/"},
        {"summary": "Probe failed"},
        "Probe failed: https://shop.example.org",
    ),
    "KubeQuotaExceeded": (
        STATE_METRICS | {"namespace": "shop", "resourcequota": "cpu"},
        {"summary": "Namespace quota has exceeded the limits."},
        "Namespace quota has exceeded the limits: shop/cpu",
    ),
    "KubePersistentVolumeErrors": (
        STATE_METRICS | {"persistentvolume": "pvc-7d1"},
        {"summary": "PersistentVolume is having issues with provisioning."},
        "PersistentVolume is having issues with provisioning: pvc-7d1",
    ),
    "TargetDown": (
        {"job": "web", "namespace": "shop", "service": "web-svc"},
        {"summary": "One or more targets are unreachable."},
        "One or more targets are unreachable: shop/web-svc",
    ),
    "our own": (
        {"job": "oims-app"},
        {"summary": "The incident app does not answer"},
        "The incident app does not answer",
    ),
}


@pytest.mark.parametrize(("labels", "annotations", "title"), TITLES.values(), ids=TITLES.keys())
def test_a_title_says_which_workload(settings, labels, annotations, title):
    assert opened(settings, labels, annotations).title == title


@pytest.mark.parametrize(
    ("labels", "service"),
    [
        (STATE_METRICS, None),
        (NODE_EXPORTER, None),
        ({"job": "blackbox-exporter", "app": "checkout"}, "checkout"),
        ({"job": "mysqld_exporter", "service": "shop-db"}, "shop-db"),
        ({"job": "checkout"}, "checkout"),
    ],
)
def test_an_exporter_is_never_the_service(settings, labels, service):
    assert opened(settings, labels).service == service


@pytest.mark.parametrize(
    ("template", "title"),
    [
        ("{alertname} in {namespace}/{pod}", "Trouble in shop/web-1"),
        ("[{cluster}] {summary}", "[] It's down"),
        ("{nothing}", "Trouble"),
        ("{pod.__class__} {0} {} {{pod}} {pod!r} {pod:>99}", "{} {web-1}"),
        ("{evil}", "{{7*7}} {alertname}"),
    ],
)
def test_a_template_is_filled_and_never_evaluated(template, title):
    labels = {"alertname": "Trouble", "namespace": "shop", "pod": "web-1", "evil": "{{7*7}} {alertname}"}

    assert titles.title("Trouble", labels, {"summary": "It's down"}, template) == title


names = (
    st.sampled_from([*titles.WORKLOADS, "namespace", "node", "instance", "job", "summary", "message"])
    | st.text()
)
pairs = st.dictionaries(names, st.text(max_size=5000), max_size=20)


@limits(max_examples=100, deadline=timedelta(seconds=5))
@given(labels=pairs, annotations=pairs, template=st.text(max_size=500))
def test_any_alert_and_template_make_one_line_that_can_be_kept(labels, annotations, template):
    title = titles.title("Trouble", labels, annotations, template)

    assert 0 < len(title) <= 200
    assert title.isprintable() or "\n" not in title
