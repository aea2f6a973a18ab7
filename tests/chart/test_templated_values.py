"""Values that are templates: each string of them is filled in, and can't break out of its place."""

import json

import pytest
import yaml

from tests.chart.rendering import documents, named, pods, refusal, text_of

ALL = "everything"


@pytest.fixture
def render(tmp_path):
    """Render values that are written as they would be in a file."""

    def rendered(**values):
        (tmp_path / "values.yaml").write_text(yaml.safe_dump(values))
        objects = yaml.safe_load_all(text_of(str(tmp_path / "values.yaml")))
        return tuple(filter(None, objects))

    return rendered


def web(objects):
    return pods(objects)["Deployment/oims-app"]["spec"]["containers"][0]


def test_hosts_environment_and_annotations_are_filled_in():
    objects = documents(ALL)
    assert named(objects, "Ingress", "oims-app")["spec"]["rules"][0]["host"] == "incidents.example.org"
    environment = {item["name"]: item.get("value") for item in web(objects)["env"]}
    assert environment["OIMS_BASE_URL"] == "http://incidents.example.org"
    assert environment["HTTPS_PROXY"] == "http://proxy.incident-mgmt:3128"
    assert web(objects)["envFrom"] == [{"configMapRef": {"name": "oims-proxy"}}]


def test_every_object_and_pod_has_the_filled_in_annotation():
    own = [item for item in documents(ALL) if item["metadata"]["name"].startswith("oims-")]
    own += documents("admission-policy", sets=("global.commonAnnotations.chart=oims",))
    assert len(own) > 80
    assert {item["metadata"]["annotations"]["chart"] for item in own} == {"oims"}
    made = [pod["metadata"]["annotations"]["chart"] for pod in pods(documents(ALL)).values()]
    assert set(made) == {"oims"}


PART = {"extraVolumes": [{"name": "v", "configMap": {"name": "{{ .Release.Name }}-files"}}]}
PART |= {"extraVolumeMounts": [{"name": "v", "mountPath": "/{{ .Release.Name }}"}]}
INIT = {"extraInitContainers": [{"name": "wait", "image": "x:1", "args": ["{{ .Release.Namespace }}"]}]}


@pytest.mark.parametrize("part", ["app", "webhook", "prometheus", "alertmanager"])
def test_what_is_added_to_the_pod_of_a_part_is_filled_in(render, part):
    spec = next(
        pod["spec"] for name, pod in pods(render(**{part: PART | INIT})).items() if name.endswith(part)
    )
    assert {"name": "v", "configMap": {"name": "oims-files"}} in spec["volumes"]
    assert {"name": "v", "mountPath": "/oims"} in spec["containers"][0]["volumeMounts"]
    assert spec["initContainers"][0]["args"] == ["incident-mgmt"]


@pytest.mark.parametrize("text", ["'", '"', "a: b", "1", "null", "\n- x", "{a}", "# c"])
def test_what_a_template_makes_stays_one_string(render, text):
    # The quoting of YAML is no matter of the person who writes the template.
    objects = render(app={"extraEnv": [{"name": "X", "value": "{{ " + json.dumps(text) + " }}"}]})
    assert {"name": "X", "value": text} in web(objects)["env"]


def test_numbers_beside_a_template_stay_numbers(render):
    probe = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 30}
    container = {"name": "{{ .Release.Name }}-side", "image": "x:1", "readinessProbe": probe}
    objects = render(app={"extraContainers": [container]})
    assert container | {"name": "oims-side"} in pods(objects)["Deployment/oims-app"]["spec"]["containers"]


def test_a_template_that_makes_no_host_is_refused_in_a_sentence():
    template = r"app.ingress.hosts[0]=\{\{ .Release.Name \}\}_x"
    sets = ("app.ingress.enabled=true", template)
    assert '"oims_x" is no host name: look at the template of app.ingress.hosts' in refusal(sets=sets)
