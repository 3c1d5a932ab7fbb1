"""The cluster files are what KubeRay, Ray's launcher and a shell accept, and they ask for a token everywhere."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import ray.autoscaler
import yaml

ROOT = Path(__file__).resolve().parents[3]
CLUSTER = ROOT / "search" / "cluster"
SCHEMAS = Path(__file__).parent / "schemas"
KUBERAY = [CLUSTER / "kuberay" / name for name in ("raycluster.yaml", "rayjob.yaml")]
LAUNCHER = sorted((CLUSTER / "launcher").glob("*.yaml"))


def strict(schema: Any) -> Any:
    """The schema with unknown fields refused, as `kubectl --validate=strict` does; `int-or-string` said plainly."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(part) for key, part in schema.items()}
    if schema.get("x-kubernetes-int-or-string"):
        made = {"type": ["integer", "string"]}
    open_ended = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object" and not open_ended:
        # What every Kubernetes object has stands in no custom resource's schema.
        made["additionalProperties"] = False
    return made


def schema_of(kind: str) -> Any:
    with gzip.open(SCHEMAS / f"{kind.lower()}s.json.gz", "rt") as file:
        found = strict(json.load(file))
    found["properties"]["metadata"] = {"type": "object"}
    return found


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text()))


def ray_documents() -> list[Any]:
    return [
        pytest.param(document, id=f"{path.stem}-{document['kind']}")
        for path in KUBERAY
        for document in documents(path)
        if document["apiVersion"].startswith("ray.io/")
    ]


def cluster_of(document: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = document["spec"]
    return spec if document["kind"] == "RayCluster" else spec["rayClusterSpec"]


@pytest.mark.parametrize("document", ray_documents())
def test_a_manifest_fits_the_schema_of_its_resource(document):
    jsonschema.Draft202012Validator(schema_of(document["kind"])).validate(document)


@pytest.mark.parametrize("document", ray_documents())
def test_the_schema_check_can_fail(document):
    cluster_of(document)["headGroupSpec"]["rayStartParam"] = {}
    with pytest.raises(jsonschema.ValidationError, match="rayStartParam"):
        jsonschema.Draft202012Validator(schema_of(document["kind"])).validate(document)


@pytest.mark.parametrize("document", ray_documents())
def test_a_cluster_on_kubernetes_asks_for_a_token_and_is_closed_to_other_pods(document):
    cluster = cluster_of(document)
    assert cluster["authOptions"] == {"mode": "token"}
    assert cluster["networkPolicy"]["mode"] == "DenyAllIngress"
    assert cluster["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"


@pytest.mark.parametrize("document", ray_documents())
def test_volumes_that_are_mounted_exist(document):
    cluster = cluster_of(document)
    for group in [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]:
        pod = group["template"]["spec"]
        volumes = {volume["name"] for volume in pod["volumes"]}
        containers = [*pod["containers"], *pod.get("initContainers", [])]
        assert {mount["name"] for container in containers for mount in container["volumeMounts"]} <= volumes


@pytest.mark.parametrize("path", LAUNCHER, ids=lambda path: path.stem)
def test_a_launcher_file_fits_the_schema_that_ray_ships(path):
    schema = json.loads((Path(ray.autoscaler.__file__).parent / "ray-schema.json").read_text())
    (document,) = documents(path)
    jsonschema.validate(document, schema)


@pytest.mark.parametrize("path", LAUNCHER, ids=lambda path: path.stem)
def test_every_ray_that_a_launcher_starts_asks_for_a_token_and_keeps_its_dashboard_to_itself(path):
    (document,) = documents(path)
    starts = [
        command
        for key in ("head_start_ray_commands", "worker_start_ray_commands")
        for command in document[key]
        if "ray start" in command
    ]
    assert len(starts) == 2
    assert all("RAY_AUTH_MODE=token" in command and "RAY_USAGE_STATS_ENABLED=0" in command for command in starts)
    assert all("--dashboard-host=127.0.0.1" in command for command in starts if "--head" in command)
    assert "~/.ray/auth_token" in document["file_mounts"]


def test_the_versions_of_ray_are_those_of_the_constraints():
    (pinned,) = re.findall(r"^ray==(.*)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    written = {cluster_of(parameter.values[0])["rayVersion"] for parameter in ray_documents()}
    texts = [path.read_text() for path in (*KUBERAY, CLUSTER / "Dockerfile")]
    images = {version for text in texts for version in re.findall(r"ray:(\d+\.\d+\.\d+)", text)}
    assert written | images == {pinned}
