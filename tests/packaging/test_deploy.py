"""What lies in deploy/ fits what it is for: systemd, Kubernetes, Prometheus, Grafana and our own metrics."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes.client
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from pydantic import ValidationError
from tests.packaging.conftest import BESIDE, ROOT, pip
from tests.unit.web.test_pages import EVERYTHING, metrics_of

from stagemail.model.usage import Usage
from stagemail.wiring.operator_reading import load_operator

DEPLOY = ROOT / "deploy"
UNITS = {
    "controller": DEPLOY / "systemd" / "stagemail-controller.service",
    "worker --listen 127.0.0.1:8091": DEPLOY / "systemd" / "stagemail-worker.service",
}
"""By what they run."""
WORKERS = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "stagemail-workers.yaml").read_text()))
KUBERNETES = [
    document for document in yaml.safe_load_all((DEPLOY / "kubernetes" / "stagemail.yaml").read_text()) if document
]
NAME = re.compile(r"\bstagemail_[a-z_]+")


def metric_names() -> set[str]:
    """Every series that the controller shows, the web process's own among them."""
    usage = Usage("configurations", 80, 1, 1, (("5xx", 1),))
    made = metrics_of(*EVERYTHING, usage=lambda: {"odc": (usage,)}, secrets=lambda: {"a": "2026-01-01T00:00:00+00:00"})
    made.notified("ops", True)
    series = {s.name for family in text_string_to_metric_families(made.text()) for s in family.samples}
    return {*series, "stagemail_webhook_requests_total"}


def expressions() -> Iterator[str]:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "stagemail-alerts.yaml").read_text())
    yield from (rule["expr"] for group in rules["groups"] for rule in group["rules"])
    for panel in json.loads((DEPLOY / "grafana" / "stagemail.json").read_text())["panels"]:
        yield from (target["expr"] for target in panel["targets"])


def test_every_metric_of_alerts_and_dashboard_exists_and_every_metric_is_shown_somewhere() -> None:
    named = {name for expression in expressions() for name in NAME.findall(expression)}
    there = metric_names()
    assert named - there == set()
    hidden = {name for name in there if not name.endswith(("_created", "_sum", "_count"))}
    assert hidden - named <= {"stagemail_run_seconds_bucket"}, "a metric that nobody looks at"


def test_every_metric_is_in_the_reference_and_no_other() -> None:
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `(stagemail_[a-z_]+)`", page, re.MULTILINE))
    assert listed == {re.sub("_(bucket|sum|count)$", "", n) for n in metric_names() if not n.endswith("_created")}


def test_every_alert_says_what_to_look_at() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "stagemail-alerts.yaml").read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in ("critical", "warning", "info")
            assert rule["annotations"]["summary"]
            assert rule["annotations"]["description"]
            assert rule["expr"].count("(") == rule["expr"].count(")")


def test_prometheus_takes_the_alerts() -> None:
    is_there("promtool")
    rules = DEPLOY / "prometheus" / "stagemail-alerts.yaml"
    subprocess.run(["promtool", "check", "rules", str(rules)], check=True, capture_output=True)


def test_the_dashboard_s_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    ids = []
    for panel in json.loads((DEPLOY / "grafana" / "stagemail.json").read_text())["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not taken & cells
        assert at["x"] + at["w"] <= 24
        taken |= cells
        ids.append(panel["id"])
    assert len(ids) == len(set(ids))


def is_there(program: str) -> None:
    """Skip where it is not installed; on CI that is a failure."""
    if shutil.which(program) is None:
        if os.environ.get("STAGEMAIL_TESTS_STRICT"):
            pytest.fail(f"{program} is not installed")
        pytest.skip(f"{program} is not installed")


def directives(unit: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


HARDENED = {
    "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
    "PrivateDevices": "yes", "ProtectKernelTunables": "yes", "ProtectKernelModules": "yes", "ProtectKernelLogs": "yes",
    "ProtectControlGroups": "yes", "RestrictNamespaces": "yes", "RestrictSUIDSGID": "yes", "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes", "CapabilityBoundingSet": "", "DynamicUser": "yes", "UMask": "0077",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX", "SystemCallArchitectures": "native",
}  # fmt: skip


@pytest.mark.parametrize("runs", UNITS)
def test_the_unit_is_hardened_and_stops_in_time(runs: str) -> None:
    found = directives(UNITS[runs])
    assert {name: found.get(name, ["missing"])[0] for name in HARDENED} == HARDENED
    assert int(found["TimeoutStopSec"][0].removesuffix("s")) > 10
    assert found["ExecStart"] == [
        f"/usr/local/lib/stagemail/bin/stagemail --config /etc/stagemail/stagemail.yaml {runs}"
    ]


def test_credentials_lie_at_the_same_place_for_every_unit() -> None:
    """All hosts have the same operator file."""
    found = {directives(unit)["BindReadOnlyPaths"][0].removeprefix("-").partition(":")[2] for unit in UNITS.values()}
    assert found == {"/run/stagemail-credentials"}
    page = (ROOT / "docs" / "how-to" / "operate-the-controller.md").read_text(encoding="utf-8")
    assert "`{type: file, path: /run/stagemail-credentials}`" in page
    for unit in UNITS.values():
        own = f"-/run/credentials/{unit.name}:/run/stagemail-credentials"
        assert directives(unit)["BindReadOnlyPaths"] == [own]


@pytest.mark.parametrize("runs", UNITS)
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path, runs: str) -> None:
    is_there("systemd-analyze")
    unit = tmp_path / UNITS[runs].name
    unit.write_text(UNITS[runs].read_text().replace("/usr/local/lib/stagemail/bin/stagemail", "/bin/true"))
    verified = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=15", str(unit)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert rated.returncode == 0, rated.stdout


def faults(document: dict[str, Any]) -> list[str]:
    """What does not fit Kubernetes' API, by the models of its official client, which take no unknown field."""
    try:
        getattr(kubernetes.client, MODELS[document["kind"]]).model_validate(document)
    except ValidationError as error:
        return [".".join(map(str, fault["loc"])) for fault in error.errors()]
    return []


MODELS = {
    "Namespace": "V1Namespace", "ServiceAccount": "V1ServiceAccount", "ConfigMap": "V1ConfigMap", "Secret": "V1Secret",
    "PersistentVolumeClaim": "V1PersistentVolumeClaim", "Deployment": "V1Deployment", "Service": "V1Service",
    "NetworkPolicy": "V1NetworkPolicy", "Ingress": "V1Ingress",
}  # fmt: skip


@pytest.mark.parametrize("document", [*KUBERNETES, *WORKERS], ids=lambda d: d["kind"])
def test_the_manifests_fit_kubernetes(document: dict[str, Any]) -> None:
    assert faults(document) == []


def test_a_manifest_that_does_not_fit_is_caught() -> None:
    wrong = {"kind": "Service", "spec": {"ports": [{"port": "8090", "nmae": "http"}]}}
    assert faults(wrong) == ["spec.ports.0.port", "spec.ports.0.nmae"]


def by_kind(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(document for document in KUBERNETES if document["kind"] == kind)
    return found


@pytest.mark.parametrize("deployment", [by_kind("Deployment"), *WORKERS], ids=lambda d: d["metadata"]["name"])
def test_the_pod_is_as_restricted_as_kubernetes_knows(deployment: dict[str, Any]) -> None:
    pod = deployment["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert pod["automountServiceAccountToken"] is False
    assert pod["terminationGracePeriodSeconds"] > 10
    mounts = {mount["name"] for mount in container["volumeMounts"]}
    assert mounts == {volume["name"] for volume in pod["volumes"]}
    assert by_kind("Deployment")["spec"]["strategy"] == {"type": "Recreate"}


def test_the_operator_file_of_the_manifests_is_valid(tmp_path: Path) -> None:
    (tmp_path / "stagemail.yaml").write_text(by_kind("ConfigMap")["data"]["stagemail.yaml"])
    operator = load_operator(tmp_path / "stagemail.yaml")
    assert operator.web is not None
    keys = {hook.secret.secret_ref.key for hook in operator.web.hooks.values()}
    assert keys <= set(by_kind("Secret")["stringData"])


def test_the_container_is_not_root_and_knows_every_extra() -> None:
    text = (DEPLOY / "container" / "Containerfile").read_text()
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    assert "'.[controller,postgresql,stores]'" in text


def test_what_the_container_file_copies_is_all_that_the_build_needs(tmp_path: Path) -> None:
    text = (DEPLOY / "container" / "Containerfile").read_text()
    copied, built = tmp_path / "copied", tmp_path / "built"
    copied.mkdir()
    for *sources, into in (line.split() for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)):
        for source in sources:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, copied / into, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, copied / into)
    pip("wheel", *BESIDE, "--wheel-dir", str(built), str(copied))
    assert len(list(built.glob("stagemail-*.whl"))) == 1
