"""The page about automation says what is true."""

import json
import re

import jsonschema
import pytest
import yaml

from automation.decide.model import Reason, Verb
from automation.policy.reference import PAGE, SCHEMA, page, schema
from tests.automation.conftest import ROOT

TEXT = (ROOT / PAGE).read_text()


def blocks(language):
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```", TEXT, re.MULTILINE | re.DOTALL)
    return [re.sub(r"^   ", "", block, flags=re.MULTILINE) for block in found]


def test_the_reference_and_the_schema_are_made_from_the_models():
    assert page(TEXT) == TEXT
    assert (ROOT / SCHEMA).read_text() == schema()


def test_the_shipped_policy_fits_the_schema():
    policy = yaml.safe_load((ROOT / "playbooks" / "policy.yml").read_text())
    jsonschema.Draft202012Validator(json.loads(schema())).validate(policy)


@pytest.mark.parametrize("word", [*Reason, *Verb])
def test_every_reason_is_explained(word):
    assert f"`{word}`" in TEXT or word is Verb.RUN


def test_the_example_remedy_works(journal, app, automation, command, playbooks, tmp_path):
    playbook, remedy = blocks("yaml")
    (playbooks / "clear_cache.yml").write_text(playbook)
    policy = yaml.safe_load(remedy)
    assert policy["remedies"][0]["mode"] == "shadow"
    (playbooks / "policy.yml").write_text(remedy)
    assert re.search(r"playbook clear_cache.yml +ok", command("check").stdout)
    (tmp_path / "alert.json").write_text('{"labels": {"alertname": "CacheBroken"}}')
    assert "would have run clear_cache.yml" in command("explain", "alert.json").stdout
    armed = {"mode": "auto", "with": {"folder": "/nowhere"}, "max_attempts": 1, "verify": {"within": "1s"}}
    policy["remedies"][0] |= armed
    (playbooks / "policy.yml").write_text(yaml.safe_dump(policy))
    journal.add("CacheBroken")
    done = automation("follow", "--once")
    assert done.returncode == 0, done.stderr
    assert [run["state"] for run in app.runs.values()] == ["succeeded"]
