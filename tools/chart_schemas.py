"""The definitions that the chart's schema refers to: names and labels, parts of Kubernetes' API, the policy.

A value that goes into an object of Kubernetes as it stands is held to the API's own schema: a typo in it is
refused before anything is installed. A field that is newer than the cluster is left to the cluster.
"""

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

from contract import durations
from tools.chart_route_schemas import ROUTES, closed_object

ROOT = Path(__file__).resolve().parent.parent
POLICY = ROOT / "playbooks" / "policy.schema.json"
KUBERNETES = "v1.37.0"
REFERENCE = re.compile(r'"#/\$defs/([^"]+)"')

NAME = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
LABEL_VALUE = r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?"
KEY = rf"^({NAME}(\.{NAME})*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?$"
RELABEL_ACTIONS = [
    *("replace", "keep", "drop", "keepequal", "dropequal", "hashmod", "lowercase", "uppercase"),
    *("labelmap", "labeldrop", "labelkeep"),
]


OWN: dict[str, dict[str, Any]] = {
    "name": {"type": "string", "pattern": rf"^({NAME}(\.{NAME})*)?$", "maxLength": 253},
    "label": {"type": "string", "pattern": rf"^{NAME}$", "maxLength": 63},
    "workload": {
        "type": "string",
        "pattern": "^((Deployment|StatefulSet|DaemonSet)/)?([-a-z0-9.]+|[*])$",
    },
    "storageClass": {"type": ["string", "null"], "pattern": rf"^(-|({NAME}(\.{NAME})*)?)$"},
    "host": {"type": "string", "pattern": r"^[^\s/]*$", "maxLength": 253},
    "publicHost": {
        "type": "string",
        # Or a template; what it makes is looked at by the chart.
        "pattern": rf"^((\*\.)?{NAME}(\.{NAME})*|.*\{{\{{.+\}}\}}.*)$",
        "maxLength": 253,
    },
    "dataKey": {"type": "string", "pattern": r"^[-A-Za-z0-9_.]+$", "maxLength": 253},
    "duration": {"type": "string", "minLength": 1, "pattern": durations.PATTERN},
    "quantity": {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?([kMGTP]|[KMGTP]i)?$"},
    "port": {"type": "integer", "minimum": 1, "maximum": 65535},
    "labels": {
        "type": "object",
        "propertyNames": {"pattern": KEY, "maxLength": 317},
        "additionalProperties": {"type": "string", "pattern": rf"^{LABEL_VALUE}$", "maxLength": 63},
    },
    "annotations": {
        "type": "object",
        "propertyNames": {"pattern": KEY, "maxLength": 317},
        "additionalProperties": {"type": "string"},
    },
    "pullSecret": {
        "type": ["object", "string"],
        "pattern": rf"^{NAME}(\.{NAME})*$",
        "properties": {"name": {"type": "string", "pattern": rf"^{NAME}(\.{NAME})*$"}},
        "required": ["name"],
        "additionalProperties": False,
    },
    "ingressPath": {
        "type": "object",
        "properties": {
            "path": {"type": "string", "pattern": "^/"},
            "pathType": {"enum": ["Exact", "Prefix", "ImplementationSpecific"]},
        },
        "required": ["path", "pathType"],
        "additionalProperties": False,
    },
    "parentRef": {
        "type": "object",
        "properties": {
            "group": {"$ref": "#/$defs/name"},
            "kind": {"type": "string", "pattern": "^[A-Za-z][-A-Za-z0-9]*$", "maxLength": 63},
            "namespace": {"$ref": "#/$defs/label"},
            "name": {"type": "string", "pattern": rf"^{NAME}(\.{NAME})*$", "maxLength": 253},
            "sectionName": {"type": "string", "pattern": rf"^{NAME}(\.{NAME})*$", "maxLength": 253},
            "port": {"$ref": "#/$defs/port"},
        },
        "required": ["name"],
        "additionalProperties": False,
    },
    "remoteUrl": {
        "type": "string",
        "pattern": r"^https?://[A-Za-z0-9][-A-Za-z0-9.]*(:[0-9]{1,5})?(/[-A-Za-z0-9._~/]*)?$",
    },
    **ROUTES,
    "fixedHost": {"type": "string", "pattern": rf"^{NAME}(\.{NAME})*$", "maxLength": 253},
    "relabeling": closed_object(
        sourceLabels={"type": "array", "items": {"$ref": "#/$defs/metricLabel"}},
        separator={"type": "string"},
        targetLabel={"type": "string"},
        regex={"type": "string"},
        modulus={"type": "integer", "minimum": 0},
        replacement={"type": "string"},
        action={"enum": RELABEL_ACTIONS},
    ),
    "metricLabel": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
    "scrapeTls": closed_object(
        ca={"$ref": "#/$defs/secretOrConfigMap"},
        cert={"$ref": "#/$defs/secretOrConfigMap"},
        keySecret={"$ref": "#/$defs/keyOf"},
        serverName={"type": "string"},
        insecureSkipVerify={"type": "boolean"},
    ),
    "secretOrConfigMap": closed_object(secret={"$ref": "#/$defs/keyOf"}, configMap={"$ref": "#/$defs/keyOf"}),
    "keyOf": closed_object("name", "key", name={"$ref": "#/$defs/name"}, key={"$ref": "#/$defs/dataKey"}),
    "alertTuning": {
        "type": "object",
        "properties": {
            "severity": {"enum": ["critical", "high", "medium", "low", "none"]},
            "for": {"$ref": "#/$defs/alertTime"},
            "keep_firing_for": {"$ref": "#/$defs/alertTime"},
            "labels": {
                "type": "object",
                "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
                "additionalProperties": {"type": "string"},
            },
        },
        "additionalProperties": False,
    },
    "alertTime": {"type": "string", "pattern": "^([0-9]+(s|m|h))+$"},
    "registry": {"type": "string", "pattern": r"^([a-z0-9][-a-z0-9.]*(:[0-9]+)?(/[-a-z0-9._/]*)?)?$"},
    "repository": {"type": "string", "pattern": r"^[a-z0-9]+([-._/]+[a-z0-9]+)*$"},
    "tag": {"type": "string", "pattern": r"^([A-Za-z0-9_][-A-Za-z0-9_.]{0,127})?$"},
}


CORE = "io.k8s.api.core.v1."
PARTS = {
    "podFields": (
        f"{CORE}PodSpec",
        (
            "automountServiceAccountToken dnsConfig dnsPolicy hostAliases imagePullSecrets priorityClassName"
            " runtimeClassName schedulerName securityContext shareProcessNamespace"
            " terminationGracePeriodSeconds"
        ),
    ),
    "containerFields": (
        f"{CORE}Container",
        "lifecycle livenessProbe readinessProbe securityContext startupProbe",
    ),
    "serviceFields": (
        f"{CORE}ServiceSpec",
        (
            "allocateLoadBalancerNodePorts externalIPs externalTrafficPolicy healthCheckNodePort"
            " internalTrafficPolicy loadBalancerClass loadBalancerIP loadBalancerSourceRanges sessionAffinity"
            " sessionAffinityConfig trafficDistribution"
        ),
    ),
}
"""Objects of Kubernetes of which a value sets some fields; the others are the chart's."""


def definitions(schema: Any) -> dict[str, Any]:
    """Return every definition that a schema refers to, and those that these refer to, by name.

    Raises KeyError for one that nobody knows.
    """
    kubernetes = _kubernetes()
    known = OWN | _policy() | kubernetes | {name: _some(kubernetes, *some) for name, some in PARTS.items()}
    found: dict[str, Any] = {}
    wanted = REFERENCE.findall(json.dumps(schema))
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = known[name]
            wanted += REFERENCE.findall(json.dumps(found[name]))
    return dict(sorted(found.items()))


def _policy() -> dict[str, Any]:
    """Return the definitions of the automation's policy, which a value of the chart may hold."""
    whole = json.loads(POLICY.read_text(encoding="utf-8"))
    parts: dict[str, Any] = whole.pop("$defs")
    del whole["$schema"]
    parts["Mode"]["enum"].append(False)  # Helm reads a bare `off` so
    del parts["Mode"]["type"]
    return {**parts, "Policy": whole}


def _kubernetes() -> dict[str, Any]:
    """Return the definitions of Kubernetes' API by kind, in their newest version, without words."""
    package = importlib.util.find_spec("kubernetes_validate")
    (folder,) = package.submodule_search_locations or [] if package else []
    file = Path(folder) / "kubernetes-json-schema" / f"{KUBERNETES}-local-strict" / "_definitions.json"
    parts: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["$defs"]
    return {name: _plain(part) for name, part in parts.items()}


def _some(parts: dict[str, Any], kind: str, fields: str) -> dict[str, Any]:
    known = parts[kind]["properties"]
    return {
        "type": "object",
        "properties": {field: known[field] for field in fields.split()},
        "additionalProperties": False,
    }


def _plain(part: Any) -> Any:
    """Return a part without words; null may take the place of a field, and not of a whole object or list."""
    if isinstance(part, list):
        return [_plain(item) for item in part]
    if not isinstance(part, dict):
        return part
    if part.get("type") in (["object", "null"], ["array", "null"]):
        part = {**part, "type": part["type"][0]}
    return {
        key: _plain(value)
        for key, value in part.items()
        if not key.startswith("x-kubernetes-") and not (key == "description" and isinstance(value, str))
    }
