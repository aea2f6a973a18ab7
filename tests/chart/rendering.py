"""How the chart's tests render it: once per values file and process."""

import functools
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "oims"
VALUES_FILES = sorted(path.name.removesuffix("-values.yaml") for path in CHART.glob("ci/*-values.yaml"))
WITH_ALERTMANAGER = [values for values in VALUES_FILES if values not in {"operator", "external-alertmanager"}]
KUBE_VERSION = "1.37.0"
NAMESPACE = "incident-mgmt"
CRDS = ("monitoring.coreos.com/v1", "gateway.networking.k8s.io/v1", "cert-manager.io/v1")


class StrictLoader(yaml.CSafeLoader):
    """YAML that refuses a key that is there twice, as Kubernetes' strict decoding does."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"key twice: {twice}", node.start_mark)
        return super().construct_mapping(node, deep=deep)


@dataclass(frozen=True)
class Failed:
    """What Helm said when it refused."""

    message: str


def tool(name: str) -> str:
    """Return the path of a program that `make tools` puts into .tools/bin."""
    found = shutil.which(name, path=f"{ROOT / '.tools/bin'}{os.pathsep}{os.environ['PATH']}")
    assert found, f"{name} is missing: run `make tools`"
    return found


def run_tool(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program that `make tools` puts into .tools/bin."""
    command = [tool(name), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def run_helm(
    *arguments: str, helm: str = "helm", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Helm without any configuration of the user's."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HELM_", "KUBE"))}
    return subprocess.run(
        [tool(helm), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=clean | (env or {}),
    )


def text_of(
    *values: str,
    sets: tuple[str, ...] = (),
    release: str = "oims",
    namespace: str = NAMESPACE,
    crds: bool = True,
    helm: str = "helm",
    chart: Path = CHART,
) -> str | Failed:
    """Render the chart with the named ci values files (or paths) and further ``--set`` values."""
    files = [path if path.endswith(".yaml") else str(CHART / "ci" / f"{path}-values.yaml") for path in values]
    options = [part for file in files for part in ("--values", file)]
    options += [part for value in sets for part in ("--set", value)]
    options += [part for group in CRDS for part in ("--api-versions", group) if crds]
    done = run_helm(
        "template",
        release,
        str(chart),
        "--namespace",
        namespace,
        "--kube-version",
        KUBE_VERSION,
        *options,
        helm=helm,
    )
    return done.stdout if done.returncode == 0 else Failed(done.stderr)


@functools.cache
def text(*values: str, **options: Any) -> str:
    """Render, once for the same question."""
    result = text_of(*values, **options)
    assert isinstance(result, str), result.message
    return result


def refusal(*values: str, **options: Any) -> str:
    """Return what Helm says to values it must refuse."""
    result = text_of(*values, **options)
    assert isinstance(result, Failed), "these values were not refused"
    return result.message


@functools.cache
def documents(*values: str, **options: Any) -> tuple[dict[str, Any], ...]:
    """Return the rendered objects."""
    return tuple(item for item in yaml.load_all(text(*values, **options), StrictLoader) if item)


def of_kind(objects: tuple[dict[str, Any], ...], *kinds: str) -> list[dict[str, Any]]:
    """Return the objects of these kinds."""
    return [item for item in objects if item["kind"] in kinds]


def named(objects: tuple[dict[str, Any], ...], kind: str, name: str) -> dict[str, Any]:
    """Return one object."""
    (found,) = [item for item in of_kind(objects, kind) if item["metadata"]["name"] == name]
    return found


def pod_of(item: dict[str, Any]) -> dict[str, Any] | None:
    """Return the pod (metadata and spec) that an object makes, if it makes one."""
    if item["kind"] == "Pod":
        return item
    if item["kind"] in {"Deployment", "StatefulSet", "Job", "DaemonSet"}:
        return item["spec"]["template"]
    if item["kind"] == "CronJob":
        return item["spec"]["jobTemplate"]["spec"]["template"]
    return None


def pods(objects: tuple[dict[str, Any], ...]) -> dict[str, dict[str, Any]]:
    """Return every pod of a render by kind and name of the object that makes it."""
    return {
        f"{item['kind']}/{item['metadata']['name']}": pod
        for item in objects
        if (pod := pod_of(item)) is not None
    }


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all containers of a pod, the ones that run first included."""
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]
