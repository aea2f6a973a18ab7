"""What a change of the chart changes in its render, for a reviewer's eyes.

OIMS_UPDATE_GOLDEN=1 writes the files anew. What has tests of its own is left out: labels and selectors, the
values of Secrets, files taken as they lie.
"""

import difflib
import os

import pytest
import yaml

from tests.chart.rendering import CHART, documents

GOLDEN = CHART.parents[1] / "tests" / "chart" / "golden"
VERSION = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))["appVersion"]
SCENARIOS = ("postgres-host", "operator", "automation-in-cluster")
LEFT_OUT = {"labels", "matchLabels", "selector"}
TEMPLATED = {"prometheus.yml", "alertmanager.yml"}


def without_labels(item):
    if isinstance(item, dict):
        return {key: without_labels(value) for key, value in item.items() if key not in LEFT_OUT}
    if isinstance(item, list):
        return [without_labels(value) for value in item]
    return item


def objects(values):
    """Return the rendered objects by kind and name."""
    found = {}
    for item in map(without_labels, documents(values)):
        if item["kind"] in {"ConfigMap", "Secret"}:
            data = item.get("data", {})
            item["data"] = {
                key: yaml.safe_load(data[key]) if key in TEMPLATED else "..." for key in sorted(data)
            }
        name = f"{item['kind']}/{item['metadata']['namespace']}/{item['metadata']['name']}"
        found[name] = item
    return found


def snapshot(values):
    """Return the default render, or of another what differs from it; null is an object that is missing."""
    shown = objects(values)
    if values != "default":
        default = objects("default")
        shown = {name: shown.get(name) for name in shown | default if shown.get(name) != default.get(name)}
    text = yaml.safe_dump(shown, sort_keys=True, width=160, default_flow_style=None)
    return text.replace(f":{VERSION}", ":VERSION")


@pytest.mark.parametrize("values", ["default", *SCENARIOS])
def test_the_render_is_the_one_that_was_looked_at(values):
    file, now = GOLDEN / f"{values}.snapshot", snapshot(values)
    if os.environ.get("OIMS_UPDATE_GOLDEN"):
        file.write_text(now, encoding="utf-8")
    then = file.read_text(encoding="utf-8")
    changes = difflib.unified_diff(then.splitlines(), now.splitlines(), "golden", "now", lineterm="", n=8)
    assert then == now, "\n".join([*changes, "right as it is? OIMS_UPDATE_GOLDEN=1 writes the file anew"])
