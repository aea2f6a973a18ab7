"""JSON schemas for kubeconform, made from what is installed and pinned."""

import importlib.metadata
import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import yaml

from tests.chart.rendering import ROOT, tool

VERSIONS = ("1.33.0", "1.34.0", "1.35.0", "1.36.0", "1.37.0")
CACHE = ROOT / ".cache" / "chart-schemas"
CRD_MODULES = ROOT / "tools" / "crds"
OPERATOR = "github.com/prometheus-operator/prometheus-operator"
OPERATOR_CRDS = "example/prometheus-operator-crd/monitoring.coreos.com"
CRD_FILES = (
    (OPERATOR, f"{OPERATOR_CRDS}_servicemonitors.yaml"),
    (OPERATOR, f"{OPERATOR_CRDS}_prometheusrules.yaml"),
    ("sigs.k8s.io/gateway-api", "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"),
)


def folder() -> Path:
    """Return the folder of the schemas; made once per version of their sources."""
    pins = (CRD_MODULES / "go.mod").stat().st_mtime_ns
    target = CACHE / f"{importlib.metadata.version('kubernetes-validate')}-{pins}"
    if not target.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=CACHE))
        _core(made)
        _custom(made)
        try:
            made.rename(target)
        except OSError:  # another test process was faster
            shutil.rmtree(made)
    return target


def validate(version: str, *files: Path, skip: str = "") -> dict[str, Any]:
    """Return what kubeconform says about files of objects; `skip` names kinds that it leaves out."""
    schemas = folder()
    core = "{{.NormalizedKubernetesVersion}}-standalone{{.StrictSuffix}}"
    file = "{{.ResourceKind}}{{.KindSuffix}}.json"
    done = subprocess.run(
        [
            tool("kubeconform"),
            "-strict",
            "-n=1",  # several at once would each read the same schemas: three times the work
            "-summary",
            "-output=json",
            f"-skip={skip}",
            f"-kubernetes-version={version}",
            f"-schema-location={schemas}/{core}/{file}",
            f"-schema-location={schemas}/crds/{file}",
            *map(str, files),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _core(target: Path) -> None:
    (package,) = importlib.util.find_spec("kubernetes_validate").submodule_search_locations
    for version in VERSIONS:
        destination = target / f"v{version}-standalone-strict"
        destination.mkdir()
        for file in (Path(package) / "kubernetes-json-schema" / f"v{version}-local-strict").glob("*.json"):
            # Identifiers and references are addresses of a server; kubeconform reads files.
            schema = json.loads(file.read_text().replace('"/api/_definitions.json#', '"_definitions.json#'))
            schema.pop("$id", None)
            (destination / file.name).write_text(json.dumps(schema))


def _custom(target: Path) -> None:
    destination = target / "crds"
    destination.mkdir()
    modules = _modules()
    for module, path in CRD_FILES:
        crd = yaml.safe_load((modules[module] / path).read_text())["spec"]
        for version in crd["versions"]:
            name = f"{crd['names']['kind']}-{crd['group'].split('.')[0]}-{version['name']}.json".lower()
            schema = _closed(version["schema"]["openAPIV3Schema"])
            (destination / name).write_text(json.dumps(schema))


def _modules() -> dict[str, Path]:
    go = shutil.which("go", path=f"{os.environ['PATH']}{os.pathsep}{ROOT / '.tools/go/bin'}")
    assert go, "Go is missing, which fetches the CRDs that tools/crds/go.mod pins: run `make tools`"
    done = subprocess.run(
        [go, "mod", "download", "-json"], cwd=CRD_MODULES, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    decoder, text, found = json.JSONDecoder(), done.stdout.strip(), {}
    while text:
        item, end = decoder.raw_decode(text)
        found[item["Path"]] = Path(item["Dir"])
        text = text[end:].lstrip()
    return found


def _closed(schema: Any) -> Any:
    """Refuse unknown fields, and spell out Kubernetes' own extensions."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        closed.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        closed.pop("type", None)
        closed["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    return closed
