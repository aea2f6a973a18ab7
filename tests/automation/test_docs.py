"""The page about automation says what is true."""

import json
import re

import jsonschema
import pytest
import yaml

from automation.policy.reference import PAGE, SCHEMA, page, schema
from contract.decisions import DecisionKind, Reason
from tests.automation.conftest import ROOT

TEXT = (ROOT / PAGE).read_text()


def written_by_the_tutorial(name):
    """Return the file that the tutorial has its readers write."""
    text = (ROOT / "docs/tutorials/your-own-remedy.md").read_text()
    return re.search(rf"/{re.escape(name)}\" <<'EOF'\n(.*?)^EOF$", text, re.MULTILINE | re.DOTALL)[1]


def test_the_reference_and_the_schema_are_made_from_the_models():
    assert page(TEXT) == TEXT
    assert (ROOT / SCHEMA).read_text() == schema()


def test_the_shipped_policy_fits_the_schema():
    policy = yaml.safe_load((ROOT / "playbooks" / "policy.yml").read_text())
    jsonschema.Draft202012Validator(json.loads(schema())).validate(policy)


@pytest.mark.parametrize("word", [*Reason, *DecisionKind])
def test_every_reason_is_explained(word):
    assert f"`{word}`" in TEXT or word is DecisionKind.RUN


def test_an_alert_has_the_remedy_of_the_tutorial_run(journal, app, automation, playbooks, tmp_path):
    (playbooks / "clear_cache.yml").write_text(written_by_the_tutorial("clear_cache.yml"))
    policy = yaml.safe_load(written_by_the_tutorial("policy.yml"))
    armed = {"mode": "auto", "with": {"folder": str(tmp_path)}, "max_attempts": 1, "verify": {"within": "1s"}}
    policy["remedies"][0] |= armed
    (playbooks / "policy.yml").write_text(yaml.safe_dump(policy))
    (tmp_path / "web").mkdir()
    journal.add("CacheBroken")
    done = automation("follow", "--once")
    assert done.returncode == 0, done.stderr
    assert [run["state"] for run in app.runs.values()] == ["succeeded"]
    assert not (tmp_path / "web").exists()
