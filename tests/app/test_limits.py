"""One table of lengths: no part has its own for what another takes, and the largest value fits."""

import ast
import json
from datetime import timedelta
from pathlib import Path

import pytest

from app.alerts.events import JournalEvent
from app.api.schemas import incidents as api
from app.api.schemas.maintenance import NewWindow
from app.clock import now
from app.extensions import db
from app.incidents import service
from app.maintenance import service as maintenance
from app.records.actors import Actor
from app.records.alerts import AlertEvent
from app.records.incidents import Incident
from automation.events.schemas import Event
from automation.follow.heartbeat import _remedy
from automation.policy.load import load_policy
from cli.arguments import parser
from contract import limits
from contract.reports import HeartbeatReport
from tests.app.journal import take
from webhook import event
from webhook.journal.episodes import Source
from webhook.payload import parse

ROOT = Path(__file__).parents[2]


@pytest.fixture
def database_url(any_database_url):
    return any_database_url


SHARED = (
    "app/alerts",
    "app/api",
    "app/incidents",
    "app/maintenance",
    "app/automation",
    *(
        f"app/records/{noun}.py"
        for noun in ("alerts", "automation", "cursor", "idempotency", "incidents", "maintenance")
    ),
    "webhook",
    "automation",
    "cli",
)
CALLS = {"max_length", "max"}
OWN = {
    ("app/records/idempotency.py", 255): "the client's key of a request that may come twice",
    ("app/records/idempotency.py", 64): "a digest",
    ("app/api/schemas/base.py", 20): "values of one parameter of a query",
    ("app/records/maintenance.py", 64): "a zone, which must be one of tzdata",
}
"""Lengths that only one part knows, and of what."""
SMALLEST = 17
"""Columns of up to 16 characters hold words of our own enums."""


def lengths():
    """Yield each length that is written as a number: its file, line and value."""
    for folder in SHARED:
        for path in sorted((ROOT / folder).rglob("*.py")) or [ROOT / folder]:
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Call):
                    continue
                values = [keyword.value for keyword in node.keywords if keyword.arg in CALLS]
                if isinstance(node.func, ast.Name) and node.func.id == "String":
                    values += node.args
                for value in values:
                    if isinstance(value, ast.Constant) and isinstance(value.value, int):
                        yield path.relative_to(ROOT).as_posix(), node.lineno, value.value


def test_no_part_writes_down_a_length_that_others_must_keep_to():
    found = [item for item in lengths() if item[2] >= SMALLEST and (item[0], item[2]) not in OWN]
    assert found == [], "name these in contract/limits.py"


ALERT = {"status": "firing", "labels": {"alertname": "Largest"}, "startsAt": "2026-11-27T12:00:00Z"}
LARGEST = {
    "a label's name": {"labels": {"alertname": "A", "n" * limits.LABEL_NAME: "v"}},
    "a label's value": {"labels": {"alertname": "A", "note": "😀" * limits.LABEL_VALUE}},
    "the alert's name": {"labels": {"alertname": "x" * limits.LABEL_VALUE}},
    "the service": {"labels": {"alertname": "A", "service": "é" * limits.LABEL_VALUE}},
    "the severity": {"labels": {"alertname": "A", "severity": "s" * limits.LABEL_VALUE}},
    "all labels": {"labels": {f"label_{number}": "v" * 100 for number in range(limits.LABELS)}},
    "an annotation": {"annotations": {"description": "日" * limits.ANNOTATION}},
    "the summary": {"annotations": {"summary": "s" * limits.ANNOTATION}},
    "all annotations": {"annotations": {f"note_{number}": "v" * 100 for number in range(limits.LABELS)}},
    "the source": {"generatorURL": "http://p.example/" + "e" * (limits.SOURCE_URL - 17)},
    "the fingerprint": {"fingerprint": "f" * 16},
}


def journalled(fields):
    """What the webhook writes into its journal for an alert with these fields."""
    body = {"groupKey": "g" * limits.GROUP_KEY, "receiver": "r" * limits.RECEIVER, "alerts": [ALERT | fields]}
    delivery = parse(json.dumps(body).encode())
    assert (delivery.mended, delivery.kept_aside, delivery.refused) == (0, 0, ())
    row = event.from_alert(delivery.message.alerts[0], delivery.message, event.now(), Source.RECONCILE)
    return row | {"seq": 2**63 - 1, "id": "a" * 64, "episode": "a" * 64}


@pytest.mark.parametrize("fields", LARGEST.values(), ids=LARGEST.keys())
def test_the_largest_alert_that_the_webhook_takes_is_read_by_app_and_automation(fields):
    row = journalled(fields)
    taken = JournalEvent.model_validate(row)
    assert (taken.labels, taken.annotations) == (row["labels"], row["annotations"])
    assert Event.model_validate(row).labels == row["labels"]


@pytest.mark.usefixtures("context")
def test_the_largest_alerts_are_kept_by_both_databases(settings, database_url):
    for number, fields in enumerate(LARGEST.values()):
        mark = f"{number:064x}"
        row = journalled(fields) | {"seq": number + 1, "id": mark, "episode": mark, "fingerprint": mark}
        take(settings, row)
        kept = db.session.query(Incident).filter_by(fingerprint=mark).one()
        assert (kept.labels, kept.annotations) == (row["labels"], row["annotations"])
    assert db.session.query(AlertEvent).count() == len(LARGEST)


def test_the_largest_policy_is_told_in_a_heartbeat(tmp_path):
    remedies = "".join(
        f"  - {{alert: A{number}{'x' * 300}, playbook: repair.yml, "
        f"target: {{kind: Deployment, namespace: {'n' * 63}, name: {'d' * limits.OBJECT_NAME}}}}}\n"
        for number in range(3)
    )
    (tmp_path / "repair.yml").write_text("- hosts: localhost\n")
    (tmp_path / "policy.yml").write_text("remedies:\n" + remedies)
    policy = load_policy(tmp_path / "policy.yml", tmp_path)
    told = [_remedy(remedy, policy, []) for remedy in policy.remedies]
    heartbeat = {
        "instance": "i" * limits.ID,
        "version": "v" * limits.VERSION,
        "location": "cluster",
        "paused": False,
        "last_seq": 2**63 - 1,
        "lag_s": 1e9,
        "remedies": told,
        "runs": ["r" * limits.ID] * limits.RUNS,
        "sent_at": "2026-11-27T12:00:00.000Z",
    }
    assert HeartbeatReport.model_validate_json(json.dumps(heartbeat), strict=True).remedies[0].target.name


def arguments(*given):
    return parser().parse_args(list(given))


@pytest.mark.usefixtures("context")
def test_the_largest_words_of_the_command_line_are_kept(alice):
    actor = Actor.person(alice)
    text = "ü" * limits.TEXT
    asked = arguments("create", "t" * limits.TITLE, "--service", "s" * limits.SERVICE, "--description", text)
    incident = api.NewIncident(title=asked.title, service=asked.service, description=asked.description)
    made = service.create(**incident.model_dump(exclude={"owner", "labels"}), actor=actor)
    assert (made.title, made.description) == (asked.title, text)

    service.comment(made.id, actor=actor, body=api.Comment(body=text).body)
    service.escalate(made.id, actor=actor, reason=api.Reasoned(reason=text).reason)
    service.resolve(made.id, actor=actor, reason=api.Reasoned(reason=text).reason)


@pytest.mark.usefixtures("context")
def test_the_largest_maintenance_is_kept(alice):
    window = NewWindow(
        comment="c" * limits.COMMENT,
        matchers=[
            f'"{"n" * limits.LABEL_NAME}"="{"v" * limits.LABEL_VALUE}"',
            'x=~"' + "p" * limits.PATTERN + '"',
        ],
        starts_at=now() + timedelta(hours=1),
        ends_at=now() + timedelta(hours=2),
    )
    made = maintenance.plan(
        comment=window.comment,
        matchers="\n".join(window.matchers),
        starts_at=window.starts_at,
        ends_at=window.ends_at,
        actor=Actor.person(alice),
    )
    assert made.comment == window.comment
